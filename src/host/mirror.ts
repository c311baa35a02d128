import { ITINERARY_MAX } from '../audit/limits.ts'
import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Estate, HopLine, Stand } from '../wire/decisions.ts'
import { ESTATE_HOPS_MAX } from '../wire/limits.ts'
import type { RequestName, Requests } from '../wire/messages.ts'
import { quorumOf } from './ballots.ts'
import { tellDecided } from './certificates.ts'
import { keeperOf } from './charter.ts'
import { estateFault } from './estates.ts'
import type { Answer } from './events.ts'
import { NOTHING_PUSHED } from './events.ts'
import { fitting } from './fitting.ts'
import { askEnrol } from './founding.ts'
import { ESTATE_LINES_MAX, MIRROR_AGAIN_MS } from './limits.ts'
import { advanceLog, forgetLog } from './logbook.ts'
import { mailFault } from './mailbox.ts'
import { forgetFork, gone, hopKey, writeFork, writeHop, writeMail, writeRow } from './records.ts'
import { birthIn } from './standing.ts'
import type { Fork, HomeRow, Register } from './state.ts'
import { dropLines, keepLine } from './story.ts'
import { answer, ask, begin, deny, persist, type Turn } from './turn.ts'

/**
 * The keeper's row of an agent, at its other witnesses. The keeper alone writes it: line by line in the order of its story,
 * to each witness from where that one stands, and it answers a holder when a majority has what the answer says. Whoever
 * takes its place has asked a majority first, so nothing that was answered is ever missing. A witness that has promised
 * the next epoch to somebody else takes nothing more for this one: what a decision found is all there is.
 */
export interface Mirroring {
  /** By witness: how far it has the row. */
  readonly stands: Map<Did, Stand>
  readonly asked: Set<Did>
  retryMs: number
  /** Answers that wait for a majority to have the lines before `until`. */
  readonly owed: {
    readonly until: number
    readonly handle: number
    readonly name: RequestName
    readonly body: unknown
  }[]
  /** Since when a witness takes nothing because somebody else may be decided for; null while all do. */
  refusedMs: number | null
}

export const newMirroring = (): Mirroring => ({
  stands: new Map(),
  asked: new Set(),
  retryMs: 0,
  owed: [],
  refusedMs: null,
})

/** What a witness that has so much lacks of the row, as much as one message holds. */
export function estateOf(row: HomeRow, { next: from, epoch }: Stand): Estate {
  const lines = fitting(
    row.story.filter(({ number }) => number >= from),
    ESTATE_LINES_MAX,
  ).map((line) => ({ ...line, of: row.heard.lines.get(line.number) ?? null }))
  const itinerary = row.itinerary.filter((hop) => hop.certificate.epoch > epoch).slice(0, ESTATE_HOPS_MAX)
  const { state, checkpoint, checkpointBytes, consoleLines, sentBytes, messages, fuelUsed, hops, allowance } = row
  // Lines that are not kept over a restart leave their numbers out.
  const isWhole = lines.length === 0 || lines.at(-1)?.number === row.story.at(-1)?.number
  return {
    tenure: row.tenure,
    since: row.since,
    isFounded: row.isFounded,
    from,
    next: isWhole ? row.storyNext : (lines.at(-1)?.number ?? from) + 1,
    isWhole,
    lines,
    state,
    // Another outcome stands in the line that told it.
    killed: state === 'killed' ? (row.outcome?.valueJson ?? null) : null,
    checkpoint,
    checkpointBytes,
    consoleLines,
    sentBytes,
    messages,
    fuelUsed,
    hops,
    allowance,
    seen: { ...row.seen },
    forks: row.forks,
    mail: row.mail,
    history: row.history,
    itinerary,
  }
}

/** Answers a holder: at once where the keeper is the only witness, otherwise when enough others have what was done for it. */
export function answerKept<N extends RequestName>(
  turn: Turn,
  row: HomeRow,
  handle: number,
  name: N,
  body: Requests[N]['answer'],
): void {
  const register = turn.state.registers.get(row.agent)
  if (!register || quorumOf(register.witnesses) === 1) return answer(turn, handle, name, body)
  const mirroring = mirroringOf(turn, row.agent)
  mirroring.owed.push({ until: row.storyNext, handle, name, body })
  pursueMirror(turn, row, mirroring)
}

export function mirroringOf({ state }: Turn, agent: AgentId): Mirroring {
  const known = state.mirroring.get(agent)
  if (known) return known
  const begun = newMirroring()
  state.mirroring.set(agent, begun)
  return begun
}

