import { describe, expect, it } from 'vitest'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import { onSwept } from '../../src/host/mail.ts'
import { LETTER_DEPTH_MAX, MAILBOX_BYTES_MAX } from '../../src/host/mail-limits.ts'
import {
  askFor,
  endOf,
  judge,
  letterFault,
  mailFault,
  mailOf,
  openMailbox,
  put,
  putAgain,
  rewindMail,
  trim,
} from '../../src/host/mailbox.ts'
import type { Resident } from '../../src/host/state.ts'
import { type Letter, NO_MAIL } from '../../src/wire/mail.ts'
import { LETTERS_MAX, MARK_LETTERS_MAX, MARKS_MAX } from '../../src/wire/mail-limits.ts'
import { didOfSeed } from './cluster.ts'

const idOf = (sequence: number): AgentId => agentId({ home: didOfSeed(1), age: 1, sequence })
const [reader, writer] = [idOf(1), idOf(2)]
const letter = (number: number, more: Partial<Letter> = {}): Letter => ({
  from: writer,
  epoch: 1,
  number,
  to: reader,
  dataJson: `{"n":${number}}`,
  ...more,
})

function filled(...numbers: number[]) {
  const box = openMailbox(NO_MAIL)
  for (const number of numbers) put(box, letter(number))
  return box
}

describe('a mailbox', () => {
  it('knows a letter that it has had, and one that says something else under the same number', () => {
    const box = filled(3, 5)
    expect(judge(box, letter(5))).toBe('had')
    expect(judge(box, letter(3))).toBe('had')
    expect(judge(box, letter(3, { dataJson: '{}' }))).toMatchObject({ code: 'CONFLICT' })
    expect(judge(box, letter(4)), 'never sent before').toMatchObject({ code: 'CONFLICT' })
    expect(judge(box, letter(6))).toBe('new')
  })

  it('takes what is older than it remembers for what it was', () => {
    const box = filled(...Array.from({ length: MARK_LETTERS_MAX + 2 }, (_, i) => i + 1))
    expect(judge(box, letter(1, { dataJson: '"another"' }))).toBe('had')
    expect(judge(box, letter(3, { dataJson: '"another"' }))).toMatchObject({ code: 'CONFLICT' })
  })

  it('refuses an epoch below the highest that it has heard the sender in', () => {
    const box = filled(1)
    put(box, letter(2, { epoch: 4 }))
    expect(judge(box, letter(3, { epoch: 3 }))).toMatchObject({ code: 'STALE_EPOCH' })
  })

  it('takes LETTERS_MAX letters, and not one more until some have been had', () => {
    const box = filled(...Array.from({ length: LETTERS_MAX }, (_, i) => i + 1))
    expect(judge(box, letter(LETTERS_MAX + 1))).toMatchObject({ code: 'BUSY' })
    askFor(box, 1)
    expect(judge(box, letter(LETTERS_MAX + 1)), 'had, but not behind a checkpoint').toMatchObject({ code: 'BUSY' })
    trim(box)
    expect(judge(box, letter(LETTERS_MAX + 1))).toBe('new')
  })

  it('counts bytes, also of what is around a letter', () => {
    const dataJson = JSON.stringify('x'.repeat(30_000))
    const box = openMailbox(NO_MAIL)
    let number = 0
    while (judge(box, letter(number + 1, { dataJson })) === 'new') put(box, letter(++number, { dataJson }))
    expect(number).toBe(Math.floor(MAILBOX_BYTES_MAX / 30_150))
    expect(mailFault(mailOf(box))).toBeNull()
    put(box, letter(number + 1, { dataJson }))
    expect(mailFault(mailOf(box))).toMatch(/mailBytes \d+ > MAILBOX_BYTES_MAX/)
  })

  it('hears from MARKS_MAX senders, and goes on hearing from those', () => {
    const box = openMailbox(NO_MAIL)
    for (let i = 0; i < MARKS_MAX; i++) put(box, letter(1, { from: idOf(10 + i), dataJson: '1' }))
    expect(judge(box, letter(1, { from: idOf(9) }))).toMatchObject({ code: 'BUSY' })
    expect(judge(box, letter(2, { from: idOf(10) }))).toBe('new')
    // One of them has ended: another finds room.
    onSwept({ mailbox: box } as Resident, idOf(11), { ok: false, code: 'CLOSED', reason: '' })
    expect(judge(box, letter(1, { from: idOf(9) }))).toMatchObject({ code: 'BUSY' })
    onSwept({ mailbox: box } as Resident, idOf(11), { ok: false, code: 'GONE', reason: '' })
    expect(judge(box, letter(1, { from: idOf(9) }))).toBe('new')
  })

  it('takes again what it had taken, however full it is by then', () => {
    const box = filled(...Array.from({ length: LETTERS_MAX }, (_, i) => i + 1))
    expect(putAgain(box, letter(LETTERS_MAX))).toBe(false)
    expect(putAgain(box, letter(LETTERS_MAX + 1))).toBe(true)
    expect(endOf(box)).toBe(LETTERS_MAX + 1)
  })

  it('gives the same letters again to who goes on from the checkpoint, from memory and from what travels', () => {
    const box = filled(1, 2, 3, 4)
    askFor(box, 1)
    trim(box)
    askFor(box, 3)
    const travelled = openMailbox(mailOf(box))
    rewindMail({ mailbox: box, outgoing: [] })
    for (const again of [box, travelled]) {
      expect(askFor(again, 0)).toBe(false)
      expect(askFor(again, 1)).toBe(true)
      expect(again.letters[1 - again.first]).toMatchObject({ number: 2 })
      expect(endOf(again)).toBe(4)
    }
  })

  it('begins where a program stands that was made of another', () => {
    const box = openMailbox(NO_MAIL)
    expect(askFor(box, 7)).toBe(true)
    put(box, letter(1))
    expect(box.letters[7 - box.first]).toMatchObject({ number: 1 })
  })

  it('is offered nothing but JSON, of a bounded depth', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(letterFault(nested(LETTER_DEPTH_MAX))).toBeNull()
    expect(letterFault(nested(LETTER_DEPTH_MAX + 1))).toMatch(/nests 65 deep/)
    expect(letterFault(`"${'['.repeat(99)}\\"${'['.repeat(99)}"`)).toBeNull()
    expect(letterFault('1,"from":"me"')).toBe('a letter is no JSON')
    expect(letterFault('"'.padEnd(32 * 1024, 'x').concat('"'))).toMatch(/letterBytes 32769/)
  })
})
