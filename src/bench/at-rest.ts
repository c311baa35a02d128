import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNodeStore } from '../platform/node/store.ts'
import { nodeRandom } from '../platform/node/time.ts'
import type { Store, Write } from '../storage/port.ts'
import { percentile, type Row } from './row.ts'

/**
 * What it costs that a host seals what it keeps: the same commits into a store that does and one that does not, in turns,
 * in processor time of this process. A hop's are some records and the pages that changed; a large agent's a pack of 50 MB.
 */
const HOPS = 300
const HEAPS = 9
const PAGE_BYTES = 4096
const HEAP_PAGES = 12_800

export async function benchAtRest(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-bench-'))
  const stores = {
    open: await openNodeStore(join(folder, 'open')),
    sealed: await openNodeStore(join(folder, 'sealed'), { key: nodeRandom.bytes(32) }),
  }
  try {
    const hop = await inTurns(stores, HOPS, hopWrites)
    const heap = await inTurns(stores, HEAPS, heapWrites)
    return [
      { name: 'at-rest.hop', value: hop.sealed, unit: 'ms of CPU' },
      { name: 'at-rest.hop.more', value: hop.sealed - hop.open, unit: 'ms of CPU', ...within(hop, 3) },
      { name: 'at-rest.heap', value: heap.sealed, unit: 'ms of CPU' },
      { name: 'at-rest.heap.more', value: heap.sealed - heap.open, unit: 'ms of CPU', ...within(heap, 50) },
    ]
  } finally {
    await stores.open.close()
    await stores.sealed.close()
    await rm(folder, { recursive: true })
  }
}

interface Pair<T> {
  readonly open: T
  readonly sealed: T
}

/** A tenth of the 30 ms that a small hop may take, and of the 500 ms or so of a heap of 50 MB. */
const within = ({ open, sealed }: Pair<number>, ms: number) => ({ bar: `≤ ${ms}`, ok: sealed - open <= ms })

/** The median of each, in milliseconds. */
async function inTurns(stores: Pair<Store>, runs: number, writesOf: (run: number) => Write[]): Promise<Pair<number>> {
  const times = { open: [] as number[], sealed: [] as number[] }
  for (let run = 0; run < runs; run++)
    for (const kind of ['open', 'sealed'] as const) {
      const writes = writesOf(run)
      const before = process.cpuUsage()
      await stores[kind].commit(writes)
      const { user, system } = process.cpuUsage(before)
      times[kind].push((user + system) / 1_000)
      await stores[kind].commit(writes.map(({ key }) => ({ key, value: null })))
    }
  return { open: percentile(times.open, 0.5), sealed: percentile(times.sealed, 0.5) }
}

const hopWrites = (run: number): Write[] => [
  ...Array.from({ length: 6 }, (_, i) => ({ key: `resident/did:key:z6Mkhop.1.${i}`, value: nodeRandom.bytes(600) })),
  ...pages(`hop${run}`, 40),
]
const heapWrites = (run: number): Write[] => pages(`heap${run}`, HEAP_PAGES)

const HEAP = nodeRandom.bytes(HEAP_PAGES * PAGE_BYTES)

/** Blocks with names as long as theirs are. */
const pages = (name: string, count: number): Write[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `block/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck${name}${i}`,
    value: HEAP.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES),
  }))
