import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RealCluster, until } from '../host/real-cluster.ts'
import { type Lie, LyingSandbox } from './lying-host.ts'

/** Real guests, real time: some seconds on an idle machine. */
const TEST_MS_MAX = 180_000

let world: RealCluster
beforeEach(() => {
  world = new RealCluster()
})
afterEach(() => world.close())

describe('a host that lies about its agents', () => {
  for (const lie of ['bit', 'skip', 'input', 'early'] satisfies Lie[])
    it(
      `(${lie}) is found out when its segment is run again, and named`,
      async () => {
        let lying: LyingSandbox | null = null
        const home = await world.start('home', 0)
        const liar = await world.start('liar', 2, (honest) => {
          lying = new LyingSandbox(honest, lie)
          return lying
        })
        await until(() => home.host.snapshot().acquaintances.length === 1)
        const agent = await world.launch(home.host, 'test/agents/audited.ts', { rounds: 2_000, heap: 0 })
        await until(() => liar.host.snapshot().agents.some(({ state }) => state === 'running'))
        const fraud = async () => (await world.segments(home)).segments.find(({ state }) => state === 'fraud')
        await until(async () => (await fraud()) !== undefined)
        const found = await fraud()
        expect(found?.host).toBe(liar.did)
        expect(found?.agent).toBe(agent)
        const { hosts } = await world.segments(home)
        expect(hosts).toMatchObject([{ host: liar.did, strikes: 1 }])
      },
      TEST_MS_MAX,
    )
})
