import { utf8 } from '../base/bytes.ts'
import { type Cid, parseCid, sha256 } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import { NOTICE_GROUPS, NOTICE_MARK_BYTES, NOTICE_MARKS_BYTES } from '../wire/limits.ts'
import { type Notice, noticeName } from '../wire/notices.ts'

/**
 * The notices that a host keeps, and what they come to: who is banned, which permits are taken back. Only grows, but for
 * proofs against keys that nobody here has met (notices.ts). Whether a notice belongs in here is decided before.
 */
export interface NoticeBook {
  readonly notices: Map<Cid, Notice>
  /** Those of them that prove themselves. */
  readonly proofs: Set<Cid>
  /** Of these, those against keys that were never met here, oldest first: what a stranger can make as many of as it likes. */
  readonly spare: Set<Cid>
  /** How many of the others each key answers for. */
  readonly spokenBy: Map<Did, number>
  /** Who is banned, and for people why, by the notices that say so. */
  readonly banned: Map<Did, Map<Cid, string>>
  /** For each permit, who has taken it back: worth something where that is an issuer of its chain. */
  readonly revoked: Map<Cid, Set<Did>>
  /** Names that were told here and are not kept, so that they are not asked for again and again. */
  readonly unwanted: Set<Cid>
  /** Keys that stand in permits which verified here: what they take back counts. */
  readonly issuers: Set<Did>
  /** Made when they are asked for, and good until the next change: who compares again and again costs one sorting. */
  groups: readonly (readonly Cid[])[] | null
  marks: Uint8Array | null
  dueMs: number
}

export const newBook = (): NoticeBook => ({
  notices: new Map(),
  proofs: new Set(),
  spare: new Set(),
  spokenBy: new Map(),
  banned: new Map(),
  revoked: new Map(),
  unwanted: new Set(),
  issuers: new Set(),
  groups: null,
  marks: null,
  dueMs: 0,
})

/** The key that a notice is against; null for one against a permit. */
export function accused(notice: Notice): Did | null {
  if (notice.kind === 'ban') return notice.ban.statement.subject
  return notice.kind === 'equivocation' ? notice.first.signer : null
}

/** Who takes responsibility for it; null for one that proves itself. */
export function accuser(notice: Notice): Did | null {
  if (notice.kind === 'ban') return notice.ban.signer
  return notice.kind === 'revocation' ? notice.revocation.signer : null
}

/** `isMet`: this host has had to do with the key that it is against. */
export function enter(book: NoticeBook, notice: Notice, isMet: boolean): void {
  const name = noticeName(notice)
  book.notices.set(name, notice)
  book.unwanted.delete(name)
  book.groups = null
  book.marks = null
  const [subject, by] = [accused(notice), accuser(notice)]
  if (by === null) {
    book.proofs.add(name)
    if (!isMet) book.spare.add(name)
  } else book.spokenBy.set(by, (book.spokenBy.get(by) ?? 0) + 1)
  if (subject !== null) {
    const why = book.banned.get(subject) ?? new Map()
    book.banned.set(subject, why.set(name, whyBanned(notice)))
  }
  if (notice.kind !== 'revocation') return
  const { permit } = notice.revocation.statement
  const takers = book.revoked.get(permit) ?? new Set()
  book.revoked.set(permit, takers.add(notice.revocation.signer))
}

const whyBanned = (notice: Notice): string =>
  notice.kind === 'ban'
    ? `banned by ${notice.ban.signer}: ${notice.ban.statement.reason}`
    : 'banned by its own hand: it signed what makes two of one agent'

/** Makes room for another proof: of those that were never met here the oldest goes. Null where all were. */
export function forgetProof(book: NoticeBook): Cid | null {
  const [name] = book.spare
  const notice = name && book.notices.get(name)
  if (!notice) return null
  book.spare.delete(name)
  book.proofs.delete(name)
  book.notices.delete(name)
  book.groups = null
  book.marks = null
  const subject = accused(notice)
  const why = subject === null ? undefined : book.banned.get(subject)
  why?.delete(name)
  if (subject !== null && why?.size === 0) book.banned.delete(subject)
  return name
}

const groupOf = (name: Cid): number => {
  const parsed = parseCid(name)
  return parsed.ok ? Math.floor(((parsed.value.digest[0] ?? 0) * NOTICE_GROUPS) / 256) : 0
}

/** The names of each group, sorted. */
export function grouped(book: NoticeBook): readonly (readonly Cid[])[] {
  if (book.groups) return book.groups
  const groups: Cid[][] = Array.from({ length: NOTICE_GROUPS }, () => [])
  for (const name of book.notices.keys()) groups[groupOf(name)]?.push(name)
  for (const names of groups) names.sort()
  book.groups = groups
  return groups
}

/** One mark for each group: equal where two hosts have the same notices of it, zeros where there are none. */
export function marksOf(book: NoticeBook): Uint8Array {
  if (book.marks) return book.marks
  const marks = new Uint8Array(NOTICE_MARKS_BYTES)
  for (const [group, names] of grouped(book).entries())
    if (names.length > 0)
      marks.set(sha256(utf8(names.join())).subarray(0, NOTICE_MARK_BYTES), group * NOTICE_MARK_BYTES)
  book.marks = marks
  return marks
}
