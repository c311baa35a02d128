import type { Hop } from '../audit/itinerary.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { HeardEffect } from '../wire/decisions.ts'
import { NO_MAIL } from '../wire/mail.ts'
import type { StoryLine } from '../wire/messages.ts'
import type { Notice } from '../wire/notices.ts'
import type { License } from '../wire/statements.ts'
import { banish } from './banish.ts'
import { keeperOf } from './charter.ts'
import { newFounding } from './founding.ts'
import { newHeard, noteHeard } from './heard.ts'
import { READY_MS } from './limits.ts'
import { restoreLogs } from './logbook.ts'
import { restoreMail } from './mail-records.ts'
import { mirroringOf } from './mirror.ts'
import { type Node, note } from './nodes.ts'
import { enter } from './notice-book.ts'
import { isMet } from './notices.ts'
import { propose } from './proposer.ts'
import { inputKey, type KeptResident, licenseKey } from './records.ts'
import { isHeld, isSpent } from './residence.ts'
import { newResident } from './residents.ts'
import type { Seen } from './seen.ts'
import type { Fork, HomeRow, Register, Resident } from './state.ts'
import { log, type Turn } from './turn.ts'
import { restoreVersions } from './versions.ts'
import { restoreAudits } from './vouchers.ts'

/**
 * The life before: rows, registers and residents as they were kept. A resident that had been started is not run again
 * in its epoch: this host, now of a higher age, proposes the next one for itself from its newest checkpoint.
 */
export function restore(turn: Turn, records: ReadonlyMap<string, unknown>): void {
  const { state } = turn
  state.bornMs = turn.nowMs
  const nodes: Node[] = []
  const told: Notice[] = []
  for (const [key, value] of records) {
    if (key.startsWith('row/')) {
      const license = records.get(licenseKey((value as HomeRow).agent)) as License
      const row = {
        ...(value as HomeRow),
        heardMs: turn.nowMs,
        inputJson: String(records.get(inputKey((value as HomeRow).agent)) ?? 'null'),
        license,
        mail: NO_MAIL,
        birth: null,
        story: [],
        heard: newHeard(),
        itinerary: [],
        forks: [],
      }
      state.rows.set(row.agent, row)
      recallOrder(turn, row)
    } else if (key.startsWith('register/')) {
      const register = value as Register
      state.registers.set(register.agent, register)
    } else if (key.startsWith('resident/')) restoreResident(turn, value as KeptResident)
    else if (key.startsWith('node/')) nodes.push(value as Node)
    else if (key.startsWith('notice/')) told.push(value as Notice)
  }
  for (const row of state.rows.values()) sortOut(turn, row)
  const seen = [...records].flatMap(([key, value]) => (key.startsWith('seen/') ? [value as Seen] : []))
  for (const entry of seen.sort((one, other) => one.atMs - other.atMs)) state.seen.set(entry.agent, entry)
  for (const [key, value] of records) {
    const agent = key.split('/')[1] as AgentId
    const row = state.rows.get(agent) ?? state.mirrors.get(agent)
    if (key.startsWith('story/')) {
      const { of, ...line } = value as StoryLine & { readonly of?: HeardEffect }
      row?.story.push(line)
      // Not every line is worth writing its row, and no number is given twice.
      if (row) row.storyNext = Math.max(row.storyNext, line.number + 1)
      if (row && of) noteHeard(row, line.number, of)
    } else if (key.startsWith('hop/')) row?.itinerary.push(value as Hop)
    else if (key.startsWith('fork/')) row?.forks.push(value as Fork)
  }
  // Any of its other witnesses may lack the end of what is written down here, and nobody asks for it any more.
  for (const { agent } of state.rows.values())
    if ((state.registers.get(agent)?.witnesses.length ?? 1) > 1) mirroringOf(turn, agent)
  for (const node of nodes.sort((a, b) => a.heardMs - b.heardMs)) note(state.nodes, node)
  for (const notice of told) enter(state.notices, notice, isMet(state, notice))
  // It may have stopped between keeping a notice and acting on it.
  banish(turn, state.notices.banned.keys())
  restoreMail(turn, records)
  restoreVersions(turn, records)
  restoreAudits(turn, records)
  restoreLogs(turn, records)
  if (state.residents.size > 0) log(turn, 'info', `took up ${state.residents.size} agents from the life before`)
}

