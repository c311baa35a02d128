import { describe, expect, it } from 'vitest'
import { DEPTH_MAX, DEPTH_STANDARD } from '../../src/bundle/limits.ts'
import { CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from './cluster.ts'

const long = { steps: 8_000, emitEvery: 0 }

describe('a bundle that asks for all the depth there is', () => {
  async function deepCluster(program: object = {}) {
    const world = new Cluster()
    const home = await world.start(1, { kind: 'launcher', slots: 0 })
    const launch = async (depth = DEPTH_MAX) => {
      const bundle = await importProgram(home.host, { ...long, ...program }, author, { needs: { depth } })
      const launching = home.host.launch(bundle)
      await world.time.advance(5)
      return launching
    }
    return { world, home, launch }
  }

  it('goes only where it is offered, and its guest gets it', async () => {
    const { world, home, launch } = await deepCluster()
    const depths: number[] = []
    class Watched extends CheapSandbox {
      override spawn(...[order, onEvent]: Parameters<CheapSandbox['spawn']>) {
        depths.push(order.depth)
        return super.spawn(order, onEvent)
      }
    }
    await world.start(2, { kind: 'tab' })
    await world.start(3, { sandbox: new Watched(world.time) })
    await world.time.advance(5_000)
    const agents = [await launch(), await launch(), await launch()]
    await world.time.advance(2_000)
    for (const agent of agents) expect(world.holders(agent)).toEqual([3])
    expect(depths).toEqual([DEPTH_MAX, DEPTH_MAX, DEPTH_MAX])
    const standard = await launch(DEPTH_STANDARD)
    await world.time.advance(1_000)
    expect(world.holders(standard)).toEqual([2])
    expect(await world.ended(home.host, agents[0] ?? expect.fail())).toEqual({ ok: true, value: cheapTruth(long) })
  })

  it('waits at home while nobody offers it, also where home itself does not', async () => {
    const world = new Cluster()
    const home = await world.start(1, { kind: 'tab' })
    await world.start(2, { depth: DEPTH_MAX - 1 })
    await world.time.advance(5_000)
    const launching = home.host.launch(await importProgram(home.host, long, author, { needs: { depth: DEPTH_MAX } }))
    await world.time.advance(3_000)
    const agent = await launching
    expect(world.holders(agent)).toEqual([])
    await world.start(3)
    await world.time.advance(8_000)
    expect(world.holders(agent)).toEqual([3])
    const drained = world.hosts.get(3)?.host.drain()
    await world.time.advance(3_000)
    await drained
    expect(world.holders(agent)).toEqual([])
    expect(home.host.snapshot().agents).toMatchObject([{ id: agent }])
    await world.start(4, { depth: DEPTH_MAX })
    expect(await world.ended(home.host, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })

  it('is refused by a host that does not offer it, with the reason, and goes on where it was', async () => {
    const { world, home, launch } = await deepCluster()
    const shallow = await world.start(2, { depth: DEPTH_STANDARD })
    await world.start(3)
    await world.time.advance(5_000)
    const agent = await launch()
    await world.time.advance(1_000)
    world.hosts.get(3)?.host.move(agent, shallow.did)
    await world.time.advance(1_000)
    expect(shallow.logs.join('\n')).toContain('the bundle needs depth 20, this host offers 10')
    expect(world.holders(agent)).toEqual([3])
    expect(await world.ended(home.host, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })
})
