import { DEPTH_STANDARD } from '../bundle/limits.ts'
import { sealCheckpoint } from '../checkpoint/seal.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { Machine, type MachineOptions } from '../engine/machine.ts'
import { Dispatch } from '../host/dispatch.ts'
import { CACHE_BYTES_DEFAULT } from '../host/transfer-limits.ts'
import { Vault } from '../host/vault.ts'
import { openMemoryStore } from '../platform/memory/store.ts'
import { nodeDeflate } from '../platform/node/deflate.ts'
import { loadEngine } from '../platform/node/engine-files.ts'
import { lendNativeHash } from '../platform/node/native-hash.ts'
import type { Row } from './row.ts'
import { TRAVELLER } from './traveller.ts'

/**
 * What packing gives: the traveller's checkpoint as a host gets it that has nothing, and a later one as a host gets it
 * that has the first. Bytes of the pack against bytes of the pages it brings, and the best of a few times to make it.
 */
const RUNS = 20
const AGENT = 'traveller' as AgentId
const OPTIONS: MachineOptions = {
  seed: 1,
  startMs: 0,
  memoryBytesMax: 64 * 1_048_576,
  depth: DEPTH_STANDARD,
  fuelMax: 10n ** 14n,
  kernels: new Map(),
}

export async function benchPacks(): Promise<Row[]> {
  lendNativeHash()
  const machine = Machine.start(
    await loadEngine(),
    TRAVELLER.code,
    JSON.stringify({ hosts: ['a', 'b'], hops: 4, stayMs: 0 }),
    OPTIONS,
  )
  /** To the program's next `move`, which is answered. */
  const nextMove = () => {
    while (machine.run(1_000_000_000n).kind === 'slice');
    const sealed = sealCheckpoint(machine.freeze())
    for (const { request } of machine.takeCalls())
      machine.deliver({ request, outcome: { ok: true, valueJson: 'true' } })
    return sealed
  }
  nextMove()
  const [first, second] = [nextMove(), nextMove()]
  const vault = await Vault.open(await openMemoryStore(), CACHE_BYTES_DEFAULT)
  for (const { root, blocks } of [first, second]) await vault.keepCheckpoint(AGENT, root, blocks)
  const dispatch = new Dispatch(vault, nodeDeflate)
  const pack = async (base: typeof first.root | null): Promise<{ bytes: number; ms: number }> => {
    let best = { bytes: 0, ms: Number.POSITIVE_INFINITY }
    for (let run = 0; run < RUNS; run++) {
      const fromMs = performance.now()
      const pushed = await dispatch.push(AGENT, second.root, base)
      const ms = performance.now() - fromMs
      if (ms < best.ms) best = { bytes: pushed?.pack.bytes.length ?? 0, ms }
    }
    return best
  }
  const sum = (blocks: Iterable<Uint8Array>): number => [...blocks].reduce((bytes, { length }) => bytes + length, 0)
  const [whole, back] = [await pack(null), await pack(first.root)]
  const changed = sum([...second.blocks].filter(([cid]) => !first.blocks.has(cid)).map(([, bytes]) => bytes))
  return [
    { name: 'pack.whole.bytes', value: whole.bytes, unit: 'B' },
    { name: 'pack.whole.share', value: whole.bytes / sum(second.blocks.values()), unit: '× its pages' },
    { name: 'pack.whole.ms', value: whole.ms, unit: 'ms' },
    { name: 'pack.back.bytes', value: back.bytes, unit: 'B' },
    { name: 'pack.back.share', value: back.bytes / changed, unit: '× its pages' },
    { name: 'pack.back.ms', value: back.ms, unit: 'ms' },
  ]
}