/** Rows that another host keeps, as far as this one knows; and agents whose first witnesses were still being asked. */
function sortOut({ state }: Turn, row: HomeRow): void {
  const register = state.registers.get(row.agent)
  if (register && keeperOf(register) !== state.self) {
    state.rows.delete(row.agent)
    state.mirrors.set(row.agent, row)
  } else if (register?.epoch === 0 && !row.isFounded && !row.outcome) {
    const agent = row.madeIn === null ? undefined : row.forkedFrom?.agent
    const parent = agent && (state.rows.get(agent) ?? state.mirrors.get(agent))
    // Pursued at the next tick, when all is here again that it depends on.
    state.founding.set(row.agent, newFounding(agent ? { agent, until: parent?.storyNext ?? 1 } : null))
  }
}

/** An order that was carried out in a life before makes no second agent, however often it is repeated. */
function recallOrder({ state, wallMs }: Turn, { agent, forkedFrom, license }: HomeRow): void {
  const { nonce, expiresMs } = license.order.statement
  if (forkedFrom === null && expiresMs >= wallMs) state.nonces.set(nonce, { agent, expiresMs })
}

function restoreResident(turn: Turn, kept: KeptResident): void {
  const resident: Resident = {
    ...newResident(turn, kept.brief, kept.name, kept.author, kept.license, kept.quota, kept.epoch),
    certificate: kept.certificate,
    charters: kept.charters,
    checkpoint: kept.checkpoint,
    started: kept.started,
    release: kept.release,
    fuelUsed: kept.fuelUsed,
    consoleLines: kept.brief.consoleLines,
    sentBytes: kept.brief.sentBytes,
    messages: kept.brief.messages,
    // What a durable one had said it says again, as far as it was logged.
    effects: kept.brief.history ? [] : [...kept.effects],
    ended: kept.brief.history === null && kept.effects.some(({ kind }) => kind === 'result' || kind === 'failure'),
  }
  const isUnstarted = kept.brief.history !== null && kept.started !== kept.epoch
  // What it had just said again, and did not run on from, is decided already, and nobody else would say it.
  if (isUnstarted && !isBehind(kept)) resident.effects.push(...kept.effects)
  // Letters that came meanwhile were logged with its witnesses, and are nowhere here: what is logged next must go on from them.
  if (isBehind(kept) || (isUnstarted && !kept.arriving)) resident.started = kept.epoch
  // READY was said and no certificate came: only the witnesses know. It waits for them, not runnable, not in the way.
  if (kept.arriving)
    resident.arrival = {
      from: turn.state.self,
      offeredMs: turn.nowMs,
      untilMs: turn.nowMs + READY_MS,
      handle: null,
      reason: 'recover',
      state: 'ready',
      stages: 0,
      bringing: null,
      certificate: null,
    }
  turn.state.residents.set(resident.agent, resident)
}

/** Its letters since the checkpoint, which nothing has come of yet, were in memory: the next epoch finds them in its log. */
const isBehind = ({ brief, certificate }: KeptResident): boolean =>
  (brief.history?.length ?? 0) < (certificate?.holding.history?.length ?? 0)

/** Called each tick: residents that may not run in their epoch any more ask for the next one. */
export function renewEpochs(turn: Turn): void {
  const { state } = turn
  for (const resident of state.residents.values()) {
    if (
      !isHeld(resident) ||
      resident.ended ||
      resident.departure ||
      !isSpent(resident) ||
      state.founding.has(resident.agent) ||
      state.proposals.has(resident.agent)
    )
      continue
    propose(turn, resident.agent, resident.epoch + 1, resident.brief, {
      holder: state.self,
      checkpoint: resident.checkpoint,
      witnesses: resident.brief.witnesses,
      history: null,
    })
  }
}
