import { describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Sandbox } from '../../src/sandbox/port.ts'
import { CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster } from './cluster.ts'

/** A large agent, and what its guests were told, host by host. */
const LARGE = { steps: 5_000, emitEvery: 500, large: true } as const

interface Told {
  readonly seed: number
  readonly atMs: number
  readonly what: 'spawn' | 'freeze' | 'run' | 'patch' | 'terminate'
}

function recorded(world: Cluster, seed: number, told: Told[]): Sandbox {
  const inner = new CheapSandbox(world.time)
  const tell = (what: Told['what']): void => void told.push({ seed, atMs: world.time.nowMs(), what })
  return {
    spawn(order, onEvent) {
      // A guest that only runs a segment again is another story.
      if (order.replay) return inner.spawn(order, onEvent)
      tell('spawn')
      const guest = inner.spawn(order, onEvent)
      return {
        deliver: (delivery) => guest.deliver(delivery),
        limit: (limit) => guest.limit(limit),
        freeze: () => [tell('freeze'), guest.freeze()],
        run: () => [tell('run'), guest.run()],
        patch: (image) => [tell('patch'), guest.patch(image)],
        terminate: () => [tell('terminate'), guest.terminate()],
      }
    },
  }
}

/** Home, and the agent on host 2, long enough for its size to be known. */
async function settled(program: { steps: number; emitEvery: number; large?: true } = LARGE) {
  const world = new Cluster()
  const told: Told[] = []
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  await world.start(2, { sandbox: recorded(world, 2, told) })
  await world.time.advance(5_000)
  const agent = await world.launch(home, program)
  await world.time.advance(2_500)
  await world.start(3, { sandbox: recorded(world, 3, told) })
  await world.time.advance(100)
  expect(world.holders(agent)).toEqual([2])
  told.length = 0
  return { world, home, told, agent }
}

function order(world: Cluster, agent: AgentId): void {
  const to = world.hosts.get(3)
  if (to) world.hosts.get(2)?.host.move(agent, to.did)
}

const story = (told: readonly Told[], seed: number): string[] =>
  told.filter((one) => one.seed === seed).map(({ what }) => what)

/** Real time for one test: a second on an idle machine, ten where it is done at many moments. */
const TEST_MS_MAX = 120_000

describe('a large agent', { timeout: TEST_MS_MAX }, () => {
  it('runs on while it is brought over, and is stopped for the rest', async () => {
    const { world, home, told, agent } = await settled()
    order(world, agent)
    await world.time.advance(400)
    expect(world.holders(agent)).toEqual([3])
    expect(story(told, 2).slice(0, 2)).toEqual(['freeze', 'run'])
    expect(story(told, 2).slice(-2)).toEqual(['freeze', 'terminate'])
    expect(story(told, 3)).toEqual(['spawn', 'patch', 'run'])
    const thawed = told.find(({ what }) => what === 'spawn')
    const stopped = told.filter(({ seed, what }) => seed === 2 && what === 'freeze').at(-1)
    expect((thawed?.atMs ?? 0) < (stopped?.atMs ?? 0)).toBe(true)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(LARGE) })
  })

  it('that is small is stopped at once', async () => {
    const { world, home, told, agent } = await settled({ steps: 5_000, emitEvery: 500 })
    order(world, agent)
    await world.time.advance(400)
    expect([story(told, 2), story(told, 3)]).toEqual([
      ['freeze', 'terminate'],
      ['spawn', 'run'],
    ])
    expect((await world.ended(home, agent)) as { ok: boolean }).toMatchObject({ ok: true })
  })

  it('is at rest at once when the owner wants the machine, whatever has been brought over by then', async () => {
    for (let moment = 0; moment < 60; moment += 6) {
      const { world, home, told, agent } = await settled()
      order(world, agent)
      await world.time.advance(moment)
      const evictedMs = world.time.nowMs()
      void world.hosts.get(2)?.host.drain()
      await world.time.advance(100)
      const ran = told.filter(({ seed, what, atMs }) => seed === 2 && what === 'run' && atMs > evictedMs)
      const last = told.filter(({ seed, what }) => seed === 2 && (what === 'run' || what === 'freeze')).at(-1)
      expect([moment, ran.length, last?.what ?? 'freeze']).toEqual([moment, 0, 'freeze'])
      expect(await world.ended(home, agent), `evicted after ${moment} ms`).toEqual({
        ok: true,
        value: cheapTruth(LARGE),
      })
      for (const seed of world.hosts.keys()) await world.kill(seed)
    }
  })

  it.each([
    ['the host that it leaves dies', 2],
    ['the host that it goes to dies', 3],
  ])(
    'has its one right result when %s at any moment',
    async (_, dying) => {
      for (let moment = 1; moment < 60; moment += 9) {
        const { world, home, agent } = await settled()
        order(world, agent)
        await world.time.advance(moment)
        const disk = await world.kill(dying)
        await world.time.advance(300)
        await world.start(dying, {}, disk)
        expect(await world.ended(home, agent), `dead after ${moment} ms`).toEqual({
          ok: true,
          value: cheapTruth(LARGE),
        })
        const emits = (home.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === 'emit')
        expect(emits).toHaveLength(LARGE.steps / LARGE.emitEvery)
        for (const seed of world.hosts.keys()) await world.kill(seed)
      }
    },
    60_000,
  )
})
