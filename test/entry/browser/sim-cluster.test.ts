import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildCluster } from '../../../src/entry/browser/sim-cluster.ts'
import type { SimRun } from '../../../src/entry/browser/sim-drive.ts'
import type { Deed } from '../../../src/entry/browser/sim-orders.ts'
import type { SimAgent, SimFrame, SimNews } from '../../../src/ui/sim/sim-view.ts'

/** The cluster of the page, without the page: deeds done to it by hand, and what can be seen of it. */
const SETUP = { seed: 4, hosts: 8, agents: 7, witnesses: 3 } as const
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

let run: SimRun
let frame: SimFrame
let news: SimNews[]

/** Lets time pass in such steps as the page does, and checks at each that nothing is amiss. */
async function pass(ms: number): Promise<void> {
  for (let done = 0; done < ms; done += 100) {
    await run.advance(100)
    frame = run.frame()
    news.push(...frame.news)
    expect(frame.violation).toBeNull()
    expect([frame.counts.lost, frame.counts.doubled]).toEqual([0, 0])
  }
}

const act = async (...deeds: Deed[]): Promise<void> => {
  for (const deed of deeds) await run.obey(deed)
  await pass(100)
}

const on = (host: number): readonly SimAgent[] =>
  frame.agents.filter((agent) => agent.host === host && agent.condition !== 'ended')

/** The host that holds most agents and is nobody's home. */
const busiest = (): number =>
  frame.hosts
    .map((host, at) => ({ at, n: host.kind === 'launcher' ? -1 : on(at).length }))
    .reduce((best, one) => (one.n > best.n ? one : best)).at

beforeEach(async () => {
  news = []
  run = await buildCluster(SETUP, settle)
  await pass(3_000)
})
afterEach(() => {
  expect(frame.counts.falsified).toBe(0)
})

describe('a simulated cluster in the hands of a person', () => {
  it('keeps as many agents at work as are wanted, and they end right', async () => {
    await pass(14_000)
    expect(frame.counts.endedRight).toBeGreaterThan(0)
    expect(frame.counts.launched).toBe(frame.counts.running + frame.counts.endedRight)
    expect(frame.counts.running).toBeGreaterThanOrEqual(SETUP.agents - 2)
    expect(frame.counts.checks).toBeGreaterThan(1_000)
    expect(frame.counts.recovered).toBe(0)
  })

  it('shows the agents of a killed host as waiting, and then where they go on', async () => {
    const host = busiest()
    const held = on(host).map(({ id }) => id)
    expect(held.length).toBeGreaterThan(0)
    await act({ kind: 'act', host, act: 'kill' })
    expect(frame.hosts[host]?.condition).toBe('dead')
    expect(on(host).map(({ condition }) => condition)).toEqual(held.map(() => 'orphaned'))
    expect(news.find(({ kind }) => kind === 'fault')?.text).toMatch(/^host \d+ was killed; it held \d/)
    await pass(9_000)
    expect(on(host)).toEqual([])
    expect(frame.counts.recovered).toBeGreaterThanOrEqual(held.length)
    expect(news.some(({ kind, text }) => kind === 'recovery' && text.includes('from its last checkpoint'))).toBe(true)
    await act({ kind: 'act', host, act: 'start' })
    await pass(2_000)
    expect(frame.hosts[host]?.condition).toBe('up')
  })

  it('tells which witness keeps the agents of a launcher that was killed', async () => {
    const keeps = (): number => frame.hosts[0]?.keeps ?? 0
    expect(keeps()).toBe(frame.counts.running)
    const { running } = frame.counts
    await act({ kind: 'act', host: 0, act: 'kill' })
    await pass(9_000)
    expect(news.filter(({ kind }) => kind === 'keeper').map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^host [2-8] keeps agent \d+\S* now, in place of host 1, which is silent$/),
    )
    const kept = frame.hosts.reduce((sum, host) => sum + host.keeps, 0)
    expect(kept).toBeGreaterThanOrEqual(frame.counts.running)
    expect(running).toBeGreaterThan(0)
  })

  it('has an agent end right whose launcher stays away until its fork is refused', async () => {
    await act({ kind: 'act', host: 0, act: 'kill' })
    for (let seconds = 0; seconds < 640; seconds++) await run.advance(1_000)
    await pass(100)
    expect(frame.counts.endedRight).toBeGreaterThan(0)
    expect(frame.agents.filter(({ condition }) => condition === 'running')).toEqual([])
  })

  it('empties a host whose owner is back, by hops and not by recoveries', async () => {
    const host = busiest()
    await act({ kind: 'act', host, act: 'owner-back' })
    expect(frame.hosts[host]?.condition).toBe('owner-back')
    await pass(4_000)
    expect(on(host)).toEqual([])
    expect(frame.counts.recovered).toBe(0)
    await act({ kind: 'act', host, act: 'owner-away' })
    expect(frame.hosts[host]?.condition).toBe('up')
  })

  it('parts the cluster, and goes on when it is one again', async () => {
    const numbers = frame.hosts.map((_, at) => at)
    await act({
      kind: 'partition',
      groups: [numbers.filter((at) => at % 2 === 0), numbers.filter((at) => at % 2 === 1)],
    })
    await pass(12_000)
    expect(frame.counts.recovered).toBeGreaterThan(0)
    await act({ kind: 'heal' })
    const { endedRight } = frame.counts
    await pass(14_000)
    expect(frame.counts.endedRight).toBeGreaterThan(endedRight)
  })

  it('takes agents back from a host that is cut off or asleep, and lets that one learn of it', async () => {
    const host = busiest()
    await act({ kind: 'act', host, act: 'cut-off' })
    expect(frame.hosts[host]?.condition).toBe('cut-off')
    await pass(9_000)
    expect(on(host)).toEqual([])
    const other = busiest()
    await act({ kind: 'act', host, act: 'reconnect' }, { kind: 'act', host: other, act: 'freeze' })
    expect([frame.hosts[host]?.condition, frame.hosts[other]?.condition]).toEqual(['up', 'frozen'])
    await pass(10_000)
    await act({ kind: 'act', host: other, act: 'wake' })
    await pass(2_000)
    expect(frame.hosts[other]?.condition).toBe('up')
  })

  it('lets every kind of fault strike by chance, and heals all of them at once', async () => {
    await act(...run.faults.filter(({ id }) => id !== 'liar').map(({ id }): Deed => ({ kind: 'fault', id, on: true })))
    expect(frame.faults.length).toBe(run.faults.length - 1)
    await pass(20_000)
    await act({ kind: 'act', host: 3, act: 'kill' }, { kind: 'link', a: 1, b: 2, whole: false }, { kind: 'heal' })
    await pass(9_000)
    expect(frame.faults).toEqual([])
    expect(frame.cutLinks).toEqual([])
    expect(new Set(frame.hosts.map(({ condition }) => condition))).toEqual(new Set(['up']))
  })

  it('is the same run every time, as long as the same is done to it', async () => {
    const twice = []
    for (let i = 0; i < 2; i++) {
      run = await buildCluster(SETUP, settle)
      await pass(1_500)
      await act({ kind: 'act', host: busiest(), act: 'kill' })
      await pass(4_000)
      twice.push(JSON.stringify([frame.counts, frame.agents]))
    }
    expect(twice[0]).toBe(twice[1])
  })
})
