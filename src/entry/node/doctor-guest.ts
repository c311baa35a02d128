import { DEPTH_STANDARD } from '../../bundle/limits.ts'
import { openCheckpoint } from '../../checkpoint/open.ts'
import { sealCheckpoint } from '../../checkpoint/seal.ts'
import type { MachineImage } from '../../engine/image.ts'
import { loadEngineFiles } from '../../platform/node/engine-files.ts'
import { createNodeSandbox } from '../../platform/node/sandbox.ts'
import type { GuestEvent, GuestOrder, Sandbox } from '../../sandbox/port.ts'
import { MIB } from './arguments.ts'

/** One tiny agent, frozen in the middle of its loop, sealed, opened and thawed in a fresh worker thread. */
const STEPS = 20_000
const CODE = `let sum = 0; for (let i = 0; i < ${STEPS}; i++) sum = (sum * 31 + i) % 1000003; console.log(sum)`

/** Well inside the loop: a step burns some tens. */
const FREEZE_AT_FUEL = 300_000

const ORDER: Omit<GuestOrder, 'engineId'> = {
  label: 'doctor',
  code: CODE,
  kernels: new Map(),
  inputJson: 'null',
  seed: 1,
  startMs: 0,
  fuelMax: 1e9,
  memoryBytesMax: 64 * MIB,
  depth: DEPTH_STANDARD,
  sentBytesMax: MIB,
  image: null,
  pace: 'virtual',
}

/** Says how it went; throws where it did not. */
export async function freezeAndThaw(): Promise<string> {
  const { manifest, modules } = await loadEngineFiles()
  const sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]), spares: 0 })
  try {
    const first = await run(sandbox, { ...ORDER, engineId: manifest.id, freezeAtFuel: FREEZE_AT_FUEL })
    if (first.image === null) throw new Error('the agent ended before it could be frozen')
    const { root, blocks } = sealCheckpoint(first.image)
    const image = await openCheckpoint(root, async (cid) => blocks.get(cid) ?? null)
    if (!image.ok) throw new Error(`its checkpoint is refused: ${image.reason}`)
    const second = await run(sandbox, { ...ORDER, engineId: manifest.id, image: image.value })
    const [expected, said] = [String(expectedSum()), [...first.said, ...second.said].join()]
    if (said !== expected) throw new Error(`the agent said "${said}" instead of "${expected}"`)
    const bytes = [...blocks.values()].reduce((sum, block) => sum + block.length, 0)
    return `frozen in the middle of a loop, thawed in another thread from ${Math.round(bytes / 1024)} KiB`
  } finally {
    sandbox.close()
  }
}

interface Ran {
  readonly said: readonly string[]
  /** Null when it has ended. */
  readonly image: MachineImage | null
}

function run(sandbox: Sandbox, order: GuestOrder): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    const onEvent = (event: GuestEvent): void => {
      switch (event.kind) {
        case 'ready':
          return guest.run()
        case 'console':
          return void said.push(event.text)
        case 'frozen':
          guest.terminate()
          return resolve({ said, image: event.image })
        case 'finished':
          return resolve({ said, image: null })
        case 'failed':
          return reject(new Error(`${event.code}: ${event.reason}`))
      }
    }
    const guest = sandbox.spawn(order, onEvent)
  })
}

function expectedSum(): number {
  let sum = 0
  for (let i = 0; i < STEPS; i++) sum = (sum * 31 + i) % 1000003
  return sum
}
