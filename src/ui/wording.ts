import { brief, durationText } from '../base/amounts.ts'
import type { AgentSnapshot, HopReason, HopSnapshot, HostKind, HostSnapshot } from '../host/snapshot.ts'
import { type Did, shortDid } from '../identity/did.ts'
import type { Hold, Phase } from './page-view.ts'

/** How the page says things: plain words for states, reasons, times and amounts. Pure; no mark-up, no clock. */

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

export const agentsText = (n: number): string => count(n, 'agent', 'agents')

export const placesText = (n: number): string => count(n, 'place', 'places')

/** A host's name for people: the page's own host is "this tab"; a stranger is the end of its key. */
export function hostName(id: Did, host: Pick<HostSnapshot, 'id' | 'acquaintances'>): string {
  if (id === host.id) return 'this tab'
  return host.acquaintances.find((other) => other.id === id)?.name || `…${shortDid(id)}`
}

export type Direction = 'in' | 'out' | 'by'

/** `by`: a hop between two other hosts that this one has heard of, as the home of the agent. */
export const directionOf = (hop: Pick<HopSnapshot, 'from' | 'to'>, self: Did): Direction =>
  hop.to === self ? 'in' : hop.from === self ? 'out' : 'by'

const REASONS: Readonly<Record<HopReason, Readonly<Record<Direction, string>>>> = {
  place: { in: 'sent here to work', out: 'placed on another host', by: 'placed by its home' },
  move: { in: 'it asked to come here', out: 'it asked to move on', by: 'it asked to move' },
  evict: { in: 'its last host was needed back', out: 'this tab stopped lending', by: 'its host was needed back' },
  order: { in: 'its launcher moved it here', out: 'its launcher moved it away', by: 'its launcher moved it' },
  recover: {
    in: 'its last host fell silent',
    out: 'this tab fell silent',
    by: 'its host fell silent',
  },
}

export const reasonText = (reason: HopReason, direction: Direction): string => REASONS[reason][direction]

/** One sentence for a hop, for the live region and for screen readers. */
export function hopSentence(hop: HopSnapshot, host: Pick<HostSnapshot, 'id' | 'acquaintances'>): string {
  const direction = directionOf(hop, host.id)
  if (direction === 'in') return `${hop.name} arrived from ${hostName(hop.from, host)}`
  if (direction === 'out') return `${hop.name} left for ${hostName(hop.to, host)}`
  return `${hop.name} moved from ${hostName(hop.from, host)} to ${hostName(hop.to, host)}`
}

const AGENT_STATES: Readonly<Record<AgentSnapshot['state'], string>> = {
  arriving: 'arriving',
  running: 'running',
  waiting: 'waiting',
  frozen: 'frozen',
  leaving: 'leaving',
  parked: 'parked here',
}

export const agentStateText = (state: AgentSnapshot['state']): string => AGENT_STATES[state]

const GROUNDS: Readonly<Record<Acquaintance['ground'], string>> = {
  static: 'let in by name',
  author: 'let in for its author',
  invited: 'let in by invitation',
  open: 'let in as anybody',
}

type Acquaintance = HostSnapshot['acquaintances'][number]

/** On what ground a host was let in here. */
export const groundText = (ground: Acquaintance['ground']): string => GROUNDS[ground]

/** Who does not let this tab in, and why: a sentence for each reason. */
export function refusalSentences({ refusals }: Pick<HostSnapshot, 'refusals'>): string[] {
  const byReason = new Map<string, Did[]>()
  for (const { id, code, reason } of refusals) {
    // In the words of a stranger, who could go on and on.
    const said = reason.length > 200 ? `${reason.slice(0, 200)}…` : reason
    const why = code === 'OLD_AGE' ? `it takes this tab for an old copy of itself (${said})` : said
    byReason.set(why, [...(byReason.get(why) ?? []), id])
  }
  return [...byReason].map(([why, [first, ...more]]) => {
    if (first === undefined) return ''
    const who = more.length === 0 ? `…${shortDid(first)} does` : `${more.length + 1} hosts do`
    return `${who} not let this tab in: ${why}.`
  })
}

