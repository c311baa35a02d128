import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { utf8 } from '../../base/bytes.ts'
import { type Did, didOf } from '../../identity/did.ts'
import { signedMessage } from '../../identity/domain.ts'
import { createSigner, generateSecretKey, type Signer } from '../../identity/signer.ts'
import { browserRandom } from './time.ts'

/**
 * The identity of a browser's host, kept in IndexedDB. Where WebCrypto has Ed25519 the key is made there and cannot be
 * taken out: a script that gets into the page may sign while it is there, but cannot carry the key away. Older browsers
 * keep the 32 secret bytes. One identity per origin; whoever clears the site's data is a new host.
 */
type IdentityRecord = { readonly did: Did } & (
  | { readonly kind: 'webcrypto'; readonly key: CryptoKey }
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
  return {
    did: record.did,
    sign: async (domain, payload) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', record.key, signedMessage(domain, payload))),
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

/** Rejects where the browser has no Ed25519, or cannot keep such a key; proved by signing with the key as it was kept. */
async function inWebCrypto(database: IDBPDatabase<IdentitySchema>): Promise<IdentityRecord> {
  const made = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  if (!('privateKey' in made)) throw new Error('no key pair')
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', made.publicKey))
  const record: IdentityRecord = { kind: 'webcrypto', did: didOf(publicKey), key: made.privateKey }
  const trial = `trial ${record.did}`
  await database.put('identity', record, trial)
  const kept = await database.get('identity', trial)
  await database.delete('identity', trial)
  if (kept?.kind !== 'webcrypto') throw new Error('the key was not kept')
  const message = utf8('trial')
  const signature = await crypto.subtle.sign('Ed25519', kept.key, message)
  if (!(await crypto.subtle.verify('Ed25519', made.publicKey, signature, message)))
    throw new Error('the kept key does not sign')
  return kept
}

function inBytes(): IdentityRecord {
  const secretKey = generateSecretKey(browserRandom)
  return { kind: 'bytes', did: createSigner(secretKey).did, secretKey }
}