/** Not every change of a row is a line of its story: this witness is told once more how all stands. */
export function mirrorAgain(turn: Turn, agent: AgentId, witness: Did, next = 1): void {
  mirroringOf(turn, agent).stands.set(witness, { next, epoch: -1 })
}

/** Called each tick: what other witnesses lack is sent to those that are there. */
export function pursueMirrors(turn: Turn): void {
  const { state, nowMs } = turn
  for (const [agent, mirroring] of state.mirroring) {
    const row = state.rows.get(agent)
    if (!row) letGoOfMirroring(turn, agent)
    else if (nowMs >= mirroring.retryMs) pursueMirror(turn, row, mirroring)
  }
}

export function pursueMirror(turn: Turn, row: HomeRow, mirroring: Mirroring): void {
  const { state } = turn
  const register = state.registers.get(row.agent)
  if (!register) return
  mirroring.retryMs = turn.nowMs + MIRROR_AGAIN_MS
  for (const witness of new Set([...register.witnesses, ...mirroring.stands.keys()])) {
    const stand = mirroring.stands.get(witness)
    if (witness === state.self || hasAll(row, stand) || mirroring.asked.has(witness)) continue
    if (!stand && !row.isFounded) continue
    if (!state.acquaintances.get(witness)?.connected) continue
    mirroring.asked.add(witness)
    const estate = estateOf(row, stand ?? { next: row.since, epoch: row.tenure })
    ask(
      turn,
      witness,
      'mirror',
      { agent: row.agent, epoch: register.epoch, estate },
      { for: 'mirror', agent: row.agent, witness },
    )
  }
  payOwed(turn, row, mirroring)
}

/** As much as is here: the keeper itself may lack a hop, and asks for it (keeper.ts). */
const hasAll = (row: HomeRow, stand: Stand | undefined): boolean =>
  stand !== undefined && stand.next >= row.storyNext && stand.epoch >= standOf(row).epoch

/** How many witnesses of `among` have everything that is written down so far, the keeper with them. */
export function inStep(turn: Turn, row: HomeRow, among: readonly Did[]): number {
  const { stands } = mirroringOf(turn, row.agent)
  return among.filter((did) => did === turn.state.self || hasAll(row, stands.get(did))).length
}

function payOwed(turn: Turn, row: HomeRow, mirroring: Mirroring): void {
  const register = turn.state.registers.get(row.agent)
  if (!register || isBeingDecided(turn, register)) return
  const { witnesses } = register
  const kept = keptUpTo(turn, row, mirroring, witnesses)
  row.kept = Math.max(row.kept, kept)
  for (const owed of mirroring.owed.splice(0))
    if (owed.until <= kept) answer(turn, owed.handle, owed.name as 'effect', owed.body as Record<string, never>)
    else mirroring.owed.push(owed)
}

/** The first line that less than a majority of the witnesses has. */
function keptUpTo({ state }: Turn, row: HomeRow, { stands }: Mirroring, witnesses: readonly Did[]): number {
  const had = witnesses.map((did) => (did === state.self ? row.storyNext : (stands.get(did)?.next ?? 0)))
  return had.sort((one, other) => other - one)[quorumOf(witnesses) - 1] ?? 0
}

/** Whether a majority has everything of an agent's row before this line. */
export function isKept(turn: Turn, agent: AgentId, until: number): boolean {
  const row = turn.state.rows.get(agent)
  const register = turn.state.registers.get(agent)
  if (!row || !register || isBeingDecided(turn, register)) return false
  return keptUpTo(turn, row, mirroringOf(turn, agent), register.witnesses) >= until
}

/**
 * The keeper has itself promised the next epoch to somebody else, who has heard by then what there is; or asks for other witnesses
 * itself, of whom those that are new have what there was when it began to ask. Nothing that comes meanwhile counts as kept.
 */
const isBeingDecided = ({ state }: Turn, { agent, promised }: Register): boolean =>
  state.proposals.has(agent) || (promised !== null && promised.round > 0 && promised.host !== state.self)

export function onMirrored(turn: Turn, agent: AgentId, witness: Did, outcome: Answer): void {
  const mirroring = turn.state.mirroring.get(agent)
  const row = turn.state.rows.get(agent)
  const register = turn.state.registers.get(agent)
  if (!mirroring || !row || !register) return
  mirroring.asked.delete(witness)
  if (outcome.ok) {
    mirroring.stands.set(witness, outcome.body as Stand)
    mirroring.refusedMs = null
    return pursueMirror(turn, row, mirroring)
  }
  if (outcome.code === 'OUTBID') mirroring.refusedMs ??= turn.nowMs
  // It has missed its enrolment, or a decision.
  if (outcome.code === 'UNKNOWN_AGENT') askEnrol(turn, row, register, witness, mirroring.asked)
  if (outcome.code === 'REFUSED') tellDecided(turn, witness, register)
}

