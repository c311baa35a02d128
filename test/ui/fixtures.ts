import type { AgentId } from '../../src/directory/agent-id.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import type { AgentSnapshot, HopSnapshot, HostSnapshot } from '../../src/host/snapshot.ts'
import type { Did } from '../../src/identity/did.ts'
import type { AllegedDelegation } from '../../src/permit/delegation.ts'
import { policyOfTerms } from '../../src/permit/terms.ts'
import type { PageActions, PageView } from '../../src/ui/page-view.ts'

/** Made-up snapshots for tests of the views and for looking at them. The keys are texts of the right shape only. */
export const NOW_MS = Date.UTC(2026, 4, 3, 14, 0, 0)

export const did = (tail: string): Did => `did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnE${tail}` as Did

export const SELF = did('SelfTab')
export const LAUNCHER = did('aunchEr')
export const EDGES = ['alder', 'birch', 'cedar'].map((name, i) => ({
  id: did(`edge${name.slice(0, 3)}`),
  name,
  kind: 'edge' as const,
  agents: i + 1,
  slots: 4,
  ground: 'static' as const,
}))
export const TABS = ['Kitchen laptop', 'phone'].map((name, i) => ({
  id: did(`tab${i}xyz`),
  name,
  kind: 'tab' as const,
  agents: i,
  slots: 1,
  ground: 'open' as const,
}))
export const AUTHORS = [
  { did: did('AuthorA'), name: 'Sojourn examples', isRoot: false, agreedMs: NOW_MS - 9 * 86_400_000 },
  { did: did('AuthorB'), name: 'Institute of Rulers', isRoot: true, agreedMs: null },
]

export const agent = (sequence: number, over: Partial<AgentSnapshot> = {}): AgentSnapshot => ({
  id: `${LAUNCHER.slice(8)}.3.${sequence}` as AgentId,
  name: 'golomb',
  author: did('AuthorA'),
  launcher: LAUNCHER,
  permit: [],
  home: LAUNCHER,
  epoch: 4,
  state: 'running',
  progress: 0.42,
  note: 'stub 31 of 74, best so far 72',
  fuelUsed: 1.82e9,
  fuelMax: 8e9,
  memoryBytes: 1_310_720,
  hops: 3,
  sinceMs: NOW_MS - 83_000,
  ...over,
})

export const hop = (sequence: number, over: Partial<HopSnapshot> = {}): HopSnapshot => ({
  agent: `${LAUNCHER.slice(8)}.3.${sequence}` as AgentId,
  name: 'golomb',
  from: EDGES[0].id,
  to: SELF,
  reason: 'place',
  atMs: NOW_MS - 4_000 * sequence,
  tookMs: 38,
  bytes: 29_400,
  ...over,
})

export const host = (over: Partial<HostSnapshot> = {}): HostSnapshot => ({
  id: SELF,
  name: 'study',
  kind: 'tab',
  age: 7,
  state: 'running',
  slots: 3,
  agents: [
    agent(11),
    agent(12, {
      name: 'survey',
      state: 'arriving',
      progress: null,
      note: '',
      hops: 5,
      fuelUsed: 3.1e6,
      sinceMs: NOW_MS - 900,
    }),
    agent(13, {
      name: 'mandelbrot',
      state: 'leaving',
      progress: 0.93,
      note: 'row 476 of 512',
      fuelUsed: 6.9e9,
      hops: 1,
      sinceMs: NOW_MS - 220_000,
    }),
  ],
  hops: [
    hop(0, { from: SELF, to: EDGES[2].id, name: 'mandelbrot', reason: 'evict', tookMs: null, atMs: NOW_MS - 1_200 }),
    hop(1, { from: EDGES[1].id, name: 'survey', reason: 'move' }),
    hop(2, { from: LAUNCHER }),
    hop(3, { from: EDGES[0].id, reason: 'recover', tookMs: 410 }),
    hop(4, { from: SELF, to: TABS[0].id, reason: 'order', name: 'an agent with a very long name indeed' }),
    hop(5, { from: TABS[1].id, reason: 'evict' }),
    hop(20, { from: EDGES[1].id, reason: 'move' }),
    hop(45, { from: EDGES[1].id, reason: 'move' }),
  ],
  acquaintances: [
    ...EDGES,
    ...TABS,
    { id: LAUNCHER, name: 'demo', kind: 'launcher', agents: 0, slots: 0, ground: 'open' as const },
  ],
  refusals: [],
  totals: { finished: 14, hopsIn: 31, hopsOut: 17, fuel: 8.41e10, refused: 2 },
  ...over,
})

export const view = (over: Partial<PageView> = {}): PageView => ({
  phase: 'lending',
  held: null,
  cluster: { state: 'known', name: 'Demonstration cluster' },
  authors: AUTHORS,
  host: host(),
  settings: {
    slots: 3,
    slotsMax: 8,
    name: 'study',
    pauseOnBattery: false,
    discharging: null,
    relayOnly: false,
    relayOffered: false,
  },
  limits: DEFAULT_POLICY,
  online: true,
  update: 'none',
  problem: null,
  paintings: [],
  installable: false,
  ...over,
})

const ignore = (): void => {}

export const noActions: PageActions = {
  agree: ignore,
  withdraw: ignore,
  start: ignore,
  pause: ignore,
  setSlots: ignore,
  rename: ignore,
  setPauseOnBattery: ignore,
  setRelayOnly: ignore,
  askClusterAgain: ignore,
  update: ignore,
  install: ignore,
}

/** Grid root, institute, launcher: each with less. */
export const CHAIN: readonly AllegedDelegation[] = [
  { issuer: did('AuthorB'), audience: did('AuthorA'), quota: { fuel: 1e12, memoryBytes: 64 * 1024 ** 2 }, days: 30 },
  { issuer: did('AuthorA'), audience: LAUNCHER, quota: { fuel: 1e10, children: 0 }, days: 7 },
].map(({ issuer, audience, quota, days }, at) => ({
  issuer,
  audience,
  subject: did('AuthorB'),
  command: '/agent/run',
  policy: policyOfTerms({ quota, ...(at === 1 && { calls: ['move', 'emit'], bundle: 'bafyreigolomb' }) }),
  meta: {},
  notBeforeMs: null,
  expiresMs: NOW_MS + days * 86_400_000,
  cid: `bafyreilink${at}` as AllegedDelegation['cid'],
  bytes: new Uint8Array(),
}))
