import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { seededRandom } from '../../src/base/random.ts'
import { openSealed, sealTo } from '../../src/identity/sealing.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { loadOrCreateBrowserIdentity } from '../../src/platform/browser/identity.ts'

const payload = utf8('x')
const verifier = createVerifier()
afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(['with Ed25519 in WebCrypto', 'without'])('a browser %s', (kind) => {
  const name = `identity ${kind}`
  const prepare = () => {
    if (kind === 'without') vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new Error('NotSupportedError'))
  }

  it('has the same identity after a reload, and it signs', async () => {
    prepare()
    const first = await loadOrCreateBrowserIdentity(name)
    const second = await loadOrCreateBrowserIdentity(name)
    expect(second.did).toBe(first.did)
    for (const signer of [first, second]) {
      expect(await verifier.verify(first.did, 'vote', payload, await signer.sign('vote', payload))).toBe(true)
    }
  })

  it('reads what is sealed to its identity, after a reload too', async () => {
    prepare()
    const { did } = await loadOrCreateBrowserIdentity(`${name} reader`)
    const reader = await loadOrCreateBrowserIdentity(`${name} reader`)
    const value = sealTo(did, '"for the tab"', 'a test', seededRandom(1))
    expect(await openSealed(reader, value)).toEqual({ ok: true, value: '"for the tab"' })
    await expect(reader.agree(new Uint8Array(32))).rejects.toThrow()
  })

  it('has one identity when two tabs start at once', async () => {
    prepare()
    const signers = await Promise.all([1, 2, 3].map(() => loadOrCreateBrowserIdentity(`${name} race`)))
    expect(new Set(signers.map(({ did }) => did)).size).toBe(1)
  })
})
