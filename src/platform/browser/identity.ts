import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { type Bytes, concatBytes, fromHex, utf8 } from '../../base/bytes.ts'
import type { Did } from '../../identity/did.ts'
import { signedMessage } from '../../identity/domain.ts'
import { createSigner, generateSecretKey, type Signer } from '../../identity/signer.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { browserRandom } from './time.ts'

/**
 * The identity of a browser's host, kept in IndexedDB. Where WebCrypto has Ed25519 and X25519 the key is kept there and
 * cannot be taken out: a script that gets into the page may sign and read while it is there, but cannot carry the key
 * away. Both halves come of one seed, so that what is sealed to the did can be read (identity/sealing.ts); the seed is in
 * the page's memory at the moment of its making, when a script that were in the page could as well have made the key
 * itself. Older browsers keep the 32 secret bytes. One identity per origin; whoever clears the site's data is a new host.
 */
type IdentityRecord = { readonly did: Did } & (
  | { readonly kind: 'webcrypto'; readonly key: CryptoKey; readonly agreement: CryptoKey }
  | { readonly kind: 'bytes'; readonly secretKey: Uint8Array }
)

interface IdentitySchema extends DBSchema {
  identity: { key: string; value: IdentityRecord }
}

const OWN = 'own'

export async function loadOrCreateBrowserIdentity(databaseName = 'sojourn-identity'): Promise<Signer> {
  const database = await openDB<IdentitySchema>(databaseName, 1, {
    upgrade: (fresh) => {
      fresh.createObjectStore('identity')
    },
  })
  try {
    const record = (await database.get('identity', OWN)) ?? (await create(database))
    return signerOf(record)
  } finally {
    database.close()
  }
}

function signerOf(record: IdentityRecord): Signer {
  if (record.kind === 'bytes') return createSigner(record.secretKey)
  const { did, key, agreement } = record
  return {
    did,
    sign: async (domain, payload) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', key, signedMessage(domain, payload))),
    agree: async (theirs) => {
      const point = await crypto.subtle.importKey('raw', Uint8Array.from(theirs), 'X25519', false, [])
      return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: point }, agreement, 256))
    },
  }
}

async function create(database: IDBPDatabase<IdentitySchema>): Promise<IdentityRecord> {
  const record = await inWebCrypto(database).catch(() => inBytes())
  // Two tabs at their first start: one of them comes first, and both use its identity.
  const transaction = database.transaction('identity', 'readwrite')
  const earlier = await transaction.store.get(OWN)
  if (!earlier) await transaction.store.put(record, OWN)
  await transaction.done
  return earlier ?? record
}

/** Rejects where the browser lacks one of the curves, or cannot keep such keys; proved by using the keys as they were kept. */
async function inWebCrypto(database: IDBPDatabase<IdentitySchema>): Promise<IdentityRecord> {
  const seed = generateSecretKey(browserRandom)
  const { did } = createSigner(seed)
  const scalar = new Uint8Array(await crypto.subtle.digest('SHA-512', seed)).subarray(0, 32)
  const record: IdentityRecord = {
    kind: 'webcrypto',
    did,
    key: await crypto.subtle.importKey('pkcs8', der(ED25519_HEAD, seed), 'Ed25519', false, ['sign']),
    agreement: await crypto.subtle.importKey('pkcs8', der(X25519_HEAD, scalar), 'X25519', false, ['deriveBits']),
  }
  seed.fill(0)
  scalar.fill(0)
  const trial = `trial ${did}`
  await database.put('identity', record, trial)
  const kept = await database.get('identity', trial)
  await database.delete('identity', trial)
  if (kept?.kind !== 'webcrypto') throw new Error('the key was not kept')
  const signer = signerOf(kept)
  const payload = utf8('trial')
  if (!(await createVerifier().verify(did, 'rendezvous', payload, await signer.sign('rendezvous', payload))))
    throw new Error('the kept key does not sign')
  // The base point: any point of large order would do.
  await signer.agree(Uint8Array.of(9, ...new Uint8Array(31)))
  return kept
}

/** What stands before the 32 bytes of a private key in PKCS #8 (RFC 8410 section 7). */
const ED25519_HEAD = '302e020100300506032b657004220420'
const X25519_HEAD = '302e020100300506032b656e04220420'

const der = (head: string, key: Uint8Array): Bytes => concatBytes(fromHex(head) ?? new Uint8Array(), key)

function inBytes(): IdentityRecord {
  const secretKey = generateSecretKey(browserRandom)
  return { kind: 'bytes', did: createSigner(secretKey).did, secretKey }
}
