import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BrowserName, findBrowser, openBrowserRealm } from '../../src/realms/browser-realm.ts'
import { openNodeRealm } from '../../src/realms/node-realm.ts'
import { findJsc, openJscRealm } from '../../src/realms/process-realm.ts'
import type { Realm } from '../../src/realms/realm.ts'

/** What runs a test in every engine: Node's worker thread, a web worker in each browser, JavaScriptCore's shell. */
const ENTRY = new URL('../realms/echo.ts', import.meta.url)
const browser = (name: BrowserName) => [name, findBrowser(name) !== null, () => openBrowserRealm(name, ENTRY)] as const
const OPEN = [
  ['node', true, () => openNodeRealm(ENTRY)] as const,
  browser('chromium'),
  browser('firefox'),
  ['jsc', findJsc() !== null, () => openJscRealm(ENTRY)] as const,
]

for (const [name, isHere, open] of OPEN) {
  if (!isHere) console.warn(`skipped: no ${name} on this machine`)
  describe.skipIf(!isHere)(`code in ${name}`, () => {
    let realm: Realm
    beforeAll(async () => {
      realm = await open()
    })
    afterAll(() => realm?.close())

    it('says which engine it is', () =>
      expect(realm.version).toMatch(/^(Node|Chrome|HeadlessChrome|[Ff]irefox|JavaScriptCore) \d/))

    it('answers megabytes, in the order of the requests', async () => {
      const large = Uint8Array.from({ length: 2_000_000 }, (_, i) => i % 251)
      const [first, second] = await Promise.all([realm.ask(large), realm.ask(Uint8Array.of(1, 2, 3))])
      expect(Buffer.compare(first, large.slice().reverse())).toBe(0)
      expect([...second]).toEqual([3, 2, 1])
    })

    it('tells what the code threw, and goes on', async () => {
      await expect(realm.ask(new Uint8Array(0))).rejects.toThrow('RangeError: nothing to say')
      expect([...(await realm.ask(Uint8Array.of(7)))]).toEqual([7])
    })
  })
}
