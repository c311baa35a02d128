/** Entry of the web worker that keeps the page's store: off the page's thread, where timers and disk waits cost nothing. */
import { openSealedStore } from '../../storage/sealed-store.ts'
import { openIndexedDbStore } from './indexed-db.ts'
import { openStoreCipher } from './store-cipher.ts'
import { exposeStore } from './store-link.ts'

declare const self: DedicatedWorkerGlobalScope

exposeStore(async (name) => {
  const inner = await openIndexedDbStore(name, self.navigator.locks)
  try {
    return await openSealedStore(inner, await openStoreCipher(`${name}-key`), 'this browser’s store')
  } catch (error) {
    await inner.close()
    throw error
  }
}, self)
