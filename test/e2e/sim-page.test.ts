import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_FLAGS, findChromium } from '../../src/platform/node/chromium.ts'
import { type PageServer, servePage } from './page-server.ts'

/** The page of the simulator in a real Chromium: the cluster in its web worker, the picture, and the hand that breaks it. */
const folder = fileURLToPath(new URL('../../dist/page', import.meta.url))
const executablePath = findChromium()
const missing = !executablePath
  ? 'skipped: no Chromium on this machine (npm test says how to get it)'
  : !existsSync(`${folder}/sim.html`)
    ? 'skipped: the page is not built (npm run build)'
    : null
if (missing) console.warn(missing)

let browser: Browser
let server: PageServer
let page: Page
const faults: string[] = []

// Why it is skipped is printed above.
describe.skipIf(missing !== null)('the page of the simulator', () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...CHROMIUM_FLAGS] })
    server = await servePage(folder, {})
    page = await browser.newPage({ viewport: { width: 360, height: 740 } })
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(error.message))
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  const figure = async (term: string): Promise<number> =>
    Number(await page.locator('.truth-figures > div', { hasText: term }).locator('dd').textContent())

  it('plays, lets a host be killed by keyboard alone, and shows its agents recovered and none lost', async () => {
    await page.goto(`${server.url}sim.html#hosts=8&agents=10&witnesses=1&seed=4`)
    await page.getByText(/agents? at work/).waitFor()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await page.getByRole('radio', { name: 'Fastest' }).check()

    // Host after host by arrow keys on the picture, until there is one that holds agents.
    const held = page.getByRole('heading', { name: /[1-9] of \d places taken/ })
    await page.getByRole('application').focus()
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowLeft', 'ArrowUp', 'ArrowUp']) {
      await page.keyboard.press(key)
      if (await held.isVisible()) break
    }
    await held.waitFor()
    await page.getByRole('button', { name: 'Kill it' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('It was killed without a word.').waitFor()
    await page
      .getByText(/^host \d was killed; it held [1-9] agents?$/)
      .first()
      .waitFor()
    await page.getByRole('row', { name: /^dead/ }).getByRole('cell', { name: '1' }).waitFor()
    await page.getByText('from its last checkpoint').first().waitFor()
    await page.waitForFunction(() => /Recovered[1-9]/.test(document.querySelector('.truth')?.textContent ?? ''))

    await page.getByRole('button', { name: 'Start it again' }).click()
    await page.getByText('It is up and reaches the others.').waitFor()
    expect([await figure('Lost'), await figure('Doubled')]).toEqual([0, 0])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    expect(faults).toEqual([])
  })

  it('cuts the cluster with a line, and heals it', async () => {
    await page.getByRole('button', { name: 'Cut in two' }).click()
    const picture = page.getByRole('application')
    const { width, height } = (await picture.boundingBox()) ?? expect.fail('no picture')
    await picture.click({ position: { x: width / 2, y: 6 } })
    await picture.click({ position: { x: width / 2 + 6, y: height - 6 } })
    await page
      .getByText(/the cluster is cut into \d and \d hosts/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Heal all' }).click()
    await page.getByText('all is whole').first().waitFor()
    expect([await figure('Lost'), await figure('Doubled')]).toEqual([0, 0])
    expect(faults).toEqual([])
  })
})
