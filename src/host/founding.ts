import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { grantedQuota } from '../permit/grant.ts'
import { rootOf } from '../wire/chain.ts'
import type { Requests } from '../wire/messages.ts'
import { type Founded, type Sealed, sameWitnesses } from '../wire/statements.ts'
import { quorumOf } from './ballots.ts'
import { learn } from './certificates.ts'
import { NOT_GIVEN, senderFault } from './chain.ts'
import { keeperOf } from './charter.ts'
import { place } from './departure.ts'
import type { Answer, BundleFacts, Fault } from './events.ts'
import { NOTHING_PUSHED } from './events.ts'
import { authorsNamed, launchFault, licensed, strangerFault } from './license.ts'
import { ENROL_AGAIN_MS, ENROL_TRIES_MAX, MIRRORS_MAX } from './limits.ts'
import { forgetLog, openLog } from './logbook.ts'
import { mailFault } from './mailbox.ts'
import { estateOf, inherit, isKept, mirrorAgain, standOf } from './mirror.ts'
import {
  forgetResident,
  forgetRow,
  writeInput,
  writeLicense,
  writeMail,
  writeRegister,
  writeResident,
  writeRow,
} from './records.ts'
import { makeMirrorRoom, NOTHING_DONE, rowFrom } from './spawn.ts'
import { foundedFault } from './standing.ts'
import type { HomeRow, Register } from './state.ts'
import { rememberBundle } from './state.ts'
import { briefOfRow, tellStory } from './story.ts'
import { answer, ask, begin, deny, log, persist, type RecordWrite, type Turn } from './turn.ts'
import type { Waiting } from './waiting.ts'
import { candidates } from './witnesses.ts'

/**
 * How a host becomes the witness of an agent: its keeper sends it the agent's file, and it takes what it could answer for
 * alone: the bundle, the order, the decisions up to now, the newest checkpoint. The founding witnesses of an agent are
 * enrolled before it runs, and settled, durably, before any of them may decide: otherwise a home that is started again could
 * name others, and two sets decide one epoch. Before the first of them hears of it, home has signed what the agent's chain begins
 * with: they may have to decide its first hop without home. Later ones are enrolled before they are decided for (keeper.ts).
 */
export interface Founding {
  readonly enrolled: Set<Did>
  readonly asked: Set<Did>
  readonly unfit: Set<Did>
  /** Home is signing that its chain begins so (standing.ts). */
  isSigning: boolean
  /** Made by a fork of this agent: not before a majority of that one's witnesses knows of it. Null from then on. */
  parent: { readonly agent: AgentId; readonly until: number } | null
  tries: number
  retryMs: number
}

/** An agent that shall have several witnesses waits until a majority of them knows it. */
export function found(turn: Turn, row: HomeRow, parent: Founding['parent'] = null): void {
  const founding = newFounding(parent)
  turn.state.founding.set(row.agent, founding)
  pursueFounding(turn, row, founding)
}

export const newFounding = (parent: Founding['parent']): Founding => ({
  enrolled: new Set(),
  asked: new Set(),
  unfit: new Set(),
  isSigning: false,
  parent,
  tries: 0,
  retryMs: 0,
})

/** Called each tick. */
export function pursueFoundings(turn: Turn): void {
  for (const [agent, founding] of turn.state.founding) {
    const row = turn.state.rows.get(agent)
    if (!row || row.outcome) turn.state.founding.delete(agent)
    else if (turn.nowMs >= founding.retryMs) pursueFounding(turn, row, founding)
  }
}

