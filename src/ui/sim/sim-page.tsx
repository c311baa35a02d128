import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { Mark } from '../mark.tsx'
import { Chosen } from './chosen.tsx'
import { Faults } from './faults.tsx'
import { InWords } from './in-words.tsx'
import { type Cut, groupsOf } from './layout.ts'
import { Legend } from './legend.tsx'
import { News } from './news.tsx'
import { Picture, type Tool } from './picture.tsx'
import { RunSettings } from './run-settings.tsx'
import type { SimActions, SimFrame, SimPageView } from './sim-view.ts'
import { Transport } from './transport.tsx'
import { Truth } from './truth.tsx'

/** The page of the simulator: a cluster to look at, and to break. */
interface Props {
  readonly view: SimPageView
  /** Every frame, for the picture; `view` may lag behind it. */
  readonly frames: ReadonlySignal<SimFrame | null>
  readonly actions: SimActions
}

export function SimPage({ view, frames, actions }: Props) {
  const [chosen, setChosen] = useState<number | null>(null)
  const [tool, setTool] = useState<Tool>('look')
  const [cuts, setCuts] = useState<readonly Cut[]>([])
  const hosts = view.frame?.hosts.length ?? 0

  const part = (next: readonly Cut[]): void => {
    setCuts(next)
    setTool('look')
    actions.partition(groupsOf(hosts, next))
  }
  const choose = (host: number | null): void => {
    if (tool === 'link' && chosen !== null && host !== null && host !== chosen) {
      actions.setLink(chosen, host, isCut(view.frame, chosen, host))
      setTool('look')
      return
    }
    if (tool !== 'cut') setTool('look')
    setChosen(host)
  }
  const healAll = (): void => {
    setCuts([])
    setTool('look')
    actions.healAll()
  }
  // A new cluster is whole, and its hosts are others.
  useEffect(() => {
    if (view.phase !== 'building') return
    setCuts([])
    setChosen(null)
    setTool('look')
  }, [view.phase])

  return (
    <>
      <header class="masthead">
        <p class="brand">
          <Mark size={34} />
          <span>Sojourn</span>
        </p>
        <p class="cluster">
          <a href="./">Lend this tab</a>
        </p>
      </header>
      <main class="sim">
        <div class="sim-intro">
          <h1>A cluster you can break</h1>
          <p class="lead">
            The orange dots are programs at work, travelling between simulated hosts that run Sojourn’s own code. Kill
            hosts, cut the cluster in two, freeze tabs: every program still ends, once, with the right result.
          </p>
        </div>
        <Truth view={view} />
        <section class="panel sim-stage" aria-label="The cluster">
          <Transport
            view={view}
            actions={actions}
            tool={tool}
            parted={cuts.length > 0}
            onTool={setTool}
            onHeal={healAll}
          />
          <Picture
            frames={frames}
            cuts={cuts}
            chosen={chosen}
            tool={tool}
            onChoose={choose}
            onCut={(cut) => part([...cuts, cut])}
          />
          <Legend />
        </section>
        <div class="sim-side">
          <Chosen
            view={view}
            chosen={chosen}
            actions={actions}
            linking={tool === 'link'}
            onChoose={setChosen}
            onTool={setTool}
          />
          <Faults view={view} actions={actions} />
        </div>
        <div class="sim-below">
          <News news={view.news} />
          <InWords frame={view.frame} />
        </div>
        <RunSettings setup={view.setup} actions={actions} />
      </main>
      <footer class="colophon">
        <p>
          The hosts, what they say to each other and what they keep on disk are the code of real ones; network, disks,
          time and programs are simulated, from the seed. The same runs as <code>sojourn sim</code>.
        </p>
      </footer>
    </>
  )
}

const isCut = (frame: SimFrame | null, a: number, b: number): boolean =>
  frame?.cutLinks.some(([x, y]) => (x === a && y === b) || (x === b && y === a)) ?? false
