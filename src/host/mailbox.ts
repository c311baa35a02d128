import { utf8Length } from '../base/bytes.ts'
import { textSha256 } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { KeptLetter, Letter, Mail, Mark } from '../wire/mail.ts'
import { LETTER_HASH_CHARS, LETTERS_MAX, MARK_LETTERS_MAX, MARKS_MAX } from '../wire/mail-limits.ts'
import type { Fault } from './events.ts'
import {
  LETTER_BYTES_BESIDE,
  LETTER_BYTES_MAX,
  LETTER_DEPTH_MAX,
  MAILBOX_BYTES_MAX,
  MARK_BYTES,
} from './mail-limits.ts'
import { isJson } from './receipts.ts'
import type { Resident } from './state.ts'

/**
 * One agent's letters, in the order of their coming, each at a place of its own. The program asks by place and says thereby
 * what it has had. Letters that it has had are kept up to the next checkpoint all the same: who goes on from the last one
 * asks for them again. Of each sender a mark says how far it has come, so that a repetition is known for what it is.
 */
export interface Mailbox {
  /** The place of `letters[0]`. */
  first: number
  letters: KeptLetter[]
  /** The place that the program has asked for last: what is before it, it has had. */
  next: number
  /** Of all letters that are kept. */
  bytes: number
  readonly marks: Map<AgentId, Mark>
  open: boolean
  /** The `receive` call that waits. */
  receiving: { readonly request: number; readonly after: number } | null
  /** From this place on letters stand in records of their own. */
  recorded: number
  /** Senders that have ended are not looked for before this. */
  sweepDueMs: number
}

export const openMailbox = ({ first, letters, marks, open }: Mail): Mailbox => ({
  first,
  letters: [...letters],
  next: first,
  bytes: letters.reduce((sum, letter) => sum + bytesOf(letter), 0),
  marks: new Map(marks.map((mark) => [mark.from, mark])),
  open,
  receiving: null,
  recorded: first + letters.length,
  sweepDueMs: 0,
})

/** As it travels, and as it is kept beside a checkpoint. */
export const mailOf = ({ first, letters, marks, open }: Mailbox): Mail => ({
  first,
  letters: [...letters],
  marks: [...marks.values()],
  open,
})

const bytesOf = ({ from, dataJson }: Pick<Letter, 'from' | 'dataJson'>): number =>
  utf8Length(dataJson) + from.length + LETTER_BYTES_BESIDE

export const endOf = ({ first, letters }: Mailbox): number => first + letters.length

/** What a letter is to this mailbox: a new one, one that it has had, or nothing that it takes. */
export function judge(box: Mailbox, letter: Letter): 'new' | 'had' | Fault {
  const mark = box.marks.get(letter.from)
  if (mark) {
    if (letter.epoch < mark.epoch)
      return { code: 'STALE_EPOCH', reason: `epoch ${letter.epoch} of the sender < ${mark.epoch}` }
    const last = mark.recent.at(-1)?.number ?? 0
    if (letter.number <= last) return repeated(mark, letter)
  }
  if (!mark && box.marks.size >= MARKS_MAX) return { code: 'BUSY', reason: `marks of ${MARKS_MAX} senders: full` }
  const bytes = bytesOf(letter)
  if (box.letters.length >= LETTERS_MAX || box.bytes + bytes > MAILBOX_BYTES_MAX)
    return { code: 'BUSY', reason: `mailbox ${box.letters.length} letters, ${box.bytes} bytes: full` }
  return 'new'
}

/** Longer ago than is remembered, it is believed to be the same. */
function repeated({ recent }: Mark, letter: Letter): 'had' | Fault {
  const before = recent.find(({ number }) => number === letter.number)
  const isForgotten = recent.length >= MARK_LETTERS_MAX && letter.number < (recent[0]?.number ?? 0)
  if (isForgotten || before?.hash === hashOf(letter)) return 'had'
  return {
    code: 'CONFLICT',
    reason: before
      ? `letter ${letter.number} came before, and said something else`
      : `letter ${letter.number} comes after ${recent.at(-1)?.number}, and did not come before it`,
  }
}

