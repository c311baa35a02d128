import type { Store } from '../../storage/port.ts'
import { linkStore } from './store-link.ts'

/**
 * The page's store: IndexedDB in a dedicated web worker, so that storage never holds up the page and goes on at full
 * speed in a hidden tab. Rejects with StoreLockedError while another tab of this browser has it open.
 */
export async function openBrowserStore(name: string): Promise<Store> {
  const worker = new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module', name: 'store' })
  try {
    const loaded = new Promise<never>((_, reject) => {
      worker.addEventListener('error', (event) => reject(new Error(`the store's web worker failed: ${event.message}`)))
    })
    const { store, fail } = await Promise.race([linkStore(name, worker), loaded])
    loaded.catch((error: Error) => fail(error.message))
    return { ...store, close: () => store.close().finally(() => worker.terminate()) }
  } catch (error) {
    worker.terminate()
    throw error
  }
}