function pursueFounding(turn: Turn, row: HomeRow, founding: Founding): void {
  const { state } = turn
  const register = state.registers.get(row.agent)
  if (!register) return
  if (founding.parent) {
    const known = isForkKnown(turn, row, founding.parent)
    if (known === false) return unmake(turn, row)
    if (known === null) return
    founding.parent = null
  }
  if (row.birth === null && register.witnesses.length > 1) return signFounded(turn, row, founding)
  founding.retryMs = turn.nowMs + ENROL_AGAIN_MS
  founding.tries += 1
  const missing = register.witnesses.filter((did) => did !== state.self && !founding.enrolled.has(did))
  const isLate = founding.tries > ENROL_TRIES_MAX
  const unfit = missing.filter((did) => founding.unfit.has(did) || (isLate && !founding.asked.has(did)))
  if (founding.enrolled.size + 1 >= quorumOf(register.witnesses)) {
    state.founding.delete(row.agent)
    row.isFounded = true
    persist(turn, writeRow(row))
    for (const did of founding.enrolled) mirrorAgain(turn, row.agent, did)
    const resident = state.residents.get(row.agent)
    return resident && place(turn, resident)
  }
  if (unfit.length > 0 || isLate) return refound(turn, row, register, founding)
  for (const to of missing) if (!founding.asked.has(to)) askEnrol(turn, row, register, to, founding.asked)
}

function signFounded(turn: Turn, { agent, head }: HomeRow, founding: Founding): void {
  if (founding.isSigning) return
  founding.isSigning = true
  begin(turn, { kind: 'seal', statement: { type: 'founded', agent, root: head } }, { for: 'seal-founded', agent })
}

export function onFoundedSealed(turn: Turn, agent: AgentId, founded: Sealed<Founded>): void {
  const { state } = turn
  const row = state.rows.get(agent)
  const founding = state.founding.get(agent)
  if (!row || !founding) return
  founding.isSigning = false
  // Other witnesses may have been named meanwhile, and it begins otherwise.
  if (founded.statement.root === row.head) {
    row.birth = { founded }
    persist(turn, writeMail(row), ...renewBrief(turn, row))
  }
  pursueFounding(turn, row, founding)
}

function renewBrief({ state }: Turn, row: HomeRow): RecordWrite[] {
  const resident = state.residents.get(row.agent)
  if (!resident) return []
  resident.brief = briefOfRow(state, row)
  return [writeResident(resident)]
}

/**
 * Whether the fork that has made an agent counts; null while that is open. It does once a majority of the parent's witnesses
 * knows of it. Where another has kept the parent's row since, what that one tells of it says whether it was known.
 */
function isForkKnown(
  turn: Turn,
  { agent, madeIn }: HomeRow,
  { agent: parent, until }: NonNullable<Founding['parent']>,
): boolean | null {
  const { rows, mirrors } = turn.state
  const row = rows.get(parent) ?? mirrors.get(parent)
  if (row && row.tenure <= (madeIn ?? 0)) return isKept(turn, parent, until) || null
  return row?.story.some(({ kind, valueJson }) => kind === 'fork' && valueJson.includes(`"${agent}"`)) ?? false
}

/** Nobody has heard of the fork that has made it: it never was. */
function unmake(turn: Turn, row: HomeRow): void {
  const { state } = turn
  const { agent } = row
  state.founding.delete(agent)
  state.rows.delete(agent)
  state.registers.delete(agent)
  state.residents.delete(agent)
  forgetLog(turn, agent)
  persist(turn, ...forgetRow(row), forgetResident(agent))
  turn.effects.push({ kind: 'forget', agent, keep: null, ended: true })
}

/**
 * None of them votes before it has heard that they are settled, so home may name others; where there are not enough, it decides
 * alone, and says so.
 */
function refound(turn: Turn, row: HomeRow, register: Register, founding: Founding): void {
  const { state } = turn
  for (const did of register.witnesses) if (did !== state.self && !founding.enrolled.has(did)) founding.unfit.add(did)
  const wanted = register.witnesses.length - 1
  const others = candidates(turn, wanted, [...founding.unfit])
  const witnesses = others.length < wanted ? [state.self] : [state.self, ...others]
  if (witnesses.length < register.witnesses.length) {
    log(turn, 'warn', `hosts that would be its witnesses ${others.length} < ${wanted}: home decides alone`, row.agent)
    tellStory(turn, row, 'keeper', { from: state.self, to: state.self, witnesses })
  }
  row.origin = { ...row.origin, witnesses }
  row.head = rootOf(row.agent, row.bundle, row.origin)
  row.birth = null
  register.witnesses = witnesses
  register.head = row.head
  // Those that were asked before are told nothing more: nobody decides with what they know of the beginning.
  state.mirroring.delete(row.agent)
  founding.enrolled.clear()
  founding.asked.clear()
  founding.tries = 0
  founding.retryMs = turn.nowMs
  persist(turn, writeRow(row), writeMail(row), writeRegister(register), ...renewBrief(turn, row))
}