const hashOf = ({ dataJson }: Letter): string => textSha256(dataJson).slice(0, LETTER_HASH_CHARS)

/** Of one that is new. */
export function put(box: Mailbox, letter: Letter): void {
  const { from, epoch, number, dataJson } = letter
  const recent = [...(box.marks.get(from)?.recent ?? []), { number, hash: hashOf(letter) }].slice(-MARK_LETTERS_MAX)
  // Whoever wrote last stands last.
  box.marks.delete(from)
  box.marks.set(from, { from, epoch, recent })
  box.letters.push({ from, number, dataJson })
  box.bytes += bytesOf(letter)
}

/** Of one that was taken in before, as it is found again: there was room then. */
export function putAgain(box: Mailbox, letter: Letter): boolean {
  const verdict = judge(box, letter)
  const isNew = verdict === 'new' || (typeof verdict === 'object' && verdict.code === 'BUSY')
  if (isNew) put(box, letter)
  return isNew
}

/** The program asks for the letter at this place. False where it is gone: nobody who counts honestly asks for that. */
export function askFor(box: Mailbox, after: number): boolean {
  if (after < box.first) return false
  // One that was made of another by a fork has had what that one had, and begins with an empty mailbox.
  if (after > endOf(box)) Object.assign(box, { first: after, letters: [], bytes: 0, recorded: after })
  box.next = Math.max(box.next, after)
  return true
}

/** A checkpoint has been taken: whoever goes on from it has had what the program has had by now. */
export function trim(box: Mailbox): void {
  const had = box.letters.splice(0, box.next - box.first)
  for (const letter of had) box.bytes -= bytesOf(letter)
  box.first = box.next
}

/** The program stands at its last checkpoint again. */
export function rewindMail(resident: Pick<Resident, 'mailbox' | 'outgoing'>): void {
  const { mailbox } = resident
  mailbox.next = mailbox.first
  mailbox.receiving = null
  resident.outgoing = []
}

/** What it takes in a message: letters, and marks with their digests. */
export const mailBytes = ({ letters, marks }: Mail): number =>
  letters.reduce((sum, letter) => sum + bytesOf(letter), 0) + marks.length * MARK_BYTES

/** Of mail that another host brings: the violated condition, or null. What its marks say only the agent itself is harmed by. */
export function mailFault({ letters }: Mail): string | null {
  const bytes = letters.reduce((sum, letter) => sum + bytesOf(letter), 0)
  if (bytes > MAILBOX_BYTES_MAX) return `mailBytes ${bytes} > MAILBOX_BYTES_MAX ${MAILBOX_BYTES_MAX}`
  for (const { dataJson } of letters) {
    const fault = letterFault(dataJson)
    if (fault !== null) return fault
  }
  return null
}

/** What no letter is: too long, no JSON, or so deep that reading it would be an attack. */
export function letterFault(dataJson: string): string | null {
  const bytes = utf8Length(dataJson)
  if (bytes > LETTER_BYTES_MAX) return `letterBytes ${bytes} > LETTER_BYTES_MAX ${LETTER_BYTES_MAX}`
  const depth = depthOf(dataJson)
  if (depth > LETTER_DEPTH_MAX) return `letter nests ${depth} deep > LETTER_DEPTH_MAX ${LETTER_DEPTH_MAX}`
  return isJson(dataJson) ? null : 'a letter is no JSON'
}

function depthOf(json: string): number {
  let [depth, deepest, inText] = [0, 0, false]
  for (let i = 0; i < json.length; i++) {
    const char = json[i]
    if (inText) {
      if (char === '\\') i += 1
      else if (char === '"') inText = false
    } else if (char === '"') inText = true
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char === ']' || char === '}') depth -= 1
  }
  return deepest
}
