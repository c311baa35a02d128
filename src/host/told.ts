import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Row, StoryLine } from '../wire/messages.ts'
import { quorumOf } from './ballots.ts'
import { keeperOf } from './charter.ts'
import type { HomeRow, HostState, Register } from './state.ts'

/**
 * What people are told of an agent: of its story only what a majority of its witnesses has. What the keeper alone has written
 * down may be taken back when another takes its place, and then stand there again under another number; whoever followed the
 * story would have heard it twice, or have heard what never was.
 */
export function toldUpTo({ self, registers }: HostState, row: HomeRow): number {
  const { storyNext, since, kept } = row
  const register = registers.get(row.agent)
  if (!register || (quorumOf(register.witnesses) === 1 && keeperOf(register) === self)) return storyNext
  if (tenantOf(register, row) !== self) return storyNext
  // Lines before its own tenure the keeper has from a majority.
  return Math.min(storyNext, Math.max(since, kept))
}

/** Who has written down the last lines that are here: who kept the row as they came. */
function tenantOf({ charters }: Register, { tenure, origin }: HomeRow): Did | undefined {
  const charter = charters.find(({ epoch }) => epoch === tenure)
  return (charter?.holding ?? origin).witnesses[0]
}

/**
 * The row that this host keeps of an agent; of one that has ended, also the mirror of it: nothing of that changes any more.
 * An end that it wrote down when it still kept the row, and nobody else took, is none.
 */
export function rowTold(state: HostState, agent: AgentId): HomeRow | undefined {
  const mirror = state.mirrors.get(agent)
  return state.rows.get(agent) ?? (mirror?.outcome && isEndTold(state, mirror) ? mirror : undefined)
}

/**
 * Rows that this host shows. Nobody takes the place of a keeper that is gone for an agent that has ended: while it is away, whoever
 * mirrors the row shows it, or an author would ask in vain for a result that three hosts have.
 */
export const rowsTold = (state: HostState): readonly HomeRow[] => [
  ...state.rows.values(),
  ...[...state.mirrors.values()].filter((row) => isAway(state, row) && rowTold(state, row.agent)),
]

function isAway({ registers, acquaintances }: HostState, { agent }: HomeRow): boolean {
  const register = registers.get(agent)
  return register !== undefined && !acquaintances.get(keeperOf(register))?.connected
}

export function toldLines(state: HostState, row: HomeRow, from: number): readonly StoryLine[] {
  const until = toldUpTo(state, row)
  return row.story.filter(({ number }) => number >= from && number < until)
}

/** The end is told with the line that tells it. */
export const toldRow = (state: HostState, row: HomeRow): Row =>
  isEndTold(state, row) ? showRow(row) : { ...showRow(row), state: 'running' }

export const toldOutcome = (state: HostState, row: HomeRow): HomeRow['outcome'] =>
  isEndTold(state, row) ? row.outcome : null

function isEndTold(state: HostState, row: HomeRow): boolean {
  if (row.state !== 'finished' && row.state !== 'failed') return true
  const end = row.story.findLast(({ kind }) => kind === 'result' || kind === 'failure')
  return end === undefined || end.number < toldUpTo(state, row)
}

const SHOWN = [
  'agent',
  'name',
  'author',
  'epoch',
  'holder',
  'state',
  'progress',
  'note',
  'fuelUsed',
  'hops',
  'forkedFrom',
  'head',
] as const satisfies readonly (keyof Row)[]

const showRow = (row: HomeRow): Pick<HomeRow, (typeof SHOWN)[number]> =>
  Object.fromEntries(SHOWN.map((field) => [field, row[field]])) as Pick<HomeRow, (typeof SHOWN)[number]>
