import { type ReadonlySignal, signal } from '@preact/signals'
import { Workbox } from 'workbox-window'
import { UPDATE_POLL_MS } from './limits.ts'

/**
 * The service worker's side of the page: it keeps shell and engine for a start without the network, and a new version
 * waits until the owner asks for it. It never reloads a page that did not ask: agents may be at work there.
 */
export interface Updates {
  readonly ready: ReadonlySignal<boolean>
  /** Lets the waiting version take over, then reloads. Only after the agents have been handed over. */
  apply(): void
}

export function watchUpdates(scriptUrl: string): Updates {
  const ready = signal(false)
  if (!('serviceWorker' in navigator)) return { ready, apply: () => location.reload() }
  const workbox = new Workbox(scriptUrl)
  let asked = false
  const show = (): void => {
    ready.value = true
  }
  workbox.addEventListener('waiting', show)
  workbox.addEventListener('controlling', ({ isUpdate, isExternal }) => {
    if (asked) location.reload()
    // Another tab of this browser asked. This one goes on with what it has loaded and offers to follow.
    else if (isUpdate || isExternal) show()
  })
  workbox
    .register()
    .then((registration) => {
      if (registration) setInterval(() => void registration.update().catch(() => undefined), UPDATE_POLL_MS)
    })
    .catch((error: unknown) => console.warn('This browser keeps no copy for a start without the network.', error))
  return {
    ready,
    async apply() {
      asked = true
      const registration = await navigator.serviceWorker.getRegistration()
      if (registration?.waiting) workbox.messageSkipWaiting()
      else location.reload()
    },
  }
}
