import { effect, signal } from '@preact/signals'
import { render } from 'preact'
import { DEFAULT_POLICY } from '../../host/limits.ts'
import { browserClock, browserRandom, browserTimers } from '../../platform/browser/time.ts'
import { VolunteerPage } from '../../ui/page.tsx'
import '../../ui/style/style.css'
import { newsText } from '../../ui/wording.ts'
import { askCluster } from './ask-cluster.ts'
import { watchAsleep, watchDischarging, watchInstall, watchOnline } from './device.ts'
import { CLOCK_MS, PAGE_SLOTS_MAX } from './limits.ts'
import type { PreferenceMemory } from './preferences.ts'
import { watchUpdates } from './updates.ts'
import { createVolunteer } from './volunteer.ts'

/** The volunteer page: puts device, host and views together and starts. */
const cores = navigator.hardwareConcurrency || 2
const updates = watchUpdates('./service-worker.js')

const volunteer = createVolunteer({
  // The host and all it brings (WebRTC, storage, engine) load when they are first wanted, not before consent.
  startHost: async (wish) => (await import('./host.ts')).startHost(wish),
  askCluster,
  memory: preferenceMemory('sojourn-preferences'),
  clock: browserClock,
  timers: browserTimers,
  defaults: {
    slots: Math.min(PAGE_SLOTS_MAX, Math.max(1, cores - 1)),
    slotsMax: Math.min(PAGE_SLOTS_MAX, Math.max(2, cores)),
    name: `tab-${Array.from(browserRandom.bytes(2), (byte) => byte.toString(16).padStart(2, '0')).join('')}`,
  },
  limits: DEFAULT_POLICY,
  discharging: watchDischarging(),
  asleep: watchAsleep(),
  online: watchOnline(),
  install: watchInstall(),
  update: updates,
})

const nowMs = signal(Date.now())
setInterval(() => {
  if (document.visibilityState === 'visible') nowMs.value = Date.now()
}, CLOCK_MS)

const news = signal('')
let before = volunteer.view.peek().host
effect(() => {
  const { host } = volunteer.view.value
  if (host === null || host === before) return
  news.value = newsText(before, host) ?? news.peek()
  before = host
})

// A page in sight that goes out of it may be closed, frozen or discarded next, and `beforeunload` is the first to tell of a
// closing: what was done since the last checkpoint is made safe. A frozen page does nothing more, not even in its workers.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') volunteer.beware()
})
window.addEventListener('beforeunload', () => volunteer.beware())
document.addEventListener('freeze', () => volunteer.beware())

// The page may be closed, or kept whole for the back button; in the second case the host is gone when it comes back.
window.addEventListener('pagehide', () => volunteer.leave())
window.addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})

function Page() {
  return <VolunteerPage view={volunteer.view.value} actions={volunteer.actions} nowMs={nowMs.value} news={news.value} />
}

const root = document.getElementById('page')
if (root) {
  root.replaceChildren()
  render(<Page />, root)
}

/** A browser that keeps nothing (storage blocked) still works; consent is then asked at every visit. */
function preferenceMemory(key: string): PreferenceMemory {
  return {
    load() {
      try {
        return localStorage.getItem(key)
      } catch {
        return null
      }
    },
    save(text) {
      try {
        localStorage.setItem(key, text)
      } catch {
        // Kept in memory for this visit.
      }
    },
  }
}
