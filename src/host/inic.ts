import type { Did } from '../identity/did.ts'
import { checkPermit } from '../permit/chain.ts'
import type { Delegation } from '../permit/delegation.ts'
import type { Ground, Requests } from '../wire/messages.ts'
import type { Description } from '../wire/statements.ts'
import { loadOf } from './acquaintance.ts'
import { type AdmissionRule, rulesFor } from './admission.ts'
import type { Answer, Fault } from './events.ts'
import { INIC_MS_MAX, MANDATE_LIFE_MS, NODE_WRITE_MS, REFUSALS_SHOWN_MAX, TURNED_AWAY_MS } from './limits.ts'
import { compareNames } from './names.ts'
import { ageFault, type Invitation, type Meeting, type Node, note } from './nodes.ts'
import { banOf, isBanned, isRevoked, noteIssuers } from './notices.ts'
import { reconcile } from './reconcile.ts'
import { gone, nodeKey, writeNode } from './records.ts'
import type { HostState } from './state.ts'
import { answer, ask, begin, deny, log, persist, persistSoon, type Turn } from './turn.ts'

/**
 * INIC, the first message of every session in each direction: who I am, how old, what I offer, on what ground I should be
 * let in. Before a host is let in nothing else of it is answered, and before it has let us in the rim says nothing else
 * to it (links.ts). What it says of itself is signed by its key and used for placing only: a lie costs it work.
 */
type Inic = Requests['inic']['ask']

/** Whether what comes from this host is listened to; what it may do is decided where it asks. */
export const isAdmitted = ({ self, nodes }: HostState, host: Did): boolean =>
  host === self || (nodes.meetings.get(host)?.ground ?? null) !== null

/** Why a host is not even dialled: it is banned, or it has just now turned this one away. */
export function shuns(state: HostState, host: Did, wallMs: number): Fault | null {
  const ban = banOf(state, host)
  if (ban !== null) return { code: 'BANNED', reason: `${host} is ${ban}` }
  const refusal = state.nodes.refusals.get(host)
  return refusal && wallMs - refusal.atMs < TURNED_AWAY_MS ? { code: refusal.code, reason: refusal.reason } : null
}

export function onConnected(turn: Turn, host: Did, age: number): void {
  const { nodes, acquaintances } = turn.state
  nodes.meetings.set(host, {
    age,
    sinceMs: turn.nowMs,
    ground: null,
    invitation: null,
    welcomed: false,
    speaksFor: null,
  })
  const known = acquaintances.get(host)
  if (known) known.connected = false
  // It will hear of the ban when it says who it is; from us nothing comes before.
  if (nodes.description === null || isBanned(turn.state, host)) return
  const { description, invitation, mandate } = nodes
  ask(turn, host, 'inic', { description, load: loadOf(turn.state), invitation, mandate }, { for: 'inic', host })
}

export function onDisconnected(turn: Turn, host: Did): void {
  turn.state.nodes.meetings.delete(host)
  const known = turn.state.acquaintances.get(host)
  if (!known) return
  known.connected = false
  known.lostMs = turn.nowMs
}

export function onInic(turn: Turn, from: Did, handle: number, inic: Inic): void {
  const { state } = turn
  const meeting = state.nodes.meetings.get(from)
  if (!meeting) return deny(turn, handle, 'CLOSED', 'the session is over')
  const fault = strangerFault(turn, from, meeting, inic)
  if (fault) return turnAway(turn, from, handle, fault)
  const ground = namedGround(turn, from, inic)
  if (ground) return admit(turn, from, handle, inic, ground, null)
  const rules = rulesFor(state.nodes.admission, inic.description.statement.kind)
  const first = rules[0]
  if (first?.allow === 'open') return admit(turn, from, handle, inic, 'open', null)
  // A permit costs signatures, and nobody looks at one where no rule wants it.
  if (first && inic.invitation.length > 0)
    begin(turn, { kind: 'openPermit', chain: inic.invitation }, { for: 'invitation', host: from, handle, inic })
  else judge(turn, from, handle, inic, rules, null)
}