const KINDS: Readonly<Record<HostKind, string>> = { edge: 'edge worker', tab: 'browser tab', launcher: 'launcher' }

export const kindText = (kind: HostKind): string => KINDS[kind]

/** The one sentence at the top: what this tab is doing now. */
export function phaseText(phase: Phase, held: Hold | null, agentsHere: number, slots: number): string {
  switch (phase) {
    case 'asking':
      return 'Nothing runs here. Your consent comes first.'
    case 'resting':
      if (held === 'battery') return 'Resting while this machine runs on its battery.'
      if (held === 'hidden') return 'Resting while this page is out of sight.'
      return agentsHere > 0 ? `Paused. ${agentsText(agentsHere)} parked in this browser.` : 'Paused. Nothing runs here.'
    case 'waiting':
      return 'Waiting for the rendezvous to answer.'
    case 'starting':
      return 'Going on line…'
    case 'lending':
      if (agentsHere === 0) return `Lending ${placesText(slots)}. No agent is here.`
      return `Lending ${placesText(slots)}. ${agentsText(agentsHere)} ${agentsHere === 1 ? 'works' : 'work'} here.`
    case 'draining':
      return agentsHere > 0 ? `Handing over ${agentsText(agentsHere)}…` : 'Going off line…'
    case 'elsewhere':
      return 'Sojourn already runs in another tab of this browser.'
    case 'failed':
      return 'This tab cannot be a host now.'
  }
}

/** How long ago, rounded as people say it. A clock that is slightly ahead counts as now. */
export function agoText(elapsedMs: number): string {
  if (elapsedMs < 5_000) return 'just now'
  return `${durationText(elapsedMs)} ago`
}

/** Fuel is counted in steps of the engine. */
export function stepsText(fuel: number): string {
  if (fuel < 1e3) return `${Math.round(fuel)} steps`
  if (fuel < 1e6) return `${brief(fuel / 1e3)} thousand steps`
  if (fuel < 1e9) return `${brief(fuel / 1e6)} million steps`
  if (fuel < 1e12) return `${brief(fuel / 1e9)} billion steps`
  return `${brief(fuel / 1e12)} trillion steps`
}

/** Large counts where space is short: 940, 12 k, 3.4 m, 18 bn. */
export function amountText(n: number): string {
  if (n < 1e3) return `${Math.round(n)}`
  if (n < 1e6) return `${brief(n / 1e3)} k`
  if (n < 1e9) return `${brief(n / 1e6)} m`
  if (n < 1e12) return `${brief(n / 1e9)} bn`
  return `${brief(n / 1e12)} tn`
}

/** A share as whole per cent that says 0 and 100 only when it means them. */
export function percentText(fraction: number): string {
  const bounded = Math.min(1, Math.max(0, fraction))
  if (bounded === 0 || bounded === 1) return `${bounded * 100} %`
  return `${Math.min(99, Math.max(1, Math.round(bounded * 100)))} %`
}

/** What changed between two snapshots, for the live region: the newest hop, and how many came with it. */
export function newsText(before: HostSnapshot | null, after: HostSnapshot): string | null {
  const [newest] = after.hops
  if (!newest) return null
  const known = before?.hops[0]
  if (known && known.agent === newest.agent && known.atMs === newest.atMs && known.to === newest.to) return null
  const fresh = after.hops.findIndex(
    (hop) => hop.agent === known?.agent && hop.atMs === known.atMs && hop.to === known.to,
  )
  const others = (fresh < 0 ? after.hops.length : fresh) - 1
  return others > 0
    ? `${hopSentence(newest, after)}, and ${count(others, 'more hop', 'more hops')}`
    : hopSentence(newest, after)
}