export function askEnrol(turn: Turn, row: HomeRow, register: Register, to: Did, asked: Set<Did>): void {
  asked.add(to)
  const { agent, license } = row
  const { epoch, holder, certificate, charters } = register
  const brief = briefOfRow(turn.state, row)
  // How it stands, without its story, which may be longer than a message: that is mirrored from the beginning.
  const estate = { ...estateOf(row, { next: row.storyNext, epoch: row.epoch }), from: 1, next: 1 }
  ask(
    turn,
    to,
    'enrol',
    { brief, license, epoch, holder, certificate, charters, estate },
    {
      for: 'enrol',
      agent,
      to,
      first: row.origin.witnesses,
    },
  )
}

export function onEnrolAnswered(
  turn: Turn,
  { agent, to, first }: Extract<Waiting, { for: 'enrol' }>,
  outcome: Answer,
): void {
  const { state } = turn
  const row = state.rows.get(agent)
  const founding = state.founding.get(agent)
  founding?.asked.delete(to)
  state.mirroring.get(agent)?.asked.delete(to)
  // Others were named before it answered, and it knows another beginning: it must not hear that this one is settled.
  if (!row || !sameWitnesses(first, row.origin.witnesses)) return
  if (!outcome.ok) {
    log(turn, 'info', `${to} does not become its witness: ${outcome.code}: ${outcome.reason}`, agent)
    founding?.unfit.add(to)
  } else {
    // Its file was written before its first witnesses were settled, perhaps.
    mirrorAgain(turn, agent, to, (outcome.body as Requests['enrol']['answer']).next)
    founding?.enrolled.add(to)
  }
  if (founding) pursueFounding(turn, row, founding)
}

/** The other side: whether this host becomes the witness of that agent. */
export function onEnrol(turn: Turn, from: Did, handle: number, file: Requests['enrol']['ask']): void {
  const fault = fileFault(turn, from, file)
  if (fault) return deny(turn, handle, fault.code, fault.reason)
  const facts = turn.state.bundles.get(file.brief.bundle)
  if (facts) return admitFile(turn, from, handle, file, facts)
  const { bundle, agent } = file.brief
  const authors = authorsNamed(turn.state, file.license)
  begin(turn, { kind: 'openBundle', bundle, from, authors }, { for: 'bundle-enrol', agent, from, handle, file })
}

export function onEnrolBundle(
  turn: Turn,
  { from, handle, file }: { readonly from: Did; readonly handle: number; readonly file: Requests['enrol']['ask'] },
  bundle: BundleFacts | Fault,
): void {
  if ('code' in bundle) return deny(turn, handle, bundle.code, bundle.reason)
  rememberBundle(turn.state, bundle)
  const fault = fileFault(turn, from, file)
  return fault ? deny(turn, handle, fault.code, fault.reason) : admitFile(turn, from, handle, file, bundle)
}

function fileFault({ state }: Turn, from: Did, file: Requests['enrol']['ask']): Fault | null {
  const { brief, license, epoch, certificate, holder } = file
  const refused = (reason: string): Fault => ({ code: 'NOT_AUTHORISED', reason })
  if (brief.origin.witnesses[0] !== homeOf(brief.agent)) return refused('the first witness of an agent is its home')
  if (from !== keeperOf(brief)) return refused('only the keeper of its row enrols a witness')
  if (state.rows.has(brief.agent)) return refused('its row is kept here')
  const unfit = mailFault(file.estate.mail) ?? mailFault(brief.mail)
  if (unfit !== null) return refused(unfit)
  if ((epoch === 0) !== (certificate === null)) return refused(`epoch ${epoch} and its certificate do not fit`)
  if (certificate && certificate.holding.holder !== holder) return refused('another holder was decided')
  // As for who would hand the agent over: the decisions lead from its origin to this one.
  const chain = senderFault(certificate ? holder : from, { ...file, epoch: epoch + 1 })
  if (chain !== null) return refused(chain)
  const known = state.registers.get(brief.agent)
  if (known && known.epoch > epoch) return { code: 'STALE_EPOCH', reason: `epoch ${epoch} < ${known.epoch}` }
  return foundedFault(brief) ?? strangerFault(state, license) ?? launchFault(license, brief)
}

