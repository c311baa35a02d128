/** What keys do in a realm: every verifier there on the cases it is given, and what a browser keeps sealed. For tests only. */
import { fromHex, utf8 } from '../../src/base/bytes.ts'
import { seededRandom } from '../../src/base/random.ts'
import { didOf, parseDid } from '../../src/identity/did.ts'
import { verifyOnCurve } from '../../src/identity/ed25519.ts'
import { openSealed, sealTo } from '../../src/identity/sealing.ts'
import { createVerifier, type Verifier } from '../../src/identity/verifier.ts'
import { loadOrCreateBrowserIdentity } from '../../src/platform/browser/identity.ts'
import { openIndexedDbStore } from '../../src/platform/browser/indexed-db.ts'
import { openStoreCipher } from '../../src/platform/browser/store-cipher.ts'
import { openSealedStore } from '../../src/storage/sealed-store.ts'
import { EDGE_DOMAIN, type EdgeCase } from '../identity/edge-cases.ts'

export interface Question {
  readonly cases: readonly EdgeCase[]
  /** RFC 8032's: key, message, signature. */
  readonly vectors: readonly (readonly [string, string, string])[]
}

export interface Verdicts {
  readonly cases: readonly boolean[]
  readonly vectors: readonly boolean[]
}

export interface Told {
  readonly library: Verdicts
  readonly webCrypto: Verdicts
  readonly sealed: unknown
}

const bytes = (hex: string): Uint8Array<ArrayBuffer> => fromHex(hex) ?? new Uint8Array()

/** As hosts do: a key is looked at where a did is parsed, a signature where it is verified. */
async function judged(verifier: Verifier, { key, payload, signature }: EdgeCase): Promise<boolean> {
  const did = parseDid(didOf(bytes(key)))
  return did.ok && verifier.verify(did.value, EDGE_DOMAIN, bytes(payload), bytes(signature))
}

export async function answer(request: Uint8Array): Promise<Uint8Array> {
  const { cases, vectors }: Question = JSON.parse(new TextDecoder().decode(request))
  const subtle = crypto.subtle
  const told: Told = {
    library: {
      cases: await Promise.all(cases.map((one) => judged(createVerifier(), one))),
      vectors: vectors.map(([key, message, signature]) => verifyOnCurve(bytes(key), bytes(message), bytes(signature))),
    },
    webCrypto: {
      cases: await Promise.all(cases.map((one) => judged(createVerifier(subtle), one))),
      // Without our verifier around it: so it is known that the realm has Ed25519 of its own.
      vectors: await Promise.all(
        vectors.map(async ([key, message, signature]) => {
          const imported = await subtle.importKey('raw', bytes(key), 'Ed25519', false, ['verify'])
          return subtle.verify('Ed25519', imported, bytes(signature), bytes(message))
        }),
      ),
    },
    sealed: typeof indexedDB === 'undefined' ? null : await keptAndRead(),
  }
  return utf8(JSON.stringify(told))
}

async function keptAndRead(): Promise<object> {
  const { did } = await loadOrCreateBrowserIdentity('realm identity')
  const reader = await loadOrCreateBrowserIdentity('realm identity')
  const opened = await openSealed(reader, sealTo(did, '"for the tab"', 'a test', seededRandom(1)))
  const smallOrder = await reader.agree(new Uint8Array(32)).then(
    () => 'taken',
    () => 'refused',
  )
  const kept = await recordIn('realm identity', 'identity', 'own')
  const open = async () => {
    const inner = await openIndexedDbStore('realm store', navigator.locks)
    return openSealedStore(inner, await openStoreCipher('realm store-key'), 'the store')
  }
  const store = await open()
  await store.commit([{ key: 'row/agent-of-mine', value: utf8('what only this host shall read') }])
  await store.close()
  const again = await open()
  const value = await again.read('row/agent-of-mine')
  await again.close()
  return {
    same: did === reader.did,
    opened,
    smallOrder,
    kind: (kept as { kind: string }).kind,
    extractable: [
      (kept as { key: CryptoKey }).key.extractable,
      (kept as { agreement: CryptoKey }).agreement.extractable,
      ((await recordIn('realm store-key', 'key', 'own')) as CryptoKey).extractable,
    ],
    value: value && new TextDecoder().decode(value),
    inTheClear: await namesAndValuesHold('realm store', ['agent-of-mine', 'what only this host']),
  }
}

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

async function recordIn(database: string, store: string, key: string): Promise<unknown> {
  const open = await asked(indexedDB.open(database))
  const record: unknown = await asked(open.transaction(store).objectStore(store).get(key))
  open.close()
  return record
}

async function namesAndValuesHold(database: string, texts: readonly string[]): Promise<boolean> {
  const open = await asked(indexedDB.open(database))
  const store = open.transaction('record').objectStore('record')
  const [names, values] = await Promise.all([asked(store.getAllKeys()), asked(store.getAll())])
  open.close()
  const all = names.join() + values.map((value: Uint8Array) => String.fromCharCode(...value)).join()
  return texts.some((text) => all.includes(text))
}
