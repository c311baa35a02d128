import * as v from 'valibot'
import { decode } from '../base/codec.ts'
import type { Alleged } from './alleged.ts'
import type { Origin } from './chain.ts'
import * as f from './fields.ts'
import { CHARTERS_MAX } from './limits.ts'
import type * as m from './mail.ts'
import {
  LETTER_HASH_CHARS,
  LETTERS_MAX,
  MARK_LETTERS_MAX,
  MARKS_MAX,
  NAME_MARKS_BYTES,
  NAMES_PER_MESSAGE_MAX,
  REGISTERED_NAME_CHARS_MAX,
} from './mail-limits.ts'
import type { Certificate, Founded, LaunchOrder, Vote } from './statements.ts'

/** The decoders of mail.ts; schemas.ts lends what both need. */
const letter: f.Schema<m.Letter> = v.strictObject({
  from: f.agent,
  epoch: f.whole,
  number: f.positive,
  to: f.agent,
  dataJson: f.json,
})

/** As a piece of a durable agent's history; null for what is none. */
export function parseLetter(bytes: Uint8Array): m.Letter | null {
  const decoded = decode(bytes)
  const parsed = decoded.ok ? v.safeParse(letter, decoded.value) : null
  return parsed?.success ? parsed.output : null
}

const mark: f.Schema<m.Mark> = v.strictObject({
  from: f.agent,
  epoch: f.whole,
  recent: f.listOf(
    v.strictObject({ number: f.positive, hash: v.pipe(v.string(), v.length(LETTER_HASH_CHARS)) }),
    MARK_LETTERS_MAX,
  ),
})

export const mail: f.Schema<m.Mail> = v.strictObject({
  first: f.whole,
  letters: f.listOf(v.strictObject({ from: f.agent, number: f.positive, dataJson: f.json }), LETTERS_MAX),
  marks: f.listOf(mark, MARKS_MAX),
  open: v.boolean(),
})

const NAME = /^[a-z0-9][a-z0-9._-]*$/
export const registeredName: f.Schema<string> = v.pipe(
  v.string(),
  v.maxLength(REGISTERED_NAME_CHARS_MAX),
  v.regex(NAME),
)

export const nameRecord: f.Schema<m.NameRecord> = v.strictObject({
  type: v.literal('name'),
  name: registeredName,
  agent: f.agent,
  owner: f.did,
  sinceMs: f.finite,
  untilMs: f.finite,
  number: f.positive,
})

type RequestSchemas = {
  readonly [N in keyof m.MailRequests]: {
    readonly ask: f.Schema<Alleged<m.MailRequests[N]['ask']>>
    readonly answer: f.Schema<Alleged<m.MailRequests[N]['answer']>>
  }
}

interface Parts {
  readonly origin: f.Schema<Origin>
  readonly certificate: f.Schema<Alleged<Certificate>>
}

export const birth: f.Schema<Alleged<m.Birth>> = v.union([
  v.strictObject({ founded: f.envelope<Founded>('founded') }),
  v.strictObject({ vote: f.envelope<Vote>('vote') }),
])

const ancestry = ({ origin, certificate }: Parts) => ({
  bundle: f.cid,
  origin,
  birth: v.nullable(birth),
  charters: f.listOf(certificate, CHARTERS_MAX),
})

const entries = (parts: Parts): f.Schema<Alleged<m.NameEntry>[]> =>
  f.listOf(
    v.strictObject({
      record: f.envelope<m.NameRecord>('name'),
      order: f.envelope<LaunchOrder>('launch'),
      succession: v.nullable(v.strictObject(ancestry(parts))),
    }),
    NAMES_PER_MESSAGE_MAX,
  )

export const mailRequestSchemas = (parts: Parts): RequestSchemas => ({
  mail: {
    ask: v.strictObject({
      letter,
      standing: v.nullable(
        v.strictObject({
          order: f.envelope<LaunchOrder>('launch'),
          certificate: v.nullable(parts.certificate),
          ...ancestry(parts),
        }),
      ),
    }),
    answer: v.strictObject({}),
  },
  register: {
    ask: v.strictObject({ agent: f.agent, epoch: f.whole, name: registeredName, held: v.boolean() }),
    answer: v.strictObject({}),
  },
  names: {
    ask: v.strictObject({ from: f.whole, marks: f.bytesOf(NAME_MARKS_BYTES) }),
    answer: v.strictObject({ entries: entries(parts), next: v.nullable(f.whole) }),
  },
})

export const mailAsyncSchemas = (
  parts: Parts,
): { readonly [N in keyof m.MailAsyncs]: f.Schema<Alleged<m.MailAsyncs[N]>> } => ({
  named: v.strictObject({ entries: entries(parts) }),
})
