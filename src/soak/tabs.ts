import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, BrowserContext, CDPSession, Page } from 'puppeteer-core'
import { CHROMIUM_FLAGS, findChromium } from '../platform/node/chromium.ts'
import { TAB_SLOTS } from './limits.ts'

/**
 * Real tabs of the volunteer page in one Chromium without a screen, each with a profile of its own, and what happens to tabs:
 * out of sight, frozen, crashed, closed, opened again. Puppeteer drives them because it leaves a page's visibility and a
 * browser's throttling as they are, once the flags are taken away that it starts Chromium with.
 */
const THROTTLED_AGAIN = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
] as const

/** A page that crashed answers nothing, and one that starts on a busy machine takes its time. */
const ANSWER_MS_MAX = 30_000
const CRASH_MS = 500

export interface Tabs {
  open(url: string, name: string): Promise<Tab>
  close(): Promise<void>
}

/** Null where there is no Chromium. */
export async function launchTabs(say: (line: string) => void): Promise<Tabs | null> {
  const executablePath = findChromium()
  if (executablePath === null) return null
  const { default: puppeteer } = await import('puppeteer-core')
  const browser = await puppeteer.launch({
    browser: 'chrome',
    executablePath,
    headless: true,
    args: [...CHROMIUM_FLAGS],
    ignoreDefaultArgs: [...THROTTLED_AGAIN],
    // Whoever runs this decides what an interrupt does.
    handleSIGINT: false,
    handleSIGTERM: false,
    protocolTimeout: ANSWER_MS_MAX,
  })
  return {
    open: async (url, name) => {
      const tab = new Tab(browser, await browser.createBrowserContext(), url, name, say)
      await tab.open()
      return tab
    },
    close: () => browser.close(),
  }
}

export class Tab {
  readonly name: string
  readonly #browser: Browser
  readonly #context: BrowserContext
  readonly #url: string
  readonly #say: (line: string) => void
  #page: Page | null = null
  #session: CDPSession | null = null
  #agreed = false

  constructor(browser: Browser, context: BrowserContext, url: string, name: string, say: (line: string) => void) {
    this.#browser = browser
    this.#context = context
    this.#url = url
    this.name = name
    this.#say = say
  }

  /** What the page and its driver offer beside; null while the tab is not there. */
  get page(): Page | null {
    return this.#page
  }

  /** Opens it, or opens it again with what its profile has kept; at first its volunteer agrees to every author. */
  async open(): Promise<void> {
    const page = await this.#context.newPage()
    page.on('console', (message) => this.#say(`${this.name}: ${message.text()}`))
    page.on('pageerror', (error) =>
      this.#say(`${this.name}: ${error instanceof Error ? error.message : String(error)}`),
    )
    page.on('error', () => this.#say(`${this.name}: the page crashed`))
    this.#page = page
    this.#session = await page.createCDPSession()
    await page.goto(this.#url)
    if (this.#agreed) return
    await page.waitForSelector('input[type=checkbox]')
    for (const box of await page.$$('input[type=checkbox]')) if (await box.isVisible()) await box.click()
    await page.locator('::-p-text(Agree and start)').click()
    // Tabs that are opened one after another are told apart by what they are called.
    await page.evaluate(
      `const kept = JSON.parse(localStorage.getItem('sojourn-preferences') ?? '{}')
       localStorage.setItem('sojourn-preferences', JSON.stringify({ ...kept, slots: ${TAB_SLOTS}, name: ${JSON.stringify(this.name)} }))`,
    )
    await page.reload()
    this.#agreed = true
  }

  /** Out of sight, as when its window is put away: the browser throttles it, and may freeze it. */
  hide = (): Promise<void> => this.#window('minimized')

  show = (): Promise<void> => this.#window('normal')

  async #window(windowState: 'minimized' | 'normal'): Promise<void> {
    const { windowId } = (await this.#session?.send('Browser.getWindowForTarget')) ?? {}
    if (windowId !== undefined)
      await this.#session?.send('Browser.setWindowBounds', { windowId, bounds: { windowState } })
  }

  /** As a browser does with a tab that was out of sight for long: nothing in it runs. A tab in sight is never frozen. */
  async freeze(): Promise<void> {
    await this.hide()
    await this.#session?.send('Page.setWebLifecycleState', { state: 'frozen' })
  }

  async thaw(): Promise<void> {
    await this.#session?.send('Page.setWebLifecycleState', { state: 'active' })
    await this.show()
  }

  /** As when the browser discards it, or its process dies: the page gets no word of it. */
  async crash(): Promise<void> {
    const gone = this.#gone()
    // It is gone before it can answer.
    gone?.session.send('Page.crash').catch(() => undefined)
    await pause(CRASH_MS)
    // What is left is an empty tab: closing it must not be waited for, a page that crashed does not answer.
    gone?.page.close().catch(() => undefined)
  }

  /** As its volunteer closes it: the page hears of it, and has no time. */
  async close(): Promise<void> {
    await this.#gone()?.page.close({ runBeforeUnload: true })
  }

  #gone(): { page: Page; session: CDPSession } | null {
    const [page, session] = [this.#page, this.#session]
    this.#page = null
    this.#session = null
    return page && session && this.#browser.connected ? { page, session } : null
  }
}
