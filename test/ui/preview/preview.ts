import { h, render } from 'preact'
import { VolunteerPage } from '../../../src/ui/page.tsx'
import type { PageView } from '../../../src/ui/page-view.ts'
import { addTile, type Painting, parseTile } from '../../../src/ui/tile.ts'
import { AUTHORS, agent, CHAIN, did, EDGES, hop, host, NOW_MS, noActions, SELF, view } from '../fixtures.ts'

/** One made-up state of the page each: /?scene=asking … */
const paused = host({ agents: [], state: 'paused', acquaintances: [], hops: [] })
const many = Array.from({ length: 40 }, (_, i) => ({
  id: did(`h${String(i).padStart(6, '0')}`),
  name: `host ${i}`,
  kind: 'edge' as const,
  agents: i % 3,
  slots: 4,
  ground: 'open' as const,
}))

const SCENES: Readonly<Record<string, () => Partial<PageView>>> = {
  asking: () => ({ phase: 'asking', authors: AUTHORS.map((author) => ({ ...author, agreedMs: null })), host: null }),
  'asking-one': () => ({ phase: 'asking', authors: AUTHORS.slice(1), host: null }),
  loading: () => ({ phase: 'asking', authors: [], host: null, cluster: { state: 'asking' } }),
  unreachable: () => ({
    phase: 'asking',
    authors: [],
    host: null,
    cluster: { state: 'unreachable', name: null },
    online: false,
  }),
  'no-authors': () => ({ phase: 'asking', authors: [], host: null }),
  resting: () => ({ phase: 'resting', host: null, authors: AUTHORS.slice(0, 1) }),
  parked: () => ({ phase: 'resting', host: host({ agents: [agent(1, { state: 'parked' })], acquaintances: [] }) }),
  battery: () => ({
    phase: 'resting',
    held: 'battery',
    host: paused,
    settings: { ...view().settings, discharging: true, pauseOnBattery: true },
  }),
  starting: () => ({ phase: 'starting', host: null }),
  alone: () => ({ host: host({ agents: [], hops: [], acquaintances: [] }) }),
  lending: () => ({}),
  permitted: () => ({ host: host({ agents: [agent(1, { permit: CHAIN, state: 'arriving' }), agent(2)] }) }),
  refused: () => ({
    host: host({
      agents: [],
      hops: [],
      acquaintances: [],
      refusals: [
        { id: did('edgeald'), code: 'NOT_ADMITTED', reason: 'an invitation is needed to join' },
        { id: did('edgebir'), code: 'NOT_ADMITTED', reason: 'an invitation is needed to join' },
        { id: did('edgeced'), code: 'OLD_AGE', reason: 'age 3 < 9, which it has been: it was set back' },
      ],
    }),
  }),
  painting: () => ({ paintings: painting() }),
  many: () => ({
    host: host({
      acquaintances: many,
      slots: 12,
      hops: many.slice(0, 30).map((other, i) => hop(i, { from: other.id })),
    }),
    settings: { ...view().settings, slots: 12, slotsMax: 16 },
  }),
  draining: () => ({ phase: 'draining' }),
  update: () => ({ update: 'ready' }),
  offline: () => ({ online: false }),
  failed: () => ({
    phase: 'failed',
    host: null,
    problem:
      'This browser keeps no data for this page (IndexedDB is switched off), so agents could be lost. Leave private browsing and try again.',
  }),
  elsewhere: () => ({ phase: 'elsewhere', host: null }),
}

function painting(): readonly Painting[] {
  const [W, H, EDGE] = [480, 320, 80]
  let paintings: readonly Painting[] = []
  for (let y = 0; y < H; y += EDGE) {
    for (let x = 0; x < W; x += EDGE) {
      if ((x / EDGE + y / EDGE) % 3 === 2) continue
      const pixels = Array.from({ length: EDGE * EDGE }, (_, i) =>
        escapeTime(((x + (i % EDGE)) / W) * 3.2 - 2.2, ((y + Math.floor(i / EDGE)) / H) * 2.2 - 1.1),
      )
      const tile = parseTile({ x, y, width: EDGE, height: EDGE, pixels, of: { width: W, height: H } })
      if (tile) paintings = addTile(paintings, 'fixture', 'mandelbrot', tile)
    }
  }
  return paintings
}

function escapeTime(cx: number, cy: number): number {
  let [x, y] = [0, 0]
  for (let i = 0; i < 255; i++) {
    if (x * x + y * y > 4) return Math.min(255, 1 + i * 4)
    ;[x, y] = [x * x - y * y + cx, 2 * x * y + cy]
  }
  return 0
}

/** Agents come and go: for watching the page move, and for measuring that it does not jump. */
function live(beat: number): Partial<PageView> {
  const here = Array.from({ length: [0, 1, 2, 3, 3, 2, 1][beat % 7] ?? 0 }, (_, i) =>
    agent(Math.floor(beat / 7) * 7 + i, { progress: ((beat * 7 + i * 31) % 100) / 100, sinceMs: NOW_MS + i }),
  )
  const hops = Array.from({ length: Math.min(beat, 12) }, (_, i) => {
    const edge = EDGES[(beat - i) % 3]?.id ?? SELF
    const way = (beat - i) % 2 ? { from: edge, to: SELF } : { from: SELF, to: edge }
    return hop(beat - i, { ...way, reason: 'move', atMs: NOW_MS + 1_000 * (beat - i) })
  })
  return { host: host({ agents: here, hops }) }
}

const scene = new URLSearchParams(location.search).get('scene') ?? 'lending'
const root = document.getElementById('page')
const draw = (nowMs: number, shown: Partial<PageView>): void => {
  if (root) render(h(VolunteerPage, { view: view(shown), actions: noActions, nowMs, news: '' }), root)
}
if (scene === 'live') {
  let beat = 0
  const next = (): void => draw(NOW_MS + 1_000 * ++beat + 300, live(beat))
  next()
  setInterval(next, 1_000)
} else draw(NOW_MS, SCENES[scene]?.() ?? {})
