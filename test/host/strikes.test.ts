import { describe, expect, it } from 'vitest'
import { STRIKES_MAX } from '../../src/host/limits.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { Sandbox } from '../../src/sandbox/port.ts'
import { CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster } from './cluster.ts'

/** Guests that are ended for silence so long after they were made, the first so many of them. */
function silencing(world: Cluster, afterMs: number, count: number): { sandbox: Sandbox; silenced: number } {
  const inner = new CheapSandbox(world.time)
  const seen = {
    silenced: 0,
    sandbox: {
      spawn(order, onEvent) {
        const guest = inner.spawn(order, onEvent)
        if (seen.silenced >= count) return guest
        seen.silenced += 1
        world.time.after(afterMs, () => {
          guest.terminate()
          const fuelUsed = Number(order.image?.fuelUsed ?? 0n)
          onEvent({ kind: 'failed', code: 'UNRESPONSIVE', reason: 'no answer', fuelUsed })
        })
        return guest
      },
    } as Sandbox,
  }
  return seen
}

const program = { steps: 9_000, emitEvery: 500 }

describe('an agent whose guest was ended because it fell silent', () => {
  it.each([
    ['before its first checkpoint', 700],
    ['between two checkpoints', 5_300],
  ])('%s goes on at its host, and comes to what it comes to anyway', async (_, afterMs) => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    const silent = silencing(world, afterMs, 1)
    const { logs } = await world.start(2, { sandbox: silent.sandbox })
    await world.time.advance(5_000)
    const agent = await world.launch(home, program)
    const ended = await world.ended(home, agent, 60_000)
    expect(silent.silenced).toBe(1)
    expect(ended, logs.join('\n')).toEqual({ ok: true, value: cheapTruth(program) })
    const lines = home.story(agent, 0)?.lines ?? []
    expect(lines.filter(({ kind }) => kind === 'recover')).toEqual([])
    expect(lines.flatMap(({ kind, valueJson }) => (kind === 'emit' ? [JSON.parse(valueJson).done] : []))).toEqual(
      Array.from({ length: 18 }, (_, i) => (i + 1) * 500),
    )
  })

  it('has failed when it falls silent again and again and comes to no checkpoint between', async () => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    const silent = silencing(world, 700, Number.POSITIVE_INFINITY)
    await world.start(2, { sandbox: silent.sandbox })
    await world.time.advance(5_000)
    const agent = await world.launch(home, program)
    expect(await world.ended(home, agent, 60_000)).toMatchObject({ ok: false, value: { code: 'UNRESPONSIVE' } })
    expect(silent.silenced).toBe(STRIKES_MAX + 1)
  })
})

it('takes no agent back for the silence of a home that heard nothing itself', async () => {
  const world = new Cluster()
  const disk = new MemoryDisk()
  const inner = await disk.open()
  let stuck: Promise<void> | null = null
  const store = {
    ...inner,
    async commit(writes: Parameters<typeof inner.commit>[0]) {
      await stuck
      await inner.commit(writes)
    },
  }
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, store })
  await world.start(2)
  await world.time.advance(5_000)
  const long = { steps: 30_000, emitEvery: 500 }
  const agent = await world.launch(home, long)
  await world.time.runUntil(() => world.holders(agent).includes(2), 10_000)
  await world.time.advance(3_000)
  stuck = new Promise((resolve) => world.time.after(8_000, resolve))
  await world.time.advance(9_000)
  stuck = null
  expect(await world.ended(home, agent, 60_000)).toEqual({ ok: true, value: cheapTruth(long) })
  expect((home.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === 'recover')).toEqual([])
})
