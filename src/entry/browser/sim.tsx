import { render } from 'preact'
import { browserClock } from '../../platform/browser/time.ts'
import { SimPage } from '../../ui/sim/sim-page.tsx'
import type { SimReport } from './sim-orders.ts'
import { createSession } from './sim-session.ts'
import { readSetup, writeSetup } from './sim-setup.ts'
import '../../ui/style/style.css'
import '../../ui/style/sim-panels.css'
import '../../ui/style/sim.css'

/** The page of the simulator: the cluster runs in a web worker, this window only draws it. */
const worker = new Worker(new URL('./sim.worker.ts', import.meta.url), { type: 'module', name: 'simulator' })
const setup = readSetup(location.hash)
const session = createSession(
  setup,
  browserClock,
  (order) => worker.postMessage(order),
  (next) => history.replaceState(null, '', writeSetup(next)),
)

worker.addEventListener('message', ({ data }: MessageEvent<SimReport>) => session.take(data))
worker.addEventListener('error', ({ message }) =>
  session.take({ kind: 'failed', reason: message || 'it did not load' }),
)
worker.postMessage({ kind: 'start', setup })

document.addEventListener('visibilitychange', () => session.setHidden(document.visibilityState === 'hidden'))
// Somebody follows a link to another run of this page.
window.addEventListener('hashchange', () => session.actions.restart(readSetup(location.hash)))

function Page() {
  return <SimPage view={session.view.value} frames={session.frames} actions={session.actions} />
}

const root = document.getElementById('page')
if (root) {
  root.replaceChildren()
  render(<Page />, root)
}
