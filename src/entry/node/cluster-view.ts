import { accept, type Result, refuse } from '../../base/result.ts'
import { type AgentId, homeOf, parseAgentId, shortAgentId } from '../../directory/agent-id.ts'
import type { HostKind } from '../../host/snapshot.ts'
import type { Did } from '../../identity/did.ts'
import type { HoldingReport, Load, Requests, Row } from '../../wire/messages.ts'

/** What a cluster looks like from the answers of its hosts, and whom an abbreviation means. Pure. */
export type HostReport =
  | { readonly did: Did; readonly answer: Requests['status']['answer'] }
  | { readonly did: Did; readonly silent: string }

export interface HostView {
  readonly did: Did
  readonly name: string
  readonly kind: HostKind
  readonly load: Load
}

export interface AgentView extends Omit<Row, 'state' | 'author' | 'head'> {
  /** Who keeps its row: its home, or the witness that has taken its place. */
  readonly home: Did
  readonly author: Did | null
  /** `away`: somebody has it, but its home did not answer. */
  readonly state: Row['state'] | 'away'
}

export interface ClusterView {
  readonly hosts: readonly HostView[]
  readonly agents: readonly AgentView[]
  readonly silent: readonly { readonly did: Did; readonly reason: string }[]
  /** Hosts have agents that the asker may not read. */
  readonly hidden: boolean
}

export function viewOf(reports: readonly HostReport[]): ClusterView {
  const hosts: HostView[] = []
  const silent: { did: Did; reason: string }[] = []
  const agents = new Map<AgentId, AgentView>()
  for (const report of reports) {
    const { did } = report
    if ('silent' in report) {
      silent.push({ did, reason: report.silent })
      continue
    }
    const { rows, load } = report.answer
    const { name, kind } = report.answer.description.statement
    hosts.push({ did, name, kind, load })
    // Its home knows an agent's row; what another says of it counts only where home says nothing.
    for (const row of rows) if (homeOf(row.agent) === did) agents.set(row.agent, { ...row, home: did })
  }
  for (const report of reports) {
    if ('silent' in report) continue
    for (const row of report.answer.rows)
      if (!agents.has(row.agent)) agents.set(row.agent, { ...row, home: report.did })
  }
  for (const report of reports) {
    if ('silent' in report) continue
    for (const held of report.answer.here) if (!agents.has(held.agent)) agents.set(held.agent, orphan(held, report.did))
  }
  const hidden = reports.some((report) => 'answer' in report && report.answer.hidden > 0)
  return { hosts, agents: [...agents.values()], silent, hidden }
}

/** All that is known of an agent whose home is silent: what its holder says. */
function orphan({ agent, epoch, fuelUsed, progress, note }: HoldingReport, holder: Did): AgentView {
  const home = homeOf(agent)
  return {
    agent,
    home,
    name: '',
    author: null,
    epoch,
    holder,
    state: 'away',
    progress,
    note,
    fuelUsed,
    hops: 0,
    forkedFrom: null,
  }
}

export const hasEnded = (state: AgentView['state']): boolean =>
  state === 'finished' || state === 'failed' || state === 'killed'

export type NameFault = 'UNKNOWN' | 'AMBIGUOUS'

/**
 * An agent by its whole id, or by the end of its home's key and its number (`abc123.4`; `abc123.2.4` where the home's
 * age must be said too).
 */
export function findAgent(view: ClusterView, text: string): Result<AgentId, NameFault> {
  const whole = parseAgentId(text)
  if (whole.ok) return accept(whole.value.id)
  // As tables show it, it means one, whatever else it could be short for.
  const shown = view.agents.filter(({ agent }) => shortAgentId(agent) === text)
  if (shown[0] && shown.length === 1) return accept(shown[0].agent)
  const parts = text.split('.')
  const [key = '', ...numbers] = parts
  const found = view.agents.filter(({ agent }) => {
    const [home = '', age, sequence] = agent.split('.')
    const sameNumbers = numbers.length === 1 ? numbers[0] === sequence : numbers[0] === age && numbers[1] === sequence
    return numbers.length >= 1 && numbers.length <= 2 && key !== '' && home.endsWith(key) && sameNumbers
  })
  return only(
    found.map(({ agent }) => agent),
    'agent',
    text,
  )
}

/** A host by its name, its whole did, or the end of its key. */
export function findHost(view: ClusterView, text: string): Result<Did, NameFault> {
  const bare = text.replace(/^…/, '')
  const exact = view.hosts.filter(({ did, name }) => did === text || name === text)
  const found = exact.length > 0 ? exact : view.hosts.filter(({ did }) => bare.length >= 4 && did.endsWith(bare))
  return only(
    found.map(({ did }) => did),
    'host',
    text,
  )
}

function only<T extends string>(found: readonly T[], what: string, text: string): Result<T, NameFault> {
  const [first, second] = found
  if (first === undefined) return refuse('UNKNOWN', `no ${what} here is called "${text}"`)
  if (second !== undefined)
    return refuse('AMBIGUOUS', `"${text}" can mean ${found.length} ${what}s: ${found.slice(0, 8).join(', ')}`)
  return accept(first)
}

/** The edge worker with the most room that takes agents: where a new agent is at home best. Null where there is none. */
export function leastLoaded({ hosts }: ClusterView): Did | null {
  const fullness = ({ load }: HostView): number => load.agents / load.slots
  const [best] = hosts
    .filter(({ kind, load }) => kind === 'edge' && load.accepting && load.slots > 0)
    .sort((a, b) => fullness(a) - fullness(b) || (a.did < b.did ? -1 : 1))
  return best?.did ?? null
}

/** By home, and of one home the elder first. */
export function inOrderOfBirth<T extends { readonly agent: AgentId }>(agents: readonly T[]): readonly T[] {
  const key = ({ agent }: T): [string, number, number] => {
    const [home = '', age, sequence] = agent.split('.')
    return [home, Number(age), Number(sequence)]
  }
  return [...agents].sort((a, b) => {
    const [homeA, ageA, sequenceA] = key(a)
    const [homeB, ageB, sequenceB] = key(b)
    return (homeA < homeB ? -1 : homeA > homeB ? 1 : 0) || ageA - ageB || sequenceA - sequenceB
  })
}

/** For a table: agents that work before those that have ended, younger ones last. */
export const inOrder = (agents: readonly AgentView[]): readonly AgentView[] => {
  const born = inOrderOfBirth(agents)
  return [...born.filter(({ state }) => !hasEnded(state)), ...born.filter(({ state }) => hasEnded(state))]
}

/** An agent and all that was made of it, of it first, as far as their homes have told. */
export function familyOf(view: ClusterView, agent: AgentId): readonly AgentView[] {
  const family = new Set<AgentId>([agent])
  const born = inOrderOfBirth(view.agents)
  // The elder come first, so each is met after the one that it was made of.
  for (const one of born) if (one.forkedFrom && family.has(one.forkedFrom.agent)) family.add(one.agent)
  return born.filter((one) => family.has(one.agent))
}
