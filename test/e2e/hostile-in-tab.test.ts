import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BlankPages, chromiumOrSkip, openBlankPages } from './blank-page.ts'
import { vitestInPage } from './vitest-in-page.ts'

/** The hostile suites whose code runs in a page as well, run in a page. Each says how many tests it has at the least. */
const SUITES: readonly (readonly [path: string, testsMin: number])[] = [
  ['hostile/handshake', 20],
  ['hostile/bundle', 40],
  ['hostile/flood', 5],
  ['hostile/recorded', 5],
  ['hostile/versions', 14],
  ['hostile/host', 7],
  ['hostile/stage', 10],
  ['hostile/fork', 5],
  ['hostile/banned', 5],
  ['wire/session', 15],
  ['wire/framing', 9],
  ['wire/turnstile', 8],
]

// Skipped where there is no Chromium.
describe.skipIf(chromiumOrSkip() === null)('in a tab of Chromium', () => {
  let pages: BlankPages
  beforeAll(async () => {
    pages = await openBlankPages(
      'hostile',
      [
        'chai',
        '@vitest/expect',
        'fast-check',
        'valibot',
        '@ipld/car/buffer-writer',
        '@ipld/dag-cbor',
        '@noble/ed25519',
        '@noble/hashes/sha2.js',
        'multiformats/cid',
      ],
      [vitestInPage],
    )
  })
  afterAll(() => pages?.close())

  it.each(SUITES)('%s holds', async (path, testsMin) => {
    const page = await pages.open()
    const ended = await page.evaluate<{ readonly title: string; readonly fault: string | null }[]>(
      `import('/test/${path}.test.ts').then(() => import('/@id/__x00__vitest')).then(({ runAll }) => runAll())`,
    )
    await page.close()
    expect(ended.filter(({ fault }) => fault !== null)).toEqual([])
    expect(ended.length).toBeGreaterThanOrEqual(testsMin)
  })
})
