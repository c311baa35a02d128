import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
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
    if (kind === 'without') vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new Error('NotSupportedError'))
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

  it('has one identity when two tabs start at once', async () => {
    prepare()
    const signers = await Promise.all([1, 2, 3].map(() => loadOrCreateBrowserIdentity(`${name} race`)))
    expect(new Set(signers.map(({ did }) => did)).size).toBe(1)
  })
})
