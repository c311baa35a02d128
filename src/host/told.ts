import type { AgentId } from '../directory/agent-id.ts'
import type { Row, StoryLine } from '../wire/messages.ts'
import { quorumOf } from './ballots.ts'
import { keeperOf } from './charter.ts'
import type { HomeRow, HostState } from './state.ts'

/**
 * What people are told of an agent: of its story only what a majority of its witnesses has. What the keeper alone has written
 * down may be taken back when another takes its place, and then stand there again under another number; whoever followed the
 * story would have heard it twice, or have heard what never was.
 */
export function toldUpTo({ self, registers }: HostState, { agent, storyNext, since, kept }: HomeRow): number {
  const register = registers.get(agent)
  if (!register || quorumOf(register.witnesses) === 1 || keeperOf(register) !== self) return storyNext
  // Lines before its own tenure the keeper has from a majority.
  return Math.min(storyNext, Math.max(since, kept))
}

/** The row that this host keeps of an agent; of one that has ended, also the mirror of it: nothing of that changes any more. */
export function rowTold({ rows, mirrors }: HostState, agent: AgentId): HomeRow | undefined {
  const mirror = mirrors.get(agent)
  return rows.get(agent) ?? (mirror?.outcome ? mirror : undefined)
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
