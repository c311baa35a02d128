import { expect, it, vi } from 'vitest'
import { FETCH_LANES, FETCH_NAMES } from '../../src/host/transfer-limits.ts'
import { nodeDeflate } from '../../src/platform/node/deflate.ts'
import { lendNativeHash } from '../../src/platform/node/native-hash.ts'
import { nodeClock, nodeTimers } from '../../src/platform/node/time.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import { agentNumber, bytesOf, type End, noise, openEnd } from '../host/transfer-ends.ts'
import { quiet } from '../rendezvous/quiet.ts'

// Real connections on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const WINDOW_BYTES = FETCH_LANES * FETCH_NAMES * 4_200

async function nodeEnds(run: (from: End, to: End) => Promise<void>): Promise<void> {
  lendNativeHash()
  const rendezvous = await serve({ log: quiet })
  const powers = { clock: nodeClock, timers: nodeTimers, deflate: nodeDeflate }
  const end = (seed: number): Promise<End> =>
    openEnd(
      seed,
      (signer) => goOnlineFromNode({ rendezvous: rendezvous.url, signer, bindAddress: '127.0.0.1' }),
      powers,
    )
  const ends = [await end(7_001), await end(7_002)] as const
  try {
    await run(...ends)
  } finally {
    for (const { line } of ends) await line.close()
    await rendezvous.close()
  }
}

it('goes on over a new connection when the one it had is cut in the middle of 16 MB', () =>
  nodeEnds(async (from, to) => {
    const large = noise(1, 4_000)
    await from.vault.keepCheckpoint(agentNumber(1), large.root, large.blocks)
    const fetching = to.transfers.fetchCheckpoint(agentNumber(1), large.root, from.did, 1e9)
    while (from.line.bytes < bytesOf(large) / 2) await new Promise((resolve) => setTimeout(resolve, 1))
    from.line.cut()
    expect(await fetching).toMatchObject({ ok: true })
    const twice = from.line.bytes - bytesOf(large)
    // What was under way, and what the channel had been given and did not deliver.
    expect(twice).toBeLessThan(1.1 * WINDOW_BYTES)
  }))

it('lets a small agent pass a large one', () =>
  nodeEnds(async (from, to) => {
    const [large, small] = [noise(1, 8_000), noise(2, 100)]
    const done: string[] = []
    const fetch = async (name: string, number: number, { root, blocks }: typeof large): Promise<void> => {
      await from.vault.keepCheckpoint(agentNumber(number), root, blocks)
      expect(await to.transfers.fetchCheckpoint(agentNumber(number), root, from.did, 1e9)).toMatchObject({ ok: true })
      done.push(name)
    }
    const first = fetch('large', 1, large)
    while (from.line.bytes < bytesOf(large) / 8) await new Promise((resolve) => setTimeout(resolve, 1))
    const sentBefore = from.line.bytes
    await fetch('small', 2, small)
    const between = from.line.bytes - sentBefore - bytesOf(small)
    await first
    expect(done).toEqual(['small', 'large'])
    // It waited for what was on its way, and then took turns: far less than the rest of the large one.
    expect(between).toBeLessThan(bytesOf(large) / 2)
  }))
