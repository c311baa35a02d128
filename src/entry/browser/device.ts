import { type ReadonlySignal, signal } from '@preact/signals'

/**
 * What the browser tells about this machine, as signals: network, battery, whether the page is in sight, whether it can
 * be installed. Each has an answer for browsers that do not tell.
 */

/** The browser's own guess; "on line" does not promise that anybody can be reached. */
export function watchOnline(): ReadonlySignal<boolean> {
  const online = signal(navigator.onLine)
  addEventListener('online', () => {
    online.value = true
  })
  addEventListener('offline', () => {
    online.value = false
  })
  return online
}

/** Chromium's BatteryManager (https://w3c.github.io/battery/); other browsers do not have it. */
interface Battery extends EventTarget {
  readonly charging: boolean
}

/** Null where the browser does not tell. A machine without a battery says that it is charging. */
export function watchDischarging(): ReadonlySignal<boolean | null> {
  const discharging = signal<boolean | null>(null)
  const asked = (navigator as Navigator & { getBattery?: () => Promise<Battery> }).getBattery?.()
  asked?.then(
    (battery) => {
      const look = (): void => {
        discharging.value = !battery.charging
      }
      battery.addEventListener('chargingchange', look)
      look()
    },
    () => undefined,
  )
  return discharging
}

/**
 * Phones and tablets stop a page some seconds after it is out of sight, so agents had better leave at once. Computers
 * let a hidden page go on; there this stays false.
 */
export function watchAsleep(): ReadonlySignal<boolean> {
  const asleep = signal(false)
  if (!matchMedia('(hover: none) and (pointer: coarse)').matches) return asleep
  const look = (): void => {
    asleep.value = document.visibilityState === 'hidden'
  }
  document.addEventListener('visibilitychange', look)
  look()
  return asleep
}

/** Chromium's offer to install the page (https://wicg.github.io/manifest-incubations/#beforeinstallpromptevent). */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>
}

export function watchInstall(): { readonly offered: ReadonlySignal<boolean>; readonly ask: () => void } {
  const offered = signal(false)
  let offer: InstallOffer | null = null
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offer = event as InstallOffer
    offered.value = true
  })
  addEventListener('appinstalled', () => {
    offered.value = false
  })
  return {
    offered,
    ask: () => {
      // An offer can be used once.
      void offer?.prompt()
      offer = null
      offered.value = false
    },
  }
}
