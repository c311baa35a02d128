import { plainText } from '../base/amounts.ts'
import type { HostSnapshot } from '../host/snapshot.ts'
import type { Did } from '../identity/did.ts'
import { Agents } from './agents.tsx'
import { Authors, Consent } from './authors.tsx'
import { Control } from './control.tsx'
import { Facts } from './facts.tsx'
import { HopMap } from './hop-map.tsx'
import { Hops } from './hops.tsx'
import { Hosts, Totals } from './hosts.tsx'
import { Journey } from './journey.tsx'
import { Mark } from './mark.tsx'
import { Notices } from './notices.tsx'
import type { ClusterView, PageActions, PageView } from './page-view.ts'
import { plainView } from './plain-view.ts'
import { Settings } from './settings.tsx'
import { Paintings } from './tile-picture.tsx'

/** Two names and a few words. */
const NEWS_CHARS_MAX = 240

/** The volunteer page as a whole: the first visit asks, every later one shows. */
interface Props {
  readonly view: PageView
  readonly actions: PageActions
  readonly nowMs: number
  /** The latest arrival or departure in one sentence, for screen readers. */
  readonly news: string
}

export function VolunteerPage({ view: alleged, actions, nowMs, news }: Props) {
  const view = plainView(alleged)
  return (
    <>
      <header class="masthead">
        <p class="brand">
          <Mark size={34} />
          <span>Sojourn</span>
        </p>
        <p class="cluster">{clusterText(view.cluster)}</p>
      </header>
      <main>
        <Notices view={view} actions={actions} />
        {view.phase === 'asking' ? (
          <Welcome view={view} actions={actions} />
        ) : (
          <Desk view={view} actions={actions} nowMs={nowMs} />
        )}
        <p class="visually-hidden" aria-live="polite">
          {plainText(news, NEWS_CHARS_MAX)}
        </p>
      </main>
      <footer class="colophon">
        <p>
          Sojourn runs JavaScript programs that stop in the middle of a loop, travel over WebRTC and go on elsewhere.
          Free software, MIT licence. <a href="./sim.html">Watch a simulated cluster, and break it.</a>
        </p>
      </footer>
    </>
  )
}

function clusterText(cluster: ClusterView): string {
  if (cluster.state === 'asking') return 'looking for the rendezvous…'
  return cluster.name ?? 'no rendezvous'
}

function Welcome({ view, actions }: Pick<Props, 'view' | 'actions'>) {
  return (
    <div class="welcome">
      <div class="welcome-words">
        <h1>Lend this tab to travelling programs</h1>
        <p class="lead">
          Sojourn lets programs, called agents, move between computers while they work. They stop in the middle of a
          loop, travel straight from browser to browser, and go on where they stopped. If you agree, some of them stay
          and work in this tab for as long as you let them.
        </p>
        <Journey />
      </div>
      <Consent cluster={view.cluster} authors={view.authors} actions={actions} />
      <Facts limits={view.limits} />
    </div>
  )
}

function Desk({ view, actions, nowMs }: Omit<Props, 'news'>) {
  const host = view.host ?? nobody(view.settings.slots)
  const lit = view.phase === 'lending' || view.phase === 'draining'
  return (
    <div class="desk">
      <Control view={view} actions={actions} />
      <section class="panel picture" aria-label="Hosts and hops">
        <HopMap host={host} nowMs={nowMs} lit={lit} />
        <Totals host={view.host} />
      </section>
      <div class="desk-main">
        <Agents
          host={host}
          authors={view.authors}
          slots={view.settings.slots}
          accepting={view.phase === 'lending'}
          nowMs={nowMs}
        />
        <Paintings paintings={view.paintings} />
      </div>
      <div class="desk-side">
        <Hops host={host} nowMs={nowMs} />
        <Hosts host={host} lit={lit} />
      </div>
      <Authors authors={view.authors} actions={actions} />
      <div class="desk-foot">
        <Settings view={view} actions={actions} />
        <details class="panel fold">
          <summary>
            <h2>What agents may do, and what leaves this machine</h2>
          </summary>
          <div class="fold-body">
            <Facts limits={view.limits} />
          </div>
        </details>
      </div>
    </div>
  )
}

/** The empty snapshot before the first start. */
const nobody = (slots: number): HostSnapshot => ({
  id: 'did:key:none' as Did,
  name: '',
  kind: 'tab',
  age: 0,
  state: 'paused',
  slots,
  agents: [],
  hops: [],
  acquaintances: [],
  refusals: [],
  totals: { finished: 0, hopsIn: 0, hopsOut: 0, fuel: 0, refused: 0 },
})
