import { type AgentId, agentId } from '../directory/agent-id.ts'
import type { Quota } from '../permit/quota.ts'
import { rootOf } from '../wire/chain.ts'
import { NO_MAIL } from '../wire/mail.ts'
import { NOT_GIVEN } from './chain.ts'
import { newHeard } from './heard.ts'
import { MIRRORS_MAX, ROWS_MAX } from './limits.ts'
import { forgetLog, openLog } from './logbook.ts'
import { forgetRow, writeInput, writeLicense, writeRegister, writeResident, writeRow } from './records.ts'
import { newResident } from './residents.ts'
import type { HomeRow, Register, Resident } from './state.ts'
import { briefOfRow } from './story.ts'
import { persist, type Turn } from './turn.ts'
import { nothingVouched } from './vouchers.ts'

/**
 * An agent begins: a name, a row in the reference table, a register at its witness, and the agent itself, parked here at
 * its home until somebody places it. By a launch from the top, by a fork from a checkpoint.
 */
export type Beginning = Pick<
  HomeRow,
  | 'name'
  | 'author'
  | 'launcher'
  | 'bundle'
  | 'inputJson'
  | 'seed'
  | 'launchedMs'
  | 'allowance'
  | 'license'
  | 'forkedFrom'
  | 'madeIn'
  | 'origin'
  | 'resultTo'
  | 'checkpoint'
  | 'consoleLines'
  | 'fuelUsed'
  | 'seen'
  | 'history'
>

/** Of a life that has not begun. */
export const NOTHING_DONE = {
  forkedFrom: null,
  madeIn: null,
  checkpoint: null,
  consoleLines: 0,
  fuelUsed: 0,
  seen: { emit: 0, console: 0, result: 0, failure: 0 },
  history: null,
} as const

export function spawn(turn: Turn, quota: Quota, begun: Beginning): Resident {
  const { state } = turn
  const agent = agentId({ home: state.self, age: state.age, sequence: state.nextSequence++ })
  const row = rowFrom(turn, agent, begun)
  const register: Register = {
    agent,
    witnesses: begun.origin.witnesses,
    charters: [],
    epoch: 0,
    holder: state.self,
    head: row.head,
    certificate: null,
    given: NOT_GIVEN,
    promised: null,
    accepted: null,
  }
  openLog(turn, row)
  const resident = newResident(turn, briefOfRow(state, row), row.name, row.author, row.license, quota, 0)
  resident.checkpoint = row.checkpoint
  resident.fuelUsed = row.fuelUsed
  state.rows.set(agent, row)
  state.registers.set(agent, register)
  state.residents.set(agent, resident)
  persist(turn, writeRow(row), writeInput(row), writeLicense(row), writeRegister(register), writeResident(resident))
  return resident
}

/** The row of an agent that has not begun; of one that has, the rest is filled in. */
export function rowFrom({ state, nowMs }: Turn, agent: AgentId, begun: Beginning): HomeRow {
  return {
    ...begun,
    seen: { ...begun.seen },
    agent,
    forks: [],
    state: 'waiting',
    epoch: 0,
    holder: state.self,
    head: rootOf(agent, begun.bundle, begun.origin),
    // What was written to the one that it was made of is that one's.
    mail: NO_MAIL,
    birth: null,
    sentBytes: 0,
    checkpointBytes: 0,
    messages: 0,
    progress: null,
    note: '',
    hops: 0,
    heardMs: nowMs,
    outcome: null,
    vouched: nothingVouched(0, begun.checkpoint, begun.fuelUsed),
    itinerary: [],
    story: [],
    storyNext: 1,
    kept: 1,
    heard: newHeard(),
    tenure: 0,
    since: 1,
    isFounded: begun.origin.witnesses.length === 1,
  }
}

/** False where not so many rows can be had: those that were launched first of the ended are forgotten for it. */
export function makeRoom(turn: Turn, count: number): boolean {
  const { rows } = turn.state
  while (rows.size + count > ROWS_MAX) if (!forgetOldest(turn, rows)) return false
  return true
}

/** The same for the rows of others, which have a room of their own: nobody's agents crowd out what was launched here. */
export function makeMirrorRoom(turn: Turn): boolean {
  const { mirrors } = turn.state
  while (mirrors.size >= MIRRORS_MAX) if (!forgetOldest(turn, mirrors)) return false
  return true
}

/** The agent that was launched first of those that have ended is forgotten, with everything of it. */
function forgetOldest(turn: Turn, rows: Map<AgentId, HomeRow>): boolean {
  const { state } = turn
  for (const row of rows.values()) {
    if (!row.outcome) continue
    persist(turn, ...forgetRow(row))
    rows.delete(row.agent)
    forgetLog(turn, row.agent)
    state.mirroring.delete(row.agent)
    state.registers.delete(row.agent)
    return true
  }
  return false
}