/** Whoever waits for an answer asks the new keeper. */
export function letGoOfMirroring(turn: Turn, agent: AgentId): void {
  for (const { handle } of turn.state.mirroring.get(agent)?.owed ?? [])
    deny(turn, handle, 'STALE_EPOCH', 'another keeps the row of the agent now')
  turn.state.mirroring.delete(agent)
}

/** The other side: a witness takes what the keeper has written down. */
export function onMirror(turn: Turn, from: Did, handle: number, told: Requests['mirror']['ask']): void {
  const row = mirrorFor(turn, from, handle, told)
  if (!row) return
  const { estate } = told
  const unfit = mailFault(estate.mail) ?? estateFault(row, estate, told.epoch)
  if (unfit !== null) return deny(turn, handle, 'REFUSED', unfit)
  if (estate.from > sureNext(row, estate)) return answer(turn, handle, 'mirror', surelyStands(row, estate))
  if (estate.checkpoint === null || estate.checkpoint === row.checkpoint) {
    inherit(turn, row, estate)
    return answer(turn, handle, 'mirror', standOf(row))
  }
  begin(
    turn,
    {
      kind: 'fetchCheckpoint',
      agent: row.agent,
      checkpoint: estate.checkpoint,
      from,
      pushed: NOTHING_PUSHED,
      hopped: false,
    },
    { for: 'mirrored-checkpoint', agent: row.agent, from, handle, told },
  )
}

export function onMirrorFetched(turn: Turn, from: Did, handle: number, told: Requests['mirror']['ask']): void {
  const row = mirrorFor(turn, from, handle, told)
  if (!row) return
  const { estate } = told
  if (estate.from > sureNext(row, estate)) return answer(turn, handle, 'mirror', surelyStands(row, estate))
  inherit(turn, row, estate)
  answer(turn, handle, 'mirror', standOf(row))
}

/** The mirror of a row, if this comes from the keeper and nothing else may be decided; otherwise null, and it is denied. */
function mirrorFor(turn: Turn, from: Did, handle: number, { agent, epoch }: Requests['mirror']['ask']): HomeRow | null {
  const register = turn.state.registers.get(agent)
  const row = turn.state.mirrors.get(agent)
  if (!register) deny(turn, handle, 'UNKNOWN_AGENT', `${agent} is not witnessed here`)
  else if (epoch < register.epoch) {
    deny(turn, handle, 'STALE_EPOCH', `epoch ${epoch} < ${register.epoch}`)
    tellDecided(turn, from, register)
  } else if (epoch > register.epoch) deny(turn, handle, 'REFUSED', `epoch ${epoch} is not known to be decided here`)
  else if (from !== keeperOf(register)) deny(turn, handle, 'NOT_AUTHORISED', `${from} does not keep the row`)
  else if (!row) deny(turn, handle, 'UNKNOWN_AGENT', `${agent} is not witnessed here`)
  else if (register.promised && register.promised.round > 0 && register.promised.host !== from)
    deny(turn, handle, 'OUTBID', 'the next epoch may be decided by somebody else')
  else return row
  return null
}

/** How far a row is here. */
export function standOf({ storyNext, itinerary }: HomeRow): Stand {
  let epoch = itinerary.length < ITINERARY_MAX ? 1 : (itinerary[0]?.certificate.epoch ?? 1)
  for (const { certificate, release } of itinerary)
    if (certificate.epoch === epoch && (release || certificate.release === null)) epoch += 1
  return { next: storyNext, epoch: epoch - 1 }
}

/**
 * Up to where a later keeper has the same lines. What was written down last in a tenure that is over may be nobody else's: two may
 * have kept the row since, and the newest says of itself only from where it went on. Those lines stay until its own are here.
 */
export const sureOf = ({ storyNext, since, kept }: HomeRow): number => Math.min(storyNext, Math.max(since, kept))

const sureNext = (row: HomeRow, estate: Estate): number => (estate.tenure > row.tenure ? sureOf(row) : row.storyNext)

const surelyStands = (row: HomeRow, estate: Estate): Stand => ({ ...standOf(row), next: sureNext(row, estate) })

