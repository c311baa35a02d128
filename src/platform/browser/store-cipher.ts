import { type IDBPObjectStore, openDB } from 'idb'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { sealedNames } from '../../storage/sealed-names.ts'
import type { StoreCipher } from '../../storage/sealed-store.ts'

/**
 * What a tab's host keeps is sealed with AES-256-GCM in WebCrypto, to a key that is made at the first start and cannot be
 * taken out of the browser; one that keeps no such keys keeps the 32 bytes of it instead. Who gets hold of files of the profile has bytes; who runs scripts in the page's origin, or the
 * whole profile and a browser to start on it, can have them opened. A nonce is never used twice: each opening of the store
 * draws 128 bits and derives a key of its own with them, under which values are counted.
 */
const SALT_BYTES = 16
const COUNT_BYTES = 8
const HEAD_BYTES = SALT_BYTES + COUNT_BYTES
const TAG_BYTES = 16
const NONCE_BYTES = 12

/** Keys of earlier openings that are kept at hand. */
const KEYS_MAX = 256

const OWN = 'own'

export async function openStoreCipher(databaseName: string): Promise<StoreCipher> {
  const master = await ownKey(databaseName)
  const names = sealedNames(
    new Uint8Array(
      await crypto.subtle.deriveBits(
        { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8('names') },
        master,
        256,
      ),
    ),
  )
  const derive = (salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
    crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt, info: utf8('values') },
      master,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    )
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const key = await derive(salt)
  let count = 0
  const keys = new Map<string, Promise<CryptoKey>>([[salt.join(), Promise.resolve(key)]])

  const keyOf = (salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> => {
    const name = salt.join()
    const known = keys.get(name) ?? derive(salt)
    keys.set(name, known)
    if (keys.size > KEYS_MAX) keys.delete(keys.keys().next().value ?? name)
    return known
  }

  return {
    names,
    async seal(name, value) {
      const counted = new Uint8Array(COUNT_BYTES)
      new DataView(counted.buffer).setBigUint64(0, BigInt(count++))
      const sealed = await crypto.subtle.encrypt(gcm(counted, name), key, Uint8Array.from(value))
      return concatBytes(salt, counted, new Uint8Array(sealed))
    },
    async open(name, sealed) {
      if (sealed.length < HEAD_BYTES + TAG_BYTES) return null
      const known = await keyOf(sealed.slice(0, SALT_BYTES))
      const opened = await crypto.subtle
        .decrypt(gcm(sealed.subarray(SALT_BYTES, HEAD_BYTES), name), known, sealed.slice(HEAD_BYTES))
        .catch(() => null)
      return opened && new Uint8Array(opened)
    },
  }
}

function gcm(counted: Uint8Array, name: string): AesGcmParams {
  const iv = new Uint8Array(NONCE_BYTES)
  iv.set(counted, NONCE_BYTES - COUNT_BYTES)
  return { name: 'AES-GCM', iv, additionalData: utf8(name), tagLength: 8 * TAG_BYTES }
}

/** Of two that start at once, both get the key that was kept. */
async function ownKey(databaseName: string): Promise<CryptoKey> {
  const database = await openDB(databaseName, 1, { upgrade: (fresh) => void fresh.createObjectStore('key') })
  try {
    const kept: unknown = await database.get('key', OWN)
    if (kept) return await keyOf(kept)
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const made = await keyOf(secret)
    const transaction = database.transaction('key', 'readwrite', { durability: 'strict' })
    const earlier: unknown = await transaction.store.get(OWN)
    if (!earlier) await putOne(transaction.store, made, secret)
    await transaction.done
    secret.fill(0)
    return earlier ? await keyOf(earlier) : made
  } finally {
    database.close()
  }
}

/** As the database has it. */
const keyOf = async (kept: unknown): Promise<CryptoKey> =>
  kept instanceof CryptoKey
    ? kept
    : crypto.subtle.importKey('raw', kept as Uint8Array<ArrayBuffer>, 'HKDF', false, ['deriveBits', 'deriveKey'])

type KeyStore = IDBPObjectStore<unknown, ['key'], 'key', 'readwrite'>

async function putOne(store: KeyStore, key: CryptoKey, secret: Uint8Array): Promise<void> {
  try {
    await store.put(key, OWN)
  } catch {
    // What cannot be cloned is refused at once, and the transaction goes on.
    await store.put(secret, OWN)
  }
}
