import { equalBytes } from '../base/bytes.ts'
import type { Cid } from '../base/digest.ts'
import { integerBelow } from '../base/random.ts'
import type { Did } from '../identity/did.ts'
import { FETCH_NAMES_MAX, NOTICE_GROUPS, NOTICE_MARK_BYTES, NOTICES_PER_MESSAGE_MAX } from '../wire/limits.ts'
import type { Requests } from '../wire/messages.ts'
import { readNames, writeNames } from '../wire/names.ts'
import { noticeName } from '../wire/notices.ts'
import type { Answer } from './events.ts'
import { NOTICES_AGAIN_MS, UNWANTED_MAX } from './limits.ts'
import { grouped, marksOf } from './notice-book.ts'
import { take } from './notices.ts'
import { answer, ask, type Turn } from './turn.ts'

/**
 * What two hosts have of notices is compared when they meet, and now and then afterwards: whoever was away, cut off or not
 * yet born when one was passed around gets it here. Each asks for itself; what is asked and answered is bounded, and one
 * comparison ends after as many answers as there are groups.
 */
export function reconcile(turn: Turn, host: Did, from = 0): void {
  ask(turn, host, 'reconcile', { from, marks: marksOf(turn.state.notices) }, { for: 'reconcile', host, from })
}

/** Called each tick: with one host by lot, for what was lost between two who both stayed. */
export function reconcileWhenDue(turn: Turn): void {
  const { state } = turn
  if (turn.nowMs < state.notices.dueMs) return
  state.notices.dueMs = turn.nowMs + NOTICES_AGAIN_MS
  const hosts = [...state.acquaintances].filter(([, { connected }]) => connected).map(([host]) => host)
  const host = hosts[integerBelow(turn.random, hosts.length)]
  if (host !== undefined) reconcile(turn, host)
}

export function onReconcile(turn: Turn, handle: number, { from, marks }: Requests['reconcile']['ask']): void {
  const own = marksOf(turn.state.notices)
  const groups = grouped(turn.state.notices)
  const names: Cid[] = []
  let group = from
  for (; group < NOTICE_GROUPS; group++) {
    const [start, end] = [group * NOTICE_MARK_BYTES, (group + 1) * NOTICE_MARK_BYTES]
    if (equalBytes(own.subarray(start, end), marks.subarray(start, end))) continue
    const here = groups[group] ?? []
    if (names.length > 0 && names.length + here.length > FETCH_NAMES_MAX) break
    // A group that somebody has filled is told from another place on each time, so that it hides nothing for long.
    const first = here.length > FETCH_NAMES_MAX ? integerBelow(turn.random, here.length) : 0
    names.push(...[...here.slice(first), ...here.slice(0, first)].slice(0, FETCH_NAMES_MAX))
  }
  answer(turn, handle, 'reconcile', { names: writeNames(names), next: group < NOTICE_GROUPS ? group : null })
}

export function onReconciled(turn: Turn, host: Did, from: number, outcome: Answer): void {
  if (!outcome.ok) return
  const { names, next } = outcome.body as Requests['reconcile']['answer']
  const book = turn.state.notices
  const lacked = readNames(names).filter(
    (name): name is Cid => name !== null && !book.notices.has(name) && !book.unwanted.has(name),
  )
  askEvidence(turn, host, lacked, next !== null && next > from ? next : null)
}

/** Some at a time; when all have been asked for, the comparison goes on. */
function askEvidence(turn: Turn, host: Did, names: readonly Cid[], next: number | null): void {
  const asked = names.slice(0, NOTICES_PER_MESSAGE_MAX)
  if (asked.length > 0)
    ask(
      turn,
      host,
      'evidence',
      { names: writeNames(asked) },
      { for: 'evidence', host, asked, left: names.slice(asked.length), next },
    )
  else if (next !== null) reconcile(turn, host, next)
}

export function onEvidence(turn: Turn, handle: number, { names }: Requests['evidence']['ask']): void {
  const { notices } = turn.state.notices
  const found = readNames(names)
    .slice(0, NOTICES_PER_MESSAGE_MAX)
    .flatMap((name) => (name && notices.get(name)) || [])
  answer(turn, handle, 'evidence', { notices: found })
}

export function onEvidenceAnswered(
  turn: Turn,
  { host, asked, left, next }: { host: Did; asked: readonly Cid[]; left: readonly Cid[]; next: number | null },
  outcome: Answer,
): void {
  if (!outcome.ok) return
  const book = turn.state.notices
  const { notices } = outcome.body as Requests['evidence']['answer']
  take(
    turn,
    notices.filter((notice) => asked.includes(noticeName(notice))),
    host,
  )
  for (const name of asked) {
    if (book.notices.has(name)) continue
    if (book.unwanted.size >= UNWANTED_MAX) book.unwanted.clear()
    book.unwanted.add(name)
  }
  askEvidence(turn, host, left, next)
}
