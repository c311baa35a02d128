import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { CHROMIUM_FLAGS, findChromium } from '../../src/platform/node/chromium.ts'
import { type PageServer, servePage } from './page-server.ts'

/** The built volunteer page in a real Chromium: what a visitor meets before any agent comes. */
const folder = fileURLToPath(new URL('../../dist/page', import.meta.url))
const executablePath = findChromium()
const missing = !executablePath
  ? 'skipped: no Chromium on this machine (npm test says how to get it)'
  : !existsSync(`${folder}/index.html`)
    ? 'skipped: the page is not built (npm run build)'
    : null
if (missing) console.warn(missing)

const random = seededRandom(11)
const CLUSTER = {
  name: 'Test cluster',
  iceServers: [],
  authors: ['Alice', 'Bob'].map((name) => ({ did: createSigner(generateSecretKey(random)).did, name })),
}

let browser: Browser
let server: PageServer
let context: BrowserContext
let page: Page
let faults: string[]

// Why it is skipped is printed above.
describe.skipIf(missing !== null)('the volunteer page', () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...CHROMIUM_FLAGS] })
  })
  afterAll(() => browser?.close())

  beforeEach(async () => {
    server = await servePage(folder, CLUSTER)
    context = await browser.newContext({ viewport: { width: 360, height: 740 } })
    page = await context.newPage()
    faults = []
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(error.message))
  })
  afterEach(async () => {
    await context.close()
    await server.close()
  })

  const heading = (name: string | RegExp) => page.getByRole('heading', { name })

  it('says what it is and whose code would run, without an error on the console', async () => {
    await page.goto(server.url)
    await heading('Lend this tab to travelling programs').waitFor()
    for (const { did, name } of CLUSTER.authors) {
      await page.getByRole('checkbox', { name }).waitFor()
      await page.getByText(did).waitFor()
    }
    for (const word of ['Your IP address.', 'What they may not', 'What they may do'])
      await page.getByText(word).first().waitFor()
    // What an agent gets of this machine, and who may send it here, in the words of its permit.
    for (const words of [
      /Each has at most .* fuel \(about .*\), 256 MiB of memory/,
      /this host shares none/,
      /given a permit/,
    ])
      await page.getByText(words).first().waitFor()
    expect(faults).toEqual([])
  })

  it('runs nothing before consent: no host code is even loaded, no Start is offered', async () => {
    const loaded: string[] = []
    page.on('request', (request) => loaded.push(request.url()))
    await page.goto(server.url)
    await page.getByRole('checkbox', { name: 'Alice' }).waitFor()
    expect(await page.getByRole('button', { name: /^(Start|Pause)$/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Agree and start' }).click()
    await page.getByText('Tick at least one author first.').waitFor()
    expect(await page.evaluate(() => localStorage.getItem('sojourn-preferences') ?? '')).not.toContain('"lending":true')
    expect(await page.evaluate(() => indexedDB.databases())).toEqual([])
    expect(page.workers()).toEqual([])
    expect(loaded.filter((url) => /\/host-/.test(url))).toEqual([])
  })

  it('takes consent by keyboard alone, remembers it, and gives it back', async () => {
    await page.goto(server.url)
    const alice = page.getByRole('checkbox', { name: 'Alice' })
    await alice.waitFor()
    await tabTo('Alice')
    await page.keyboard.press('Space')
    await tabTo('Agree and start')
    await page.keyboard.press('Enter')
    await heading('Whose programs run here').waitFor()

    await page.reload()
    await tabTo('Withdraw consent from Alice')
    await page.keyboard.press('Enter')
    await heading('Lend this tab to travelling programs').waitFor()
    await page.reload()
    await heading('Lend this tab to travelling programs').waitFor()
    expect(await alice.isChecked()).toBe(false)
  })

  it('shows where the focus is', async () => {
    await page.goto(server.url)
    await page.getByRole('checkbox', { name: 'Alice' }).waitFor()
    await tabTo('Agree and start')
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineWidth)
    expect(Number.parseInt(outline, 10)).toBeGreaterThanOrEqual(2)
  })

  for (const width of [320, 360, 768, 1440])
    it(`does not scroll sideways at ${width} px, before consent and after`, async () => {
      const overhang = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      await page.setViewportSize({ width, height: 740 })
      await page.goto(server.url)
      await page.getByRole('checkbox', { name: 'Alice' }).check()
      expect(await overhang()).toBeLessThanOrEqual(0)
      await page.getByRole('button', { name: 'Agree and start' }).click()
      await heading('Agents here').waitFor()
      for (const summary of await page.locator('summary').all()) await summary.click()
      expect(await overhang()).toBeLessThanOrEqual(0)
    })

  it('says so when the rendezvous is silent, and goes on when it answers', async () => {
    server.cluster = null
    await page.goto(server.url)
    await page.getByText('The rendezvous does not answer').waitFor()
    server.cluster = CLUSTER
    await page.getByRole('button', { name: 'Ask again now' }).click()
    await page.getByRole('checkbox', { name: 'Alice' }).waitFor()
  })

  it('shows an author’s name as text, whatever is in it', async () => {
    server.cluster = { ...CLUSTER, authors: [{ ...CLUSTER.authors[0], name: '<img src=x onerror=alert(1)>\u202e' }] }
    await page.goto(server.url)
    await page.getByText('<img src=x onerror=alert(1)>·').waitFor()
    expect(await page.locator('img').count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('starts without the network once it has been here, and says that it is off line', async () => {
    await page.goto(server.url)
    await page.getByRole('checkbox', { name: 'Alice' }).waitFor()
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await server.close()
    await context.setOffline(true)
    await page.reload()
    await heading('Lend this tab to travelling programs').waitFor()
    await page.getByText('This machine is off line.').waitFor()
    expect(await page.getByRole('checkbox', { name: 'Alice' }).count()).toBe(1)
  })

  it('takes a new version only when asked, and then loads it', async () => {
    await page.goto(server.url)
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await page.evaluate(() => Object.assign(window, { firstVisit: true }))
    server.version = 2
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update())
    const button = page.getByRole('button', { name: 'Hand over and reload' })
    await page.getByText('A new version is ready: hand over your agents and reload.').waitFor()
    expect(await page.evaluate(() => 'firstVisit' in window)).toBe(true)
    await Promise.all([page.waitForEvent('load'), button.click()])
    await heading('Lend this tab to travelling programs').waitFor()
    expect(await page.evaluate(() => 'firstVisit' in window)).toBe(false)
    expect(await button.count()).toBe(0)
  })

  it('can be installed: manifest, icons of their size, a service worker', async () => {
    await page.goto(server.url)
    const href = await page.locator('link[rel=manifest]').getAttribute('href')
    const manifestUrl = new URL(href ?? '', server.url)
    const manifest = (await (await fetch(manifestUrl)).json()) as {
      icons: { src: string; sizes: string; purpose?: string }[]
    }
    expect(manifest.icons.map(({ purpose }) => purpose)).toContain('maskable')
    for (const { src, sizes } of manifest.icons) {
      const size = await page.evaluate(async (url) => {
        const image = new Image()
        image.src = url
        await image.decode()
        return image.naturalWidth
      }, new URL(src, manifestUrl).href)
      if (sizes !== 'any') expect(`${size}x${size}`).toBe(sizes)
    }
    const session = await context.newCDPSession(page)
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
    // A private window, as a test's context is one, never installs.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([])
  })

  /** Presses Tab until the element with this accessible name has the focus. */
  async function tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const element = document.activeElement
        return (
          element?.getAttribute('aria-label') ??
          (element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element?.textContent) ??
          ''
        )
      })
      if (at.startsWith(name)) return
    }
    throw new Error(`no element "${name}" within 40 presses of Tab`)
  }
})
