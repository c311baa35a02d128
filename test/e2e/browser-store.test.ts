import { deflateRawSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BlankPages, chromiumOrSkip, openBlankPages } from './blank-page.ts'

/**
 * The page's store in a real browser: its web worker, its link, its lock and its quota. The contract itself is tested
 * under a fake IndexedDB; here we see that the parts meet and that Chromium does what the fake pretends.
 */
// Skipped where there is no Chromium.
describe.skipIf(chromiumOrSkip() === null)('the store in Chromium', () => {
  let pages: BlankPages

  beforeAll(async () => {
    pages = await openBlankPages('store', ['comlink', 'idb', '@noble/hashes/sha2.js'])
  })
  afterAll(async () => {
    await pages?.close()
  })

  /** Runs in the page, with the store module at hand. */
  const inPage = <T>(page: Page, body: string): Promise<T> =>
    page.evaluate(`(async () => {
      const { openBrowserStore } = await import('/src/platform/browser/store.ts')
      const fault = (error) => error.name + ': ' + error.message
      ${body}
    })()`)

  it('stands beside a DEFLATE that keeps its promises', async () => {
    const other = [...deflateRawSync('mobile agents, '.repeat(200), { level: 9 })]
    const page = await pages.open()
    const broken = await page.evaluate(`(async () => {
      const { browserDeflate } = await import('/src/platform/browser/deflate.ts')
      const { brokenPromises } = await import('/test/contract/deflate.ts')
      return brokenPromises(browserDeflate, Uint8Array.from(${JSON.stringify(other)}))
    })()`)
    expect(broken).toEqual([])
  })

  it('keeps what was committed across a reload, and is refused to a second tab while the first has it', async () => {
    const context = await pages.browser.newContext()
    const first = await context.newPage()
    const second = await context.newPage()
    await Promise.all([first.goto(`${pages.origin}/blank`), second.goto(`${pages.origin}/blank`)])
    const wrote = await inPage(
      first,
      `window.store = await openBrowserStore('e2e')
       await window.store.commit([{ key: 'record/b', value: Uint8Array.of(1, 2, 3).subarray(1) }, { key: 'record/a', value: new Uint8Array() }])
       return window.store.list('record/')`,
    )
    expect(wrote).toEqual(['record/a', 'record/b'])
    const refused = await inPage(second, `return openBrowserStore('e2e').then(() => 'opened', fault)`)
    expect(refused).toBe('StoreLockedError: another tab of this browser already runs this host')

    await first.reload()
    const read = await inPage(
      first,
      `const store = await openBrowserStore('e2e')
       const value = [...await store.read('record/b')]
       await store.close()
       return value`,
    )
    expect(read).toEqual([2, 3])
    expect(await inPage(second, `return openBrowserStore('e2e').then(() => 'opened', fault)`)).toBe('opened')
    await context.close()
  })

  it('turns the quota of the browser into StoreFullError and has changed nothing', async () => {
    const context = await pages.browser.newContext()
    const page = await context.newPage()
    await page.goto(`${pages.origin}/blank`)
    const devtools = await context.newCDPSession(page)
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: pages.origin, quotaSize: 1_000_000 })
    const seen = await inPage(
      page,
      `const store = await openBrowserStore('full')
       await store.commit([{ key: 'record/a', value: Uint8Array.of(1) }])
       const full = await store.commit([{ key: 'record/a', value: null }, { key: 'block/large', value: new Uint8Array(5_000_000) }]).then(() => 'kept', fault)
       return [full, await store.list('')]`,
    )
    expect(seen).toEqual(['StoreFullError: the browser gives this site no more room', ['record/a']])
    await context.close()
  })
})