function admitFile(turn: Turn, from: Did, handle: number, file: Requests['enrol']['ask'], facts: BundleFacts): void {
  const { state } = turn
  const { license, brief, estate } = file
  const may = licensed(state, license, facts, turn.wallMs)
  if (!may.ok) return deny(turn, handle, may.code, may.reason)
  if (license.order.statement.home !== homeOf(brief.agent))
    return deny(turn, handle, 'NOT_AUTHORISED', 'the order is for another home')
  if (facts.durable !== (brief.history !== null && estate.history !== null))
    return deny(turn, handle, 'REFUSED', 'durable or not is for the bundle to say')
  const granted = grantedQuota(facts.quota, brief.allowance, state.policy)
  if (!granted.ok) return deny(turn, handle, granted.code, granted.reason)
  if (!state.mirrors.has(brief.agent) && !makeMirrorRoom(turn))
    return deny(turn, handle, 'BUSY', `mirrors >= MIRRORS_MAX ${MIRRORS_MAX}, none has ended`)
  const { checkpoint } = estate
  if (checkpoint === null) return enrolled(turn, handle, file, facts)
  begin(
    turn,
    { kind: 'fetchCheckpoint', agent: brief.agent, checkpoint, from, pushed: NOTHING_PUSHED, hopped: false },
    { for: 'enrol-checkpoint', agent: brief.agent, from, handle, file, facts },
  )
}

/** Everything is here: from now on this host votes, where it is a witness. */
export function enrolled(turn: Turn, handle: number, file: Requests['enrol']['ask'], facts: BundleFacts): void {
  const { state } = turn
  const { brief, license, epoch, holder, certificate, charters, estate } = file
  const { agent } = brief
  const known = state.registers.get(agent)
  // What it has promised or accepted stays so: the same agent is enrolled again by who did not hear the answer.
  if (known && certificate && known.epoch < epoch) learn(turn, { certificate, charters, ...NOT_GIVEN })
  if (!known || (epoch === 0 && known.epoch === 0 && known.promised === null)) {
    const register: Register = {
      agent,
      witnesses: brief.witnesses,
      charters,
      epoch,
      holder,
      head: brief.head,
      certificate,
      given: NOT_GIVEN,
      promised: null,
      accepted: null,
    }
    state.registers.set(agent, register)
    persist(turn, writeRegister(register))
  }
  const row = state.mirrors.get(agent) ?? mirrorOf(turn, file, facts)
  row.origin = brief.origin
  row.birth = brief.birth
  row.head = state.registers.get(agent)?.head ?? brief.head
  state.mirrors.set(agent, row)
  inherit(turn, row, estate)
  openLog(turn, row)
  persist(turn, writeRow(row), writeMail(row), writeInput({ ...row, license }), writeLicense(row))
  answer(turn, handle, 'enrol', standOf(row))
}

function mirrorOf(
  turn: Turn,
  { brief, license, epoch, holder }: Requests['enrol']['ask'],
  facts: BundleFacts,
): HomeRow {
  const { agent, bundle, inputJson, seed, launchedMs, allowance, origin, resultTo, forkedFrom, head } = brief
  return {
    ...rowFrom(turn, agent, {
      ...NOTHING_DONE,
      name: facts.name,
      author: facts.author,
      launcher: license.order.signer,
      bundle,
      inputJson,
      seed,
      launchedMs,
      allowance,
      license,
      origin,
      resultTo,
      forkedFrom,
      history: brief.history,
    }),
    epoch,
    holder,
    head,
    birth: brief.birth,
    state: 'running',
  }
}
