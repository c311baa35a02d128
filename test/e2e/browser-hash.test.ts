import { createHash } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BlankPages, chromiumOrSkip, openBlankPages } from './blank-page.ts'

/** Hashing for a page's host in a real browser: in a web worker, and the page's own thread goes on meanwhile. */
// Skipped where there is no Chromium.
describe.skipIf(chromiumOrSkip() === null)('hashing in Chromium', () => {
  let pages: BlankPages
  let page: Page

  beforeAll(async () => {
    pages = await openBlankPages('hash')
    page = await pages.open()
    await page.evaluate(`import('/src/platform/browser/hash.ts').then(({ openBrowserHasher }) => {
      window.hasher = openBrowserHasher()
      window.hex = (digests) => digests.map((digest) => [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
    })`)
  })
  afterAll(async () => {
    await pages?.close()
  })

  it('gives the digests of many parts in their order', async () => {
    const parts = [new Uint8Array(4096).fill(1), new Uint8Array(0), new Uint8Array(17).fill(3)]
    const digests = await page.evaluate(
      `hasher.hashAll([new Uint8Array(4096).fill(1), new Uint8Array(0), new Uint8Array(17).fill(3)]).then(hex)`,
    )
    expect(digests).toEqual(parts.map((part) => createHash('sha256').update(part).digest('hex')))
  })

  it('leaves the page’s own thread alone: it has turns while ten thousand pages are hashed in a web worker', async () => {
    const { turns, workers } = (await page.evaluate(`(async () => {
      const pages = Array.from({ length: 10_000 }, (_, i) => new Uint8Array(4096).fill(i))
      let turns = 0
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => { turns++; port2.postMessage(0) }
      const hashing = hasher.hashAll(pages)
      port2.postMessage(0)
      await hashing
      port1.close()
      const names = performance.getEntriesByType('resource').map(({ name }) => name)
      return { turns, workers: names.filter((name) => name.includes('hash.worker')).length }
    })()`)) as { turns: number; workers: number }
    expect(turns).toBeGreaterThan(100)
    expect(workers).toBeGreaterThan(0)
  })

  it('refuses what is asked after it was closed', async () => {
    const said = await page.evaluate(
      `(hasher.close(), hasher.hashAll([new Uint8Array(1)])).then(() => 'done', (error) => error.message)`,
    )
    expect(said).toBe('the hasher is closed')
  })
})
