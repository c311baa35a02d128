import { equivocationOf } from '../audit/equivocation.ts'
import type { Cid } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import { type Notice, noticeName } from '../wire/notices.ts'
import { banish } from './banish.ts'
import { ISSUERS_MAX, NOTICES_BY_ISSUER_MAX, NOTICES_MAX, PROOFS_MAX } from './limits.ts'
import { accused, accuser, enter, forgetProof } from './notice-book.ts'
import { gone, noticeKey, writeNotice } from './records.ts'
import type { HostState } from './state.ts'
import { answer, deny, log, persist, type Turn, tell } from './turn.ts'

/**
 * Which notices a host believes, keeps and passes on: bans by its administrators, proofs that prove themselves, and
 * permits taken back by who may. Nothing else is kept, or a stranger could fill the disks of all; and no message takes
 * one back. What two hosts have of them is compared in reconcile.ts; what a ban does is banish.ts.
 */
export const isBanned = ({ notices }: HostState, did: Did): boolean => notices.banned.has(did)

/** Why, for people; null where nothing stands against the key. */
export const banOf = ({ notices }: HostState, did: Did): string | null =>
  notices.banned.get(did)?.values().next().value ?? null

/** Whether one of those who issued this delegation, or one above it, has taken it back. */
export function isRevoked({ notices }: HostState, permit: Cid, chainIssuers: readonly Did[]): boolean {
  const by = notices.revoked.get(permit)
  return by !== undefined && chainIssuers.some((issuer) => by.has(issuer))
}

/** These keys issue permits that verified here: from now on they can be heard to take them back. */
export function noteIssuers(turn: Turn, issuers: readonly Did[]): void {
  const { notices } = turn.state
  for (const issuer of issuers) {
    if (notices.issuers.has(issuer)) continue
    notices.issuers.add(issuer)
    // What was not wanted of it before is now: the next comparison, soon, brings it.
    notices.unwanted.clear()
    notices.dueMs = turn.nowMs
    const [oldest] = notices.issuers
    if (notices.issuers.size > ISSUERS_MAX && oldest !== undefined) notices.issuers.delete(oldest)
  }
}

/** Keeps a notice, acts on it and tells it to everybody here; why not, where it is not to be kept. */
export function publish(turn: Turn, notice: Notice): string | null {
  const fault = noticeFault(turn.state, notice)
  if (fault === null) take(turn, [notice], null)
  return fault
}

/** Notices that came, whose signatures have verified: those that are new and believed are kept, acted on, passed on. */
export function take(turn: Turn, notices: readonly Notice[], from: Did | null): void {
  const { state } = turn
  const fresh: Notice[] = []
  for (const notice of notices) {
    const name = noticeName(notice)
    if (state.notices.notices.has(name) || noticeFault(state, notice) !== null) continue
    if (!makeRoom(turn, notice)) {
      log(turn, 'warn', `a notice is not kept: no room for another ${notice.kind}`)
      continue
    }
    enter(state.notices, notice, isMet(state, notice))
    persist(turn, writeNotice(name, notice))
    fresh.push(notice)
  }
  if (fresh.length === 0) return
  for (const [host, { connected }] of state.acquaintances)
    if (connected && host !== from) tell(turn, host, 'notices', { notices: fresh })
  banish(
    turn,
    fresh.flatMap((notice) => accused(notice) ?? []),
  )
}

/** Whether this host has ever let in the key that the notice is against. */
export function isMet({ nodes }: HostState, notice: Notice): boolean {
  const subject = accused(notice)
  return subject !== null && nodes.known.has(subject)
}

export function onPublish(turn: Turn, handle: number, { notice }: Requests['publish']['ask']): void {
  const fault = publish(turn, notice)
  if (fault === null) answer(turn, handle, 'publish', {})
  else deny(turn, handle, 'NOT_AUTHORISED', fault)
}

/** Why a notice is nothing to this host; null where it is to be kept. */
function noticeFault(state: HostState, notice: Notice): string | null {
  const subject = accused(notice)
  if (subject === state.self) return 'a host is not banned by itself'
  if (subject !== null && state.administrators.has(subject))
    return `${subject} is an administrator: appointed and dismissed by configuration alone`
  switch (notice.kind) {
    case 'ban':
      return state.administrators.has(notice.ban.signer) ? null : `${notice.ban.signer} is no administrator here`
    case 'revocation':
      return mayRevoke(state, notice.revocation.signer)
        ? null
        : `${notice.revocation.signer} has issued nothing that counts here`
    case 'equivocation':
      return equivocationOf(notice.first, notice.second) ? null : 'the two statements prove nothing'
  }
}

const mayRevoke = ({ administrators, roots, trusted, operators, notices }: HostState, signer: Did): boolean =>
  administrators.has(signer) ||
  roots.has(signer) ||
  trusted.has(signer) ||
  operators.has(signer) ||
  notices.issuers.has(signer)

/**
 * Administrators are believed up to the whole book, others who issue permits up to a share of it. Proofs cost a stranger
 * two signatures by a key of a moment: of those against keys that nobody here has met the oldest gives way.
 */
function makeRoom(turn: Turn, notice: Notice): boolean {
  const { notices: book, administrators } = turn.state
  const by = accuser(notice)
  if (by === null) {
    if (book.proofs.size < PROOFS_MAX) return true
    const gives = forgetProof(book)
    if (gives !== null) persist(turn, gone(noticeKey(gives)))
    return gives !== null
  }
  if (book.notices.size - book.proofs.size >= NOTICES_MAX) return false
  return administrators.has(by) || (book.spokenBy.get(by) ?? 0) < NOTICES_BY_ISSUER_MAX
}
