import { utf8 } from '../base/bytes.ts'
import { assertKey } from './key.ts'
import { type Store, StoreClosedError, StoreDamagedError, StoreKeyError } from './port.ts'
import { type SealedNames, wholeParts } from './sealed-names.ts'

/**
 * A store whose names and values lie sealed in another one, to a key of the host's own. What a value is sealed with is the
 * platform's; it binds the value to its name, so that two that are exchanged do not open. For stores that keep each value
 * by itself: the one of Node seals its own files by the chunk.
 */
export interface StoreCipher {
  readonly names: SealedNames
  /** Of bytes that are not changed meanwhile. Never twice under one nonce. */
  seal(name: string, value: Uint8Array): Promise<Uint8Array>
  /** Null where it was changed, is another name's, or was sealed with another key. */
  open(name: string, sealed: Uint8Array): Promise<Uint8Array | null>
}

/** The one record that says with which key the others are sealed. No key of ours begins so. */
const MARK = '~sealed'

/** Values of such keys can be had again; anything else that is damaged must not go unnoticed. */
export const isExpendable = (key: string): boolean => key.startsWith('block/') || key.startsWith('cached/')

/** Rejects with StoreKeyError where the inner store is another key's, or was never sealed; then nothing is changed in it. */
export async function openSealedStore(inner: Store, cipher: StoreCipher, place: string): Promise<Store> {
  const mark = await inner.read(MARK)
  if (mark) {
    if (!(await cipher.open(MARK, mark))) throw new StoreKeyError(`${place} is sealed to another host's key`)
  } else {
    if ((await inner.list('')).length > 0)
      throw new StoreKeyError(`${place} is not sealed, as an older version left it`)
    await inner.commit([{ key: MARK, value: await cipher.seal(MARK, utf8(MARK)) }])
  }

  let open = true
  const alive = (): void => {
    if (!open) throw new StoreClosedError(`${place} is closed`)
  }
  /** Resolves when all commits that were called have been given to the inner store, in their order. */
  let given: Promise<unknown> = Promise.resolve()

  return {
    async read(key) {
      alive()
      assertKey(key)
      await given
      const sealed = await inner.read(cipher.names.seal(key))
      if (!sealed) return null
      const value = await cipher.open(key, sealed)
      if (!value && !isExpendable(key)) throw new StoreDamagedError(`record ${key} in ${place} is damaged`)
      return value
    },
    async list(prefix) {
      alive()
      await given
      const sealed = await inner.list(cipher.names.seal(wholeParts(prefix)))
      const keys = sealed.flatMap((name) => (name === MARK ? [] : (cipher.names.open(name) ?? [])))
      return keys.filter((key) => key.startsWith(prefix)).sort()
    },
    async commit(writes) {
      alive()
      for (const { key } of writes) assertKey(key)
      const sealing = Promise.all(
        writes.map(async ({ key, value }) => ({
          key: cipher.names.seal(key),
          value: value && (await cipher.seal(key, value.slice())),
        })),
      )
      let done: Promise<void> = Promise.resolve()
      const before = given
      given = (async () => {
        await before
        const sealed = await sealing
        done = inner.commit(sealed)
        // Whoever called this commit hears of it below.
        done.catch(() => undefined)
      })()
      await given
      await done
    },
    async close() {
      alive()
      open = false
      await given.catch(() => undefined)
      await inner.close()
    },
  }
}