/**
 * Lines after those that are here, and all else as it stands. Where another keeps the row than before, lines of the one
 * before which the new one never had go: they were answered to nobody. Until the last line is here all else stays as it was
 * with the last one before: who said that it has so many lines has everything up to them.
 */
export function inherit(turn: Turn, row: HomeRow, estate: Estate): void {
  const { lines, from, next, isWhole, isFounded, killed, seen, forks, state, itinerary, ...standing } = estate
  if (estate.tenure < row.tenure) return
  if (estate.tenure > row.tenure) dropLines(turn, row, Math.min(estate.since, Math.max(from, sureNext(row, estate))))
  row.tenure = estate.tenure
  row.isFounded ||= isFounded
  mergeHops(turn, row, itinerary)
  if (from > row.storyNext || next < row.storyNext) return persist(turn, writeRow(row))
  for (const { of, ...line } of lines) if (line.number >= row.storyNext) keepLine(turn, row, line, of)
  row.storyNext = next
  row.heardMs = turn.nowMs
  if (!isWhole) return persist(turn, writeRow(row))
  const before = row.checkpoint
  Object.assign(row, standing)
  Object.assign(row.seen, seen)
  inheritForks(turn, row, forks)
  row.state = state
  const end = row.story.findLast(({ kind }) => kind === 'result' || kind === 'failure')
  const hasEnded = state === 'finished' || state === 'failed'
  if (killed !== null) row.outcome = { ok: false, valueJson: killed }
  else row.outcome = hasEnded && end ? { ok: end.kind === 'result', valueJson: end.valueJson } : null
  if (row.outcome) {
    row.checkpoint = null
    turn.effects.push({ kind: 'forget', agent: row.agent, keep: null, ended: true })
    forgetLog(turn, row.agent)
  } else if (row.checkpoint !== before && row.checkpoint !== null) {
    letGoBefore(turn, row, row.checkpoint)
    advanceLog(turn, row, row.history)
  }
  persist(turn, writeRow(row), writeMail(row))
}

function inheritForks(turn: Turn, { agent, forks: known }: HomeRow, forks: readonly Fork[]): void {
  const isIn = (among: readonly Fork[], { request }: Fork): boolean => among.some((fork) => fork.request === request)
  for (const fork of known) if (!isIn(forks, fork)) persist(turn, forgetFork(agent, fork))
  for (const fork of forks) if (!isIn(known, fork)) persist(turn, writeFork(agent, fork))
  known.splice(0, known.length, ...forks)
}

/** Hops that are not here, and what proves those that are. */
export function mergeHops(turn: Turn, row: HomeRow, hops: readonly HopLine[]): void {
  for (const hop of hops) {
    row.birth ??= birthIn(hop.certificate)
    const { epoch } = hop.certificate
    const at = row.itinerary.findIndex(({ certificate }) => certificate.epoch >= epoch)
    const known = row.itinerary[at]
    if (at < 0) row.itinerary.push(hop)
    else if (known?.certificate.epoch === epoch && (known.release || !hop.release)) continue
    else row.itinerary.splice(at, known?.certificate.epoch === epoch ? 1 : 0, hop)
    persist(turn, writeHop(hop))
  }
  for (const { certificate } of row.itinerary.splice(0, Math.max(0, row.itinerary.length - ITINERARY_MAX)))
    persist(turn, gone(hopKey(row.agent, certificate.epoch)))
}

const letGoBefore = (turn: Turn, { agent }: HomeRow, checkpoint: Cid): void =>
  void turn.effects.push({ kind: 'forgetBefore', agent, checkpoint })

/** To a witness that proposes itself in the place of the keeper: what it lacks of the row. */
export function onEstate(turn: Turn, from: Did, handle: number, { agent, after }: Requests['estate']['ask']): void {
  const { state } = turn
  const register = state.registers.get(agent)
  const row = state.rows.get(agent) ?? state.mirrors.get(agent)
  if (!register || !row || !hasWitnessed(row, register, from))
    return deny(turn, handle, 'NOT_AUTHORISED', 'only a witness may have the row of an agent')
  // One that was replaced hears so: it may not have been there.
  if (!register.witnesses.includes(from)) tellDecided(turn, from, register)
  answer(turn, handle, 'estate', { epoch: register.epoch, estate: estateOf(row, after) })
}

/** Now or before: it has had the row in its hands. */
const hasWitnessed = ({ origin }: HomeRow, { witnesses, charters }: Register, did: Did): boolean =>
  [origin, { witnesses }, ...charters.map(({ holding }) => holding)].some((set) => set.witnesses.includes(did))
