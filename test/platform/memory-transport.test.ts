import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { MemoryNetwork } from '../../src/platform/memory/transport.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { nodeClock, nodeTimers } from '../../src/platform/node/time.ts'
import type { Channel } from '../../src/wire/transport.ts'
import { transportContract } from '../contract/transport.ts'

transportContract('the memory network', async () => {
  const network = new MemoryNetwork({
    random: seededRandom(7),
    clock: nodeClock,
    timers: nodeTimers,
    latencyMs: { min: 0, max: 2 },
  })
  let joined = 0
  return { join: async () => network.join(`host${joined++}`), nobody: () => 'nobody', close: async () => {} }
})

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A and B on a network with virtual time, a channel between them, and what B has received. */
async function virtualPair(seed: number): Promise<{
  time: VirtualTime
  network: MemoryNetwork
  near: Channel
  far: Channel
  received: string[]
}> {
  const time = new VirtualTime(settle)
  const network = new MemoryNetwork({
    random: seededRandom(seed),
    clock: time,
    timers: time,
    latencyMs: { min: 1, max: 50 },
  })
  const [a, b] = [network.join('a'), network.join('b')]
  const received: string[] = []
  let far: Channel | null = null
  b.accept((channel) => {
    far = channel
    channel.receive((frame) => received.push(`${time.nowMs().toFixed(3)} ${frame[0]}`))
  })
  const dialled = a.dial('b')
  await time.advance(200)
  const near = await dialled
  if (far === null) throw new Error('nothing came in')
  return { time, network, near, far, received }
}

describe('the memory network in virtual time', () => {
  it('is the same run for the same seed, in order whatever the latency draws', async () => {
    const run = async (): Promise<string[]> => {
      const { time, near, received } = await virtualPair(3)
      for (let i = 0; i < 20; i++) await near.send(Uint8Array.of(i))
      await time.advance(500)
      return received
    }
    const first = await run()
    expect(first.map((line) => Number(line.split(' ')[1]))).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(await run()).toEqual(first)
  })

  it('holds frames while a link is cut and delivers them in order when it heals', async () => {
    const { time, network, near, received } = await virtualPair(4)
    await near.send(Uint8Array.of(1))
    network.cut('a', 'b')
    await near.send(Uint8Array.of(2))
    await time.advance(10_000)
    expect(received).toEqual([])
    await near.send(Uint8Array.of(3))
    network.heal('a', 'b')
    await near.send(Uint8Array.of(4))
    await time.advance(1_000)
    expect(received.map((line) => line.split(' ')[1])).toEqual(['1', '2', '3', '4'])
  })

  it('fails a dial over a cut link by the open timeout', async () => {
    const { time, network } = await virtualPair(5)
    const c = network.join('c')
    network.cut('b', 'c')
    const dialled = c.dial('b').catch((error: Error) => error.message)
    await time.advance(60_000)
    expect(await dialled).toContain('OPEN_MS_MAX')
  })

  it('ends the channels of a crashed host at the other ends', async () => {
    const { time, network, near } = await virtualPair(6)
    network.crash('b')
    await time.advance(100)
    expect((await near.closed).reason).toBe('host crashed')
  })
})