/** The signatures of its invitation have been looked at. */
export function onInvitationOpened(
  turn: Turn,
  { host, handle, inic }: { host: Did; handle: number; inic: Inic },
  chain: readonly Delegation[] | Fault,
): void {
  const { state } = turn
  const meeting = state.nodes.meetings.get(host)
  if (!meeting || meeting.age !== inic.description.statement.age)
    return deny(turn, handle, 'CLOSED', 'the session is over')
  const fault = strangerFault(turn, host, meeting, inic)
  if (fault) return turnAway(turn, host, handle, fault)
  judge(turn, host, handle, inic, rulesFor(state.nodes.admission, inic.description.statement.kind), chain)
}

/** The first rule that it fits lets it in; the last reason against it is told. */
function judge(
  turn: Turn,
  from: Did,
  handle: number,
  inic: Inic,
  rules: readonly AdmissionRule[],
  chain: readonly Delegation[] | Fault | null,
): void {
  const { kind } = inic.description.statement
  let reason = `this host lets in no ${kind} that its owner has not named`
  for (const rule of rules) {
    if (rule.allow === 'open') return admit(turn, from, handle, inic, 'open', null)
    const invitation = chain === null ? 'an invitation is needed to join' : invitationBy(turn, from, kind, rule, chain)
    if (typeof invitation !== 'string') return admit(turn, from, handle, inic, 'invited', invitation)
    reason = invitation
  }
  turnAway(turn, from, handle, { code: 'NOT_ADMITTED', reason })
}

/** What the permit comes to under this rule, or why it comes to nothing. */
function invitationBy(
  { state, wallMs }: Turn,
  from: Did,
  kind: Description['kind'],
  rule: Extract<AdmissionRule, { allow: 'invited' }>,
  chain: readonly Delegation[] | Fault,
): Invitation | string {
  if ('code' in chain) return `its invitation: ${chain.reason}`
  const permit = checkPermit(chain, {
    roots: rule.by ? new Set(rule.by) : state.administrators,
    audience: from,
    command: '/host/join',
    argument: { kind },
    nowMs: wallMs,
    isRevoked: (cid, issuers) => isRevoked(state, cid, issuers),
  })
  return permit.ok ? permit.value : `its invitation: ${permit.reason}`
}

/** What makes any host a stranger whatever else speaks for it. */
function strangerFault(turn: Turn, from: Did, meeting: Meeting, { description, mandate }: Inic): Fault | null {
  const { state, wallMs } = turn
  const ban = banOf(state, from)
  if (ban !== null) return { code: 'BANNED', reason: ban }
  const { statement, signer } = description
  if (signer !== from) return { code: 'NOT_ADMITTED', reason: 'it brings the description of another host' }
  if (statement.age !== meeting.age)
    return { code: 'NOT_ADMITTED', reason: `it is described at age ${statement.age}, and comes at ${meeting.age}` }
  const known = state.nodes.known.get(from)
  const age = known ? ageFault(known, statement) : null
  if (age !== null) return { code: 'OLD_AGE', reason: age }
  if (!mandate) return null
  const by = banOf(state, mandate.signer)
  if (by !== null) return { code: 'BANNED', reason: `whom it speaks for is ${by}` }
  const { host, expiresMs } = mandate.statement
  if (host !== from) return { code: 'NOT_ADMITTED', reason: 'its mandate is another host’s' }
  if (expiresMs < wallMs || expiresMs > wallMs + MANDATE_LIFE_MS)
    return { code: 'NOT_ADMITTED', reason: 'its mandate has expired, or would live too long' }
  return null
}

/** Who needs no rule: hosts that the owner has named, and launchers of those whose programs and orders count here anyway. */
function namedGround({ state }: Turn, from: Did, { description, mandate }: Inic): Ground | null {
  const { administrators, operators, trusted, nodes } = state
  const names = mandate ? [from, mandate.signer] : [from]
  if (names.some((did) => nodes.statics.has(did) || administrators.has(did) || operators.has(did))) return 'static'
  return description.statement.kind === 'launcher' && names.some((did) => trusted.has(did)) ? 'author' : null
}

