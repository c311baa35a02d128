import * as v from 'valibot'
import { type Cid, parseCid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { type AgentId, parseAgentId } from '../directory/agent-id.ts'
import { type Did, parseDid } from '../identity/did.ts'
import { type AllegedEnvelope, alleged } from './alleged.ts'
import {
  ENVELOPE_BYTES_MAX,
  FETCH_NAMES_MAX,
  JSON_CHARS_MAX,
  NAME_CHARS_MAX,
  NOTE_CHARS_MAX,
  PACK_BYTES_MAX,
  WITNESSES_MAX,
} from './limits.ts'
import { namesFault } from './names.ts'
import type { Pack } from './pack.ts'
import type { Ballot, History, Holding, Statement } from './statements.ts'

/**
 * The smallest decoders: names, numbers and bytes that messages and statements are made of. What comes out is branded
 * and bounded; nobody behind this file checks again. An issue's text is the violated condition.
 */

/** A decoder from anything to exactly T: strict about unknown fields, so that one value has one form. */
export type Schema<T> = v.GenericSchema<unknown, T>

const parsed = <T>(parse: (value: unknown) => Result<T>): Schema<T> =>
  v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const result = parse(dataset.value)
      if (result.ok) return result.value
      addIssue({ message: result.reason })
      return NEVER
    }),
  )

const mapped = <A, B>(result: Result<A>, pick: (value: A) => B): Result<B> =>
  result.ok ? { ok: true, value: pick(result.value) } : result

export const did: Schema<Did> = parsed(parseDid)
export const cid: Schema<Cid> = parsed((value) => mapped(parseCid(value), (parts) => parts.cid))
export const agent: Schema<AgentId> = parsed((value) => mapped(parseAgentId(value), (parts) => parts.id))

/** A count, size or number in a sequence: 0..2^53-1. */
export const whole: Schema<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** Epochs, ages: from 1. */
export const positive: Schema<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
/** Wall-clock or virtual milliseconds, fractions as an agent reports them: any finite number. */
export const finite: Schema<number> = v.pipe(v.number(), v.finite())

const U32_MAX = 2 ** 32 - 1
export const age: Schema<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(U32_MAX))
/** A 32-bit seed. */
export const seed: Schema<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(U32_MAX))

export const name: Schema<string> = v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX))
export const note: Schema<string> = v.pipe(v.string(), v.maxLength(NOTE_CHARS_MAX))
export const json: Schema<string> = v.pipe(v.string(), v.maxLength(JSON_CHARS_MAX))

export const bytesUpTo = (bytesMax: number): Schema<Uint8Array> =>
  v.pipe(
    v.instance(Uint8Array, 'bytes expected'),
    v.check(
      (value) => value.length <= bytesMax,
      (issue) => `bytes ${issue.input.length} > ${bytesMax}`,
    ),
  )
export const bytesOf = (length: number): Schema<Uint8Array> =>
  v.pipe(
    v.instance(Uint8Array, 'bytes expected'),
    v.check(
      (value) => value.length === length,
      (issue) => `bytes ${issue.input.length} != ${length}`,
    ),
  )
/** A pack whose entries nobody has looked at: opening it is pack.ts's business, and costs work. */
export const pack: Schema<Pack> = v.strictObject({
  byteLength: v.pipe(whole, v.maxValue(PACK_BYTES_MAX)),
  deflated: v.boolean(),
  bytes: bytesUpTo(PACK_BYTES_MAX),
})
export const names: Schema<Uint8Array> = parsed((value) => {
  if (!(value instanceof Uint8Array)) return refuse('NAMES', 'bytes expected')
  const fault = namesFault(value, FETCH_NAMES_MAX)
  return fault === null ? accept(value) : refuse('NAMES', fault)
})

export const listOf = <T>(entry: Schema<T>, entriesMax: number): Schema<T[]> =>
  v.pipe(v.array(entry), v.maxLength(entriesMax))

/** Bytes that claim to be a sealed statement of this type. Nothing has been verified when this passes. */
export const envelope = <S extends Statement>(
  type: S['type'],
  bytesMax = ENVELOPE_BYTES_MAX,
): Schema<AllegedEnvelope<S>> =>
  v.pipe(
    bytesUpTo(bytesMax),
    v.transform((bytes) => alleged<S>(type, bytes)),
  )

export const ballot: Schema<Ballot> = v.strictObject({ round: whole, host: did, age })
/** An odd number of hosts, each once: two majorities of them share one. */
export const witnesses: Schema<Did[]> = v.pipe(
  listOf(did, WITNESSES_MAX),
  v.check((all) => all.length % 2 === 1 && new Set(all).size === all.length, 'not an odd number of different hosts'),
)
export const witnessCount: Schema<number> = v.pipe(
  positive,
  v.check((count) => count % 2 === 1 && count <= WITNESSES_MAX, `not odd, or > WITNESSES_MAX ${WITNESSES_MAX}`),
)
export const someHistory: Schema<History> = v.pipe(
  v.strictObject({ length: whole, head: v.nullable(cid) }),
  v.check(
    ({ length, head }) => (length === 0) === (head === null),
    'a history without pieces has no head, every other one',
  ),
)
export const history: Schema<History | null> = v.nullable(someHistory)
export const holding: Schema<Holding> = v.strictObject({ holder: did, checkpoint: v.nullable(cid), witnesses, history })

/** The first violated condition with its path, e.g. `body.ballot.host: keyBytes 31 != 32`. */
export function violation(issues: readonly v.BaseIssue<unknown>[], root: string): string {
  const issue = issues[0]
  if (!issue) return `${root}: refused`
  const path = v.getDotPath(issue)
  return `${path === null ? root : `${root}.${path}`}: ${issue.message}`
}
