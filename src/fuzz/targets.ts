import type { EngineBuild } from '../engine/machine.ts'
import { compileKernel } from '../platform/node/bundle-kernel.ts'
import type { Target } from './target.ts'
import {
  bundlesTarget,
  cborTarget,
  logsTarget,
  packsTarget,
  permitsTarget,
  piecesTarget,
  sealedTarget,
} from './targets/formats.ts'
import { checkpointsTarget, guestsTarget, imagesTarget, kernelsTarget } from './targets/guests.ts'
import { hostTarget } from './targets/host.ts'
import { framesTarget, handshakesTarget, messagesTarget, signalsTarget } from './targets/wire.ts'
import { recordTraffic } from './traffic.ts'

/** Everything that a stranger's bytes reach, from the outside in. */
export async function makeTargets(build: EngineBuild): Promise<readonly Target[]> {
  const traffic = await recordTraffic()
  return [
    framesTarget(traffic),
    handshakesTarget(traffic),
    messagesTarget(traffic),
    signalsTarget(),
    cborTarget(),
    bundlesTarget(traffic),
    await permitsTarget(),
    await packsTarget(),
    sealedTarget(),
    logsTarget(),
    piecesTarget(),
    checkpointsTarget(build),
    imagesTarget(build),
    guestsTarget(build),
    kernelsTarget(await kernels()),
    hostTarget(traffic),
  ]
}

/** One with loops, memory, a table and a global; and one with hardly anything. */
const KERNELS = [
  `let total: i32 = 0
  const table = new StaticArray<i32>(64)
  function add(a: i32): i32 { return a + total }
  export function work(n: i32, f: f64): f64 {
    for (let i = 0; i < n; i++) { table[i & 63] = i * 7; total += add(table[(i * 3) & 63]) }
    let g: (a: i32) => i32 = add
    return f * Math.sqrt(<f64>g(n))
  }`,
  'export function one(): i32 { return 1 }',
]

const kernels = (): Promise<Uint8Array[]> =>
  Promise.all(KERNELS.map((source) => compileKernel('kernel.ts', (path) => (path === 'kernel.ts' ? source : null))))
