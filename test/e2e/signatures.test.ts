import { existsSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type BrowserName, findBrowser, openBrowserRealm } from '../../src/realms/browser-realm.ts'
import type { Realm } from '../../src/realms/realm.ts'
import { edgeCases } from '../identity/edge-cases.ts'
import type { Question, Told } from '../realms/keys.ts'

/** Signatures and sealed things where other implementations of the same curves stand behind WebCrypto. */
const ENTRY = new URL('../realms/keys.ts', import.meta.url)
const FILE = new URL('../../../shared/vectors/ed25519/rfc8032.json', import.meta.url)
const more: { pub: string; msg: string; sig: string }[] = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : []
if (more.length === 0) console.warn('skipped: vectors/ed25519/rfc8032.json is not there; one vector stays')

/** RFC 8032 section 7.1, TEST 2. */
const RFC_8032 = [
  '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  '72',
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
] as const

describe.each<BrowserName>(['chromium', 'firefox'])('in %s', (name) => {
  const isHere = findBrowser(name) !== null
  if (!isHere) console.warn(`skipped: no ${name} on this machine`)
  let realm: Realm | null = null
  afterAll(() => realm?.close())

  it.skipIf(!isHere)(
    'library and WebCrypto give the same verdicts as Node; what is sealed opens, and keys stay',
    { timeout: 120_000 },
    async () => {
      realm = await openBrowserRealm(name, ENTRY)
      const cases = edgeCases()
      const vectors = [RFC_8032, ...more.map(({ pub, msg, sig }) => [pub, msg, sig] as const)]
      const question: Question = { cases, vectors }
      const told: Told = JSON.parse(new TextDecoder().decode(await realm.ask(utf8(JSON.stringify(question)))))
      for (const { cases: verdicts, vectors: right } of [told.library, told.webCrypto]) {
        expect(cases.map(({ name }, i) => [name, verdicts[i]])).toEqual(cases.map(({ name, valid }) => [name, valid]))
        expect(right).toEqual(vectors.map(() => true))
      }
      expect(told.sealed).toEqual({
        same: true,
        opened: { ok: true, value: '"for the tab"' },
        smallOrder: 'refused',
        kind: 'webcrypto',
        extractable: [false, false, false],
        value: 'what only this host shall read',
        inTheClear: false,
      })
    },
  )
})
