import { signal } from '@preact/signals'
import { h, render } from 'preact'
import { SimPage } from '../../../src/ui/sim/sim-page.tsx'
import type { SimFrame, SimNews } from '../../../src/ui/sim/sim-view.ts'
import { livingCluster, noSimActions, simView } from '../sim/fixtures.ts'

/** A made-up cluster: /sim.html?hosts=300&agents=400; `broken` for an invariant that does not hold. */
const wish = new URLSearchParams(location.search)
const [hosts, agents] = [Number(wish.get('hosts') ?? 120), Number(wish.get('agents') ?? 200)]
const cluster = livingCluster(hosts, agents)
const frames = signal<SimFrame | null>(null)
const news: SimNews[] = [
  {
    atMs: 61_200,
    kind: 'recovery',
    text: 'agent 31 goes on on host 40 from its checkpoint, 4.8 s after host 17 fell silent',
  },
  { atMs: 60_100, kind: 'hop', text: 'agent 12 moved from host 4 to host 88' },
  { atMs: 58_900, kind: 'end', text: 'agent 3 ended right' },
  { atMs: 56_400, kind: 'fault', text: 'host 17 was killed; it held 2 agents' },
  { atMs: 50_000, kind: 'heal', text: 'host 9 is connected again' },
]
const violation = wish.has('broken')
  ? {
      invariant: 'at most one holder runs an epoch',
      what: 'host 4 and host 17 both run agent 12 in epoch 3',
      seed: 7,
      command: 'npx sojourn sim --hosts 120 --agents 200 --seed 7',
    }
  : null
const root = document.getElementById('page')
setInterval(() => {
  frames.value = cluster.next()
}, 100)
setInterval(() => {
  const frame = frames.peek()
  if (root && frame)
    render(
      h(SimPage, {
        frames,
        view: simView({ frame: { ...frame, violation }, news, setup: { seed: 7, hosts, agents, witnesses: 3 } }),
        actions: noSimActions,
      }),
      root,
    )
}, 250)
