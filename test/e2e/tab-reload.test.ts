import { setTimeout as pause } from 'node:timers/promises'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealBundle } from '../../src/bundle/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { type LocalCluster, startLocalCluster } from '../../src/entry/node/local-cluster.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { CHROMIUM_FLAGS, findChromium } from '../../src/platform/node/chromium.ts'
import { nodeRandom } from '../../src/platform/node/time.ts'

/**
 * A tab that is the only host of its cluster is reloaded, paused or killed while an agent works in it: the agent goes on
 * from what the browser kept, under the tab's next age, and nothing of its result is lost or said twice.
 */
const signer = createSigner(generateSecretKey(nodeRandom))
const ROUNDS = 40
const program = `
let s = 7
for (let round = 0; round < ${ROUNDS}; round++) {
  for (let i = 0; i < 400000; i++) s = (Math.imul(s, 31) + i) | 0
  console.log('round', round, s)
}`

function truth(): readonly string[] {
  let s = 7
  return Array.from({ length: ROUNDS }, (_, round) => {
    for (let i = 0; i < 400_000; i++) s = (Math.imul(s, 31) + i) | 0
    return `round ${round} ${s}`
  })
}

const executablePath = findChromium()
if (!executablePath) console.warn('skipped: no Chromium on this machine')

// Why it is skipped is printed above.
describe.skipIf(!executablePath)('an agent in a tab', () => {
  let cluster: LocalCluster
  let browser: Browser
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    cluster = await startLocalCluster({ edges: 0, slots: 1, signer, loopbackOnly: false })
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...CHROMIUM_FLAGS] })
    context = await browser.newContext()
    page = await context.newPage()
    await page.goto(cluster.rendezvous.url)
    await page.getByRole('checkbox').first().check()
    await page.getByRole('button', { name: 'Agree and start' }).click()
    await page.getByText('No agent is here.').waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await cluster?.stop()
  })

  const upset: readonly (readonly [string, () => Promise<void>])[] = [
    ['is reloaded', async () => void (await page.reload())],
    [
      'crashes and is opened again',
      async () => {
        const url = page.url()
        await page.goto('chrome://crash').catch(() => undefined)
        await page.close()
        page = await context.newPage()
        await page.goto(url)
      },
    ],
    [
      'is paused and started again',
      async () => {
        await page.getByRole('button', { name: 'Pause' }).click()
        await page.getByRole('button', { name: 'Start' }).click()
      },
    ],
  ]

  it.each(upset)('comes to its right end when its tab %s in the middle of its loop', async (_, disturb) => {
    const agent = await launch()
    await until(() => rounds(agent).length >= 4, 'some rounds are done')
    await disturb()
    expect(rounds(agent).length).toBeLessThan(ROUNDS)
    expect(await cluster.home.host.outcome(agent)).toMatchObject({ ok: true })
    expect(rounds(agent)).toEqual(truth())
  })

  const rounds = (agent: AgentId): readonly string[] =>
    (cluster.home.host.story(agent, 0)?.lines ?? [])
      .filter(({ kind }) => kind === 'console')
      .map(({ valueJson }) => JSON.parse(valueJson).text)

  async function launch(): Promise<AgentId> {
    const { car } = await sealBundle(
      {
        name: 'rounds',
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

async function until(condition: () => boolean, what: string): Promise<void> {
  const lateMs = performance.now() + 60_000
  while (!condition()) {
    if (performance.now() > lateMs) throw new Error(`not within a minute: ${what}`)
    await pause(20)
  }
}