function admit(
  turn: Turn,
  from: Did,
  handle: number,
  { description, load, mandate }: Inic,
  ground: Ground,
  invitation: Invitation | null,
): void {
  const { state } = turn
  const meeting = state.nodes.meetings.get(from)
  if (!meeting) return
  Object.assign(meeting, { ground, invitation })
  meeting.speaksFor = mandate && { did: mandate.signer, untilMs: mandate.statement.expiresMs }
  if (invitation) noteIssuers(turn, invitation.issuers)
  writeDown(turn, { did: from, age: meeting.age, description, ground, invitation })
  const known = state.acquaintances.get(from)
  state.acquaintances.set(from, {
    description: description.statement,
    load,
    age: meeting.age,
    ground,
    connected: meeting.welcomed,
    heardMs: turn.nowMs,
    lostMs: null,
    offered: known?.connected ? known.offered : 0,
  })
  answer(turn, handle, 'inic', { ground })
  state.holdDueMs = turn.nowMs
  reconcile(turn, from)
  compareNames(turn, from)
}

/** Its age is durable before it is let in; that it was here once more is not worth a write. */
function writeDown(turn: Turn, seen: Omit<Node, 'firstMs' | 'heardMs'>): void {
  const { nodes } = turn.state
  const before = nodes.known.get(seen.did)
  const heardMs = turn.wallMs
  const isNews = before?.age !== seen.age || before.ground !== seen.ground
  const isDue = !before || heardMs - before.heardMs > NODE_WRITE_MS
  const node: Node = {
    ...seen,
    firstMs: before?.firstMs ?? heardMs,
    heardMs: isNews || isDue ? heardMs : before.heardMs,
  }
  const forgotten = note(nodes, node)
  if (forgotten !== null) persistSoon(turn, gone(nodeKey(forgotten)))
  if (isNews) persist(turn, writeNode(node))
  else if (isDue) persistSoon(turn, writeNode(node))
}

/** Whoever is not let in hears why, once, and nothing else. */
export function turnAway(turn: Turn, from: Did, handle: number, { code, reason }: Fault): void {
  log(turn, 'info', `${from} is turned away: ${code}: ${reason}`)
  deny(turn, handle, code, reason)
  // Who is banned has heard so now, and is not answered for a while.
  hangUp(turn, from, `turned away: ${code}`, { isBarred: code === 'BANNED' })
}

interface HangUp {
  /** Not answered for a while either. */
  readonly isBarred?: boolean
  /** Not dialled again for so long. */
  readonly awayMs?: number
}

export function hangUp(
  turn: Turn,
  host: Did,
  reason: string,
  { isBarred = false, awayMs = TURNED_AWAY_MS }: HangUp = {},
) {
  onDisconnected(turn, host)
  turn.effects.push({ kind: 'hangUp', host, reason, awayMs, isBarred })
}

export function onInicAnswered(turn: Turn, host: Did, outcome: Answer): void {
  const { nodes, acquaintances } = turn.state
  if (outcome.ok) {
    const meeting = nodes.meetings.get(host)
    const known = acquaintances.get(host)
    if (meeting) meeting.welcomed = true
    if (known && meeting?.ground) known.connected = true
    nodes.refusals.delete(host)
    return
  }
  const { code, reason } = outcome
  if (code === 'CLOSED') return
  // A busy host, perhaps. Over this session nothing else would ever be said: the next one begins anew.
  if (code === 'TIMEOUT') return hangUp(turn, host, 'INIC was not answered', { awayMs: 0 })
  log(turn, 'warn', `${host} does not let this host in: ${code}: ${reason}`)
  nodes.refusals.delete(host)
  nodes.refusals.set(host, { code, reason, atMs: turn.wallMs })
  const [oldest] = nodes.refusals.keys()
  if (nodes.refusals.size > REFUSALS_SHOWN_MAX && oldest !== undefined) nodes.refusals.delete(oldest)
  hangUp(turn, host, `it does not let us in: ${code}`)
}

/** Called each tick: sessions over which nobody says who he is, and hosts whose permit has ended or was taken back. */
export function watchMeetings(turn: Turn): void {
  const { state, nowMs, wallMs } = turn
  for (const [host, { ground, invitation, sinceMs }] of state.nodes.meetings) {
    if (ground === null && nowMs - sinceMs > INIC_MS_MAX) hangUp(turn, host, 'no INIC came', { awayMs: 0 })
    if (invitation === null) continue
    const { expiresMs, permits, issuers } = invitation
    const isOver = expiresMs !== null && expiresMs < wallMs
    if (!isOver && !permits.some((cid, at) => isRevoked(state, cid, issuers.slice(0, at + 1)))) continue
    log(turn, 'warn', `the invitation of ${host} ${isOver ? 'has expired' : 'was taken back'}`)
    hangUp(turn, host, 'its invitation is over')
  }
}
