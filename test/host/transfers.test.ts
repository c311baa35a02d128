import { beforeAll, describe, expect, it, vi } from 'vitest'
import { openCheckpoint } from '../../src/checkpoint/open.ts'
import type { SealedCheckpoint } from '../../src/checkpoint/seal.ts'
import {
  FETCH_LANES,
  FETCH_NAMES,
  PACE_GRACE_MS,
  PART_KEPT_MS,
  RESUME_MS_MAX,
  TRANSFER_MS_MAX,
  TRANSFERS_PER_NEIGHBOUR_MAX,
} from '../../src/host/transfer-limits.ts'
import { lendNativeHash } from '../../src/platform/node/native-hash.ts'
import { NAME_BYTES } from '../../src/wire/names.ts'
import { agentNumber, bytesOf, type End, memoryEnds, noise } from './transfer-ends.ts'

// Megabytes are packed and hashed in virtual time, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const QUOTA_BYTES = 1e9
/** What may be under way when a connection breaks. */
const WINDOW_BYTES = FETCH_LANES * FETCH_NAMES * 4_200
const large = noise(1, 2_560)
const small = noise(2, 100)

beforeAll(() => lendNativeHash())

async function keep(end: End, ...checkpoints: readonly SealedCheckpoint[]): Promise<void> {
  for (const [i, { root, blocks }] of checkpoints.entries())
    await end.vault.keepCheckpoint(agentNumber(i), root, blocks)
}

/** Begins to fetch; the end is there when it has come. */
function fetching(to: End, from: End, { root }: SealedCheckpoint, number = 0, bytesMax = QUOTA_BYTES) {
  const fetch: { outcome: Awaited<ReturnType<End['transfers']['fetchCheckpoint']>> | null } = { outcome: null }
  void to.transfers.fetchCheckpoint(agentNumber(number), root, from.did, bytesMax).then((outcome) => {
    fetch.outcome = outcome
  })
  return fetch
}

const namesAsked = ({ asked }: End): number => asked.reduce((sum, { names }) => sum + names.length / NAME_BYTES, 0)

