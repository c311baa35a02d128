import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealBundle } from '../../src/bundle/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { type LocalCluster, startLocalCluster } from '../../src/entry/node/local-cluster.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { findChromium } from '../../src/platform/node/chromium.ts'
import { nodeRandom } from '../../src/platform/node/time.ts'
import { launchTabs, type Tab, type Tabs } from '../../src/soak/tabs.ts'

/** Two tabs out of sight, as a browser treats them: throttled, then one of them frozen past its lease and thawed again. */
const signer = createSigner(generateSecretKey(nodeRandom))
const STEPS = 20_000_000
const program = `
const f = (s, i) => (Math.imul(s, 31) + i) | 0
let s = 7
for (let i = 0; i < ${STEPS}; i++) s = f(s, i)
console.log('sum', s)`

const chromium = findChromium()
if (!chromium) console.warn('skipped: no Chromium on this machine')

// Why it is skipped is printed above.
describe.skipIf(!chromium)('an agent in a tab out of sight', () => {
  let cluster: LocalCluster
  let tabs: Tabs | null
  const opened: Tab[] = []
  const dids = new Map<string, Did>()

  beforeAll(async () => {
    cluster = await startLocalCluster({ edges: 0, slots: 1, signer, loopbackOnly: false })
    tabs = await launchTabs(() => {})
    for (const name of ['first', 'second']) {
      const tab = await tabs?.open(cluster.rendezvous.url, name)
      if (tab) opened.push(tab)
    }
    for (const tab of opened) {
      await until(() => didOf(tab.name) !== undefined, `${tab.name} is on line`)
      dids.set(tab.name, didOf(tab.name) as Did)
    }
  })
  afterAll(async () => {
    await tabs?.close()
    await cluster?.stop()
  })

  const didOf = (name: string): Did | undefined =>
    cluster.home.host.snapshot().acquaintances.find((one) => one.name === name)?.id
  const story = (agent: AgentId) => cluster.home.host.story(agent, 0)
  const linesOf = (agent: AgentId, kind: string) => (story(agent)?.lines ?? []).filter((line) => line.kind === kind)

  it('is looked after as before while the page’s own timers hardly run', async () => {
    const agent = await launch()
    await until(() => linesOf(agent, 'checkpoint').length > 0, 'it runs')
    const holder = opened.find(({ name }) => dids.get(name) === story(agent)?.row.holder)
    await holder?.hide()
    const { page } = holder ?? {}
    const alarm = page?.workers().find((worker) => worker.url().includes('alarm'))
    await page?.evaluate('var ticks = 0; setInterval(() => { ticks++ }, 20)')
    await alarm?.evaluate(
      'var rings = 0; const post = postMessage.bind(self); self.postMessage = (m) => { rings++; post(m) }',
    )
    await until(async () => Number(await page?.evaluate('ticks')) >= 4, 'four ticks of a throttled page')
    expect(await page?.evaluate('document.visibilityState')).toBe('hidden')
    // A host that waited for the page's timers would have looked at its agents four times.
    expect(await alarm?.evaluate('rings')).toBeGreaterThan(8)
    expect(linesOf(agent, 'recover')).toEqual([])
    cluster.home.host.kill(agent)
    await holder?.show()
  })

  it('goes on in another one when its tab is frozen, which lets go of it when it is thawed', async () => {
    const agent = await launch()
    await until(() => linesOf(agent, 'checkpoint').length > 0, 'it runs')
    const holder = story(agent)?.row.holder
    const frozen = opened.find(({ name }) => dids.get(name) === holder)
    await frozen?.freeze()
    await until(() => linesOf(agent, 'recover').length > 0, 'its lease is over')
    await until(() => ![holder, cluster.home.host.did].includes(story(agent)?.row.holder as Did), 'it is elsewhere')
    await frozen?.thaw()
    await frozen?.page?.waitForSelector('::-p-text(No agent is here.)', { timeout: 60_000 })
    expect(await cluster.home.host.outcome(agent)).toMatchObject({ ok: true })
    expect(linesOf(agent, 'console').map(({ valueJson }) => JSON.parse(valueJson).text)).toEqual([`sum ${truth()}`])
  })

  async function launch(): Promise<AgentId> {
    const { car } = await sealBundle(
      {
        name: 'unseen',
        version: '1.0.0',
        description: 'a long loop',
        code: program,
        sourceMap: null,
        kernels: new Map(),
        assets: new Map(),
        needs: { kind: 'tab' },
        quota: {},
        effects: 'fast',
      },
      signer,
    )
    const bundle = await cluster.home.host.importBundle(car)
    if (!bundle.ok) throw new Error(bundle.reason)
    return cluster.home.host.launch(bundle.value.id)
  }
})

function truth(): number {
  let s = 7
  for (let i = 0; i < STEPS; i++) s = (Math.imul(s, 31) + i) | 0
  return s
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const lateMs = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > lateMs) throw new Error(`not within a minute: ${what}`)
    await pause(20)
  }
}
