import { equalBytes } from '../base/bytes.ts'
import type { Cid } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import type { ErrorCode } from '../wire/error-codes.ts'
import { BIRTH_BYTES } from '../wire/limits.ts'
import type { Ground } from '../wire/messages.ts'
import type { Description, Mandate, Sealed } from '../wire/statements.ts'
import { type Admission, OPEN } from './admission.ts'
import { NODES_MAX } from './limits.ts'

/**
 * The paper's nodes database. The static part is what the owner has said: whom to let in without a word, and on what
 * ground anybody else. The dynamic part is who came, how old each was and what it said of itself; kept, so that a host
 * that was set back to an old backup is known for what it is. Plain data; who is let in is decided in inic.ts.
 */
export interface NodeBook {
  readonly admission: Admission
  readonly statics: ReadonlySet<Did>
  /** Marks of this host's own newest lives, this one's first. */
  readonly births: Uint8Array
  /** What this host says of itself; null until it is signed. */
  description: Sealed<Description> | null
  /** What it shows to hosts that want a permit. */
  readonly invitation: readonly Uint8Array[]
  /** In whose name it asks. */
  readonly mandate: Sealed<Mandate> | null
  /** Everybody who was ever let in, those not heard of for longest first. */
  readonly known: Map<Did, Node>
  /** One for each session there is now. */
  readonly meetings: Map<Did, Meeting>
  /** Who has turned this host away, and why; oldest first. */
  readonly refusals: Map<Did, { readonly code: ErrorCode; readonly reason: string; readonly atMs: number }>
}

export interface Node {
  readonly did: Did
  /** The highest seen. */
  readonly age: number
  readonly description: Sealed<Description>
  readonly ground: Ground
  readonly invitation: Invitation | null
  readonly firstMs: number
  /** By the wall's clock, like `firstMs`. */
  readonly heardMs: number
}

/** The permit that a host was let in with: it goes when the permit does. */
export interface Invitation {
  readonly root: Did
  readonly issuers: readonly Did[]
  readonly permits: readonly Cid[]
  readonly expiresMs: number | null
}

/** What two hosts that have a session know of each other's mind. */
export interface Meeting {
  readonly age: number
  readonly sinceMs: number
  /** On what ground it was let in here; null before INIC. */
  ground: Ground | null
  invitation: Invitation | null
  /** It has let us in. */
  welcomed: boolean
  /** In whose name it asks, until when by the wall's clock. */
  speaksFor: { readonly did: Did; readonly untilMs: number } | null
}

export const newNodes = (birth: {
  readonly admission: Admission
  readonly statics: readonly Did[]
  readonly births: Uint8Array
  readonly invitation: readonly Uint8Array[]
  readonly mandate: Sealed<Mandate> | null
}): NodeBook => ({
  ...birth,
  statics: new Set(birth.statics),
  description: null,
  known: new Map(),
  meetings: new Map(),
  refusals: new Map(),
})

/** Where nothing is said: anybody may come, and nobody was here before. */
export const openToAll = (): NodeBook =>
  newNodes({ admission: OPEN, statics: [], births: new Uint8Array(), invitation: [], mandate: null })

/**
 * Why a host of this age and these births is not the one that was here before, gone on; null where it is. A lower age is an
 * old backup. So is the same age with another birth; and a higher one, where its births say that it came by another life
 * than the one we met: with what was witnessed and given away there forgotten, it would do it again.
 */
export function ageFault(
  known: Pick<Node, 'age' | 'description'>,
  { age, births }: Pick<Description, 'age' | 'births'>,
): string | null {
  if (age < known.age) return `age ${age} < ${known.age}, which it has been: it was set back`
  const told = birthAt(births, age - known.age)
  if (told === null || equalBytes(told, birthAt(known.description.statement.births, 0) ?? told)) return null
  return `its age ${known.age} was another life than the one that was here: it was set back, or runs twice`
}

/** The mark of the life so many before the newest; null where it is not told. */
function birthAt(births: Uint8Array, before: number): Uint8Array | null {
  const mark = births.subarray(before * BIRTH_BYTES, (before + 1) * BIRTH_BYTES)
  return mark.length === BIRTH_BYTES ? mark : null
}

/** Writes a host down as heard of last. Who must be forgotten for it, if anybody. */
export function note(book: NodeBook, node: Node): Did | null {
  book.known.delete(node.did)
  book.known.set(node.did, node)
  return book.known.size > NODES_MAX ? forgetOne(book) : null
}

function forgetOne(book: NodeBook): Did | null {
  const isAbsent = ({ did }: Node): boolean => !book.meetings.has(did) && !book.statics.has(did)
  const nodes = [...book.known.values()]
  const goes = nodes.find((node) => isAbsent(node) && node.ground === 'open') ?? nodes.find(isAbsent)
  if (!goes) return null
  book.known.delete(goes.did)
  return goes.did
}