describe('a transfer', () => {
  it('brings a checkpoint of many megabytes whole, each block asked for once', async () => {
    const { time, from, to } = await memoryEnds()
    await keep(from, large)
    const fetch = fetching(to, from, large)
    expect(await time.runUntil(() => fetch.outcome !== null, 60_000)).toBe(true)
    expect(fetch.outcome?.ok).toBe(true)
    expect(namesAsked(from)).toBe(large.blocks.size)
    expect((await openCheckpoint(large.root, to.vault.get)).ok).toBe(true)
  })

  it('goes on by itself when the connection breaks in the middle, and sends twice no more than was under way', async () => {
    const { time, from, to } = await memoryEnds()
    await keep(from, large)
    const fetch = fetching(to, from, large)
    await time.runUntil(() => from.line.bytes > bytesOf(large) / 2, 60_000)
    from.line.cut()
    expect(await time.runUntil(() => fetch.outcome !== null, 60_000)).toBe(true)
    expect(fetch.outcome?.ok).toBe(true)
    expect(from.line.bytes - bytesOf(large)).toBeLessThan(1.05 * WINDOW_BYTES)
    expect((namesAsked(from) - large.blocks.size) * 4_096).toBeLessThanOrEqual(WINDOW_BYTES)
  })

  it('gives up when the connection does not come back, and the next attempt brings only the rest', async () => {
    const { time, from, to } = await memoryEnds()
    await keep(from, large)
    const first = fetching(to, from, large)
    await time.runUntil(() => from.line.bytes > bytesOf(large) / 2, 60_000)
    const { dial } = to.line
    to.line.dial = () => Promise.reject(new Error('not reachable'))
    from.line.cut()
    const cutMs = time.nowMs()
    await time.runUntil(() => first.outcome !== null, 60_000)
    expect(first.outcome).toMatchObject({ ok: false, code: 'CLOSED' })
    expect(time.nowMs() - cutMs).toBeGreaterThan(RESUME_MS_MAX - 1)
    expect(time.nowMs() - cutMs).toBeLessThan(RESUME_MS_MAX + 2_000)

    to.line.dial = dial
    await time.advance(2_000)
    const sent = from.line.bytes
    const next = fetching(to, from, large)
    await time.runUntil(() => next.outcome !== null, 60_000)
    expect(next.outcome?.ok).toBe(true)
    expect(from.line.bytes - sent).toBeLessThan(bytesOf(large) / 2 + WINDOW_BYTES)
    expect(to.vault.cachedBytes).toBe(0)
  })

  it('lets go of what came when it has broken off and is not tried again', async () => {
    const { time, from, to } = await memoryEnds()
    await keep(from, large)
    const fetch = fetching(to, from, large)
    await time.runUntil(() => from.line.bytes > bytesOf(large) / 2, 60_000)
    to.line.dial = () => Promise.reject(new Error('not reachable'))
    from.line.cut()
    await time.runUntil(() => fetch.outcome !== null, 60_000)
    expect(to.vault.cachedBytes).toBeGreaterThan(0)
    await time.advance(PART_KEPT_MS - 1_000)
    to.transfers.letGoOfParts()
    await time.advance(1_001)
    expect(to.vault.cachedBytes).toBeGreaterThan(0)
    to.transfers.letGoOfParts()
    await time.advance(1)
    expect(to.vault.cachedBytes).toBe(0)
  })

  it('lets a small one through: beside a large one it takes about twice as long as alone', async () => {
    const { time, from, to } = await memoryEnds()
    await keep(from, large, small, noise(3, 100))
    const bytesPerSecond = 4e6
    const took = async (checkpoint: SealedCheckpoint, number: number): Promise<number> => {
      const startMs = time.nowMs()
      const fetch = fetching(to, from, checkpoint, number)
      expect(await time.runUntil(() => fetch.outcome !== null, 60_000)).toBe(true)
      expect(fetch.outcome?.ok).toBe(true)
      return time.nowMs() - startMs
    }
    const warm = fetching(to, from, noise(9, 1), 9)
    await time.runUntil(() => warm.outcome !== null, 60_000)
    from.line.bytesPerSecond = bytesPerSecond
    const aloneMs = await took(noise(3, 100), 2)
    const beside = fetching(to, from, large)
    await time.advance(1_000)
    const besideMs = await took(small, 1)
    expect(beside.outcome).toBeNull()
    await time.runUntil(() => beside.outcome !== null, 60_000)
    // One pack of the large one may be on its way, and one goes between each two of the small one's.
    const packMs = (FETCH_NAMES * 4_096 * 1_000) / bytesPerSecond
    expect(besideMs).toBeLessThan(2 * aloneMs + 3 * packMs)
    expect(besideMs).toBeLessThan((bytesOf(large) / bytesPerSecond) * 250)
  })

  it('of a host that sends a byte a second ends soon after the grace, with the reason', async () => {
    const { time, from, to } = await memoryEnds()
    await keep(from, small)
    const warm = fetching(to, from, noise(9, 1), 9)
    await time.runUntil(() => warm.outcome !== null, 60_000)
    from.line.bytesPerSecond = 1
    const startMs = time.nowMs()
    const slow = fetching(to, from, small)
    await time.runUntil(() => slow.outcome !== null, 120_000)
    expect(slow.outcome).toMatchObject({ ok: false, code: 'TIMEOUT', reason: expect.stringMatching(/too slow$/) })
    expect(time.nowMs() - startMs).toBeLessThan(PACE_GRACE_MS + 3_000)
  })

  it('at a slow but bearable pace is left alone, until it has taken as long as any may', async () => {
    const { time, from, to } = await memoryEnds()
    await keep(from, small, large)
    const warm = fetching(to, from, noise(9, 1), 9)
    await time.runUntil(() => warm.outcome !== null, 60_000)
    from.line.bytesPerSecond = 32 * 1024
    const bearable = fetching(to, from, small)
    await time.runUntil(() => bearable.outcome !== null, 120_000)
    expect(bearable.outcome?.ok).toBe(true)
    const endless = fetching(to, from, large, 1)
    await time.runUntil(() => endless.outcome !== null, 120_000)
    expect(endless.outcome).toMatchObject({
      code: 'TIMEOUT',
      reason: `transferMs > TRANSFER_MS_MAX ${TRANSFER_MS_MAX}`,
    })
  })

  it('of large checkpoints waits its turn behind two others of the same host; small ones do not', async () => {
    const { time, from, to } = await memoryEnds()
    const all = [11, 12, 13].map((seed) => noise(seed, 1_000))
    await keep(from, ...all, small)
    const warm = fetching(to, from, noise(9, 1), 9)
    await time.runUntil(() => warm.outcome !== null, 60_000)
    from.line.bytesPerSecond = 1e6
    const fetches = all.map((checkpoint, i) => fetching(to, from, checkpoint, i))
    await time.advance(1_500)
    const transfers = new Set(
      from.asked.filter(({ names }) => names.length > 40 * NAME_BYTES).map(({ transfer }) => transfer),
    )
    expect(transfers.size).toBe(TRANSFERS_PER_NEIGHBOUR_MAX)
    const fetch = fetching(to, from, small, 3)
    await time.runUntil(() => fetch.outcome !== null, 60_000)
    expect(fetches.map(({ outcome }) => outcome)).toEqual([null, null, null])
    await time.runUntil(() => fetches.every(({ outcome }) => outcome !== null), 60_000)
    expect(fetches.every(({ outcome }) => outcome?.ok)).toBe(true)
  })
})

describe('a sender that lies about how much it sends', () => {
  const said = async (checkpointBytes: number) => {
    const { time, from, to } = await memoryEnds()
    await keep(from, small)
    let outcome: Awaited<ReturnType<End['transfers']['fetchCheckpoint']>> | null = null
    const pushed = { base: null, pack: { byteLength: 1, deflated: false, bytes: Uint8Array.of(0) }, checkpointBytes }
    void to.transfers.fetchCheckpoint(agentNumber(0), small.root, from.did, 1e6, pushed).then((ended) => {
      outcome = ended
    })
    await time.runUntil(() => outcome !== null, 60_000)
    const ended = outcome as Awaited<ReturnType<End['transfers']['fetchCheckpoint']>> | null
    return ended?.ok ? 'accepted' : `${ended?.code}: ${ended?.reason}`
  }

  it('is stopped at what it said, and where it said more than the permit allows, before it begins', async () => {
    expect(await said(bytesOf(small))).toBe('accepted')
    expect(await said(bytesOf(small) - 1)).toBe(`QUOTA: bytes of the transfer > ${bytesOf(small) - 1}`)
    expect(await said(0)).toBe('QUOTA: bytes of the transfer > 0')
    expect(await said(1e6 + 1)).toBe('QUOTA: checkpointBytes 1000001 > 1000000')
    expect(await said(Number.MAX_SAFE_INTEGER)).toBe(`QUOTA: checkpointBytes ${Number.MAX_SAFE_INTEGER} > 1000000`)
  })
})
