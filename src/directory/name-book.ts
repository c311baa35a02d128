import { equalBytes, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import type { AgentId } from './agent-id.ts'

/**
 * The names that a host knows: for each name of each owner the record that counts. Signatures and who may say what are looked at before
 * (host/names.ts); here is only the rule by which one record gives way to another, the same on every host, so that all come
 * to the same in whatever order they hear.
 */
export interface NameFacts {
  readonly name: string
  readonly owner: Did
  readonly agent: AgentId
  readonly sinceMs: number
  readonly untilMs: number
  readonly number: number
}

export interface NameBook<Entry> {
  readonly entries: Map<string, { readonly facts: NameFacts; readonly entry: Entry }>
  /** Of each group of names; null when they have changed since. */
  marks: Uint8Array | null
  readonly groups: number
  readonly markBytes: number
}

export const newNameBook = <Entry>(groups: number, markBytes: number): NameBook<Entry> => ({
  entries: new Map(),
  marks: null,
  groups,
  markBytes,
})

export const nameKey = ({ owner, name }: Pick<NameFacts, 'owner' | 'name'>): string => `${owner}/${name}`

const isLive = ({ untilMs }: NameFacts, nowMs: number): boolean => untilMs > nowMs

/**
 * `new`: the name means something else from now on; `renewed`: the same for longer; `old`: nothing that is not known; `beaten`:
 * another agent had it first. Within one agent the higher number counts; between two the one that has had it longer, by the smaller
 * id where both began together, as long as its lease lasts.
 */
export function enterName<Entry>(
  book: NameBook<Entry>,
  facts: NameFacts,
  entry: Entry,
  nowMs: number,
): 'new' | 'renewed' | 'old' | 'beaten' {
  const key = nameKey(facts)
  const before = book.entries.get(key)?.facts
  const verdict = judge(before, facts, nowMs)
  if (verdict === 'new' || verdict === 'renewed') {
    book.entries.set(key, { facts, entry })
    book.marks = null
  }
  return verdict
}

function judge(before: NameFacts | undefined, facts: NameFacts, nowMs: number): ReturnType<typeof enterName> {
  if (!before) return isLive(facts, nowMs) ? 'new' : 'old'
  if (before.agent === facts.agent) {
    if (facts.number <= before.number) return 'old'
    return isLive(before, nowMs) && isLive(facts, nowMs) ? 'renewed' : 'new'
  }
  if (!isLive(facts, nowMs)) return 'old'
  if (!isLive(before, nowMs) || hadFirst(facts, before)) return 'new'
  return 'beaten'
}

const hadFirst = (one: NameFacts, other: NameFacts): boolean =>
  one.sinceMs < other.sinceMs || (one.sinceMs === other.sinceMs && one.agent < other.agent)

/** Whose name it is now; null where nobody has it. */
export function resolveName<Entry>(
  { entries }: NameBook<Entry>,
  owner: Did,
  name: string,
  nowMs: number,
): { readonly facts: NameFacts; readonly entry: Entry } | null {
  const found = entries.get(nameKey({ owner, name }))
  return found && isLive(found.facts, nowMs) ? found : null
}

/** What was given up is remembered for another lease: its older records are still about. */
export function expireNames<Entry>(book: NameBook<Entry>, nowMs: number, leaseMs: number): void {
  for (const [key, { facts }] of book.entries) if (facts.untilMs + leaseMs < nowMs) forgetName(book, key)
}

export function forgetName<Entry>(book: NameBook<Entry>, key: string): void {
  book.entries.delete(key)
  book.marks = null
}

const groupOf = (key: string, groups: number): number => (sha256(utf8(key))[0] ?? 0) % groups

/** A digest of each group, in one piece: two hosts with the same names have the same. */
export function nameMarks<Entry>(book: NameBook<Entry>): Uint8Array {
  if (book.marks) return book.marks
  const lines: string[][] = Array.from({ length: book.groups }, () => [])
  for (const [key, { facts }] of book.entries)
    lines[groupOf(key, book.groups)]?.push(`${key} ${facts.agent} ${facts.number}`)
  const marks = new Uint8Array(book.groups * book.markBytes)
  for (const [group, said] of lines.entries())
    marks.set(sha256(utf8(said.sort().join('\n'))).subarray(0, book.markBytes), group * book.markBytes)
  book.marks = marks
  return marks
}

/**
 * What the other lacks, or has older, from group `from` on: of every group that differs as many entries as fit, and where to go on. A
 * group that does not fit is told from another place on each time.
 */
export function namesLacked<Entry>(
  book: NameBook<Entry>,
  from: number,
  theirs: Uint8Array,
  entriesMax: number,
  lot: (below: number) => number,
): { readonly entries: readonly Entry[]; readonly next: number | null } {
  const own = nameMarks(book)
  const here = new Map<number, Entry[]>()
  for (const [key, { entry }] of book.entries) {
    const group = groupOf(key, book.groups)
    here.set(group, [...(here.get(group) ?? []), entry])
  }
  const entries: Entry[] = []
  for (let group = from; group < book.groups; group++) {
    const [start, end] = [group * book.markBytes, (group + 1) * book.markBytes]
    if (equalBytes(own.subarray(start, end), theirs.subarray(start, end))) continue
    const all = here.get(group) ?? []
    if (entries.length > 0 && entries.length + all.length > entriesMax) return { entries, next: group }
    const first = all.length > entriesMax ? lot(all.length) : 0
    entries.push(...[...all.slice(first), ...all.slice(0, first)].slice(0, entriesMax))
  }
  return { entries, next: null }
}
