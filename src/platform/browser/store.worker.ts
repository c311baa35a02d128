/** Entry of the web worker that keeps the page's store: off the page's thread, where timers and disk waits cost nothing. */
import { openIndexedDbStore } from './indexed-db.ts'
import { exposeStore } from './store-link.ts'

declare const self: DedicatedWorkerGlobalScope

exposeStore((name) => openIndexedDbStore(name, self.navigator.locks), self)
