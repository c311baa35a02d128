import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { admissionText, OPEN, parseAdmission, rulesFor } from '../../src/host/admission.ts'
import { NODES_MAX } from '../../src/host/limits.ts'
import { ageFault, type Node, note, openToAll } from '../../src/host/nodes.ts'
import type { Did } from '../../src/identity/did.ts'
import type { Ground } from '../../src/wire/messages.ts'
import { authorityFor } from '../wire/world.ts'
import { introduction } from './introduction.ts'

const [admin, other] = [authorityFor(1).did, authorityFor(2).did]

describe('a policy of admission', () => {
  it.each([
    ['open', OPEN],
    ['closed', []],
    ['static', []],
    ['invited', [{ allow: 'invited', by: null, kinds: null }]],
    ['static, invited, else closed', [{ allow: 'invited', by: null, kinds: null }]],
    [
      `static, invited by ${admin} or ${other}, else open for tabs only`,
      [
        { allow: 'invited', by: [admin, other], kinds: null },
        { allow: 'open', kinds: ['tab'] },
      ],
    ],
    ['open for edges and launchers', [{ allow: 'open', kinds: ['edge', 'launcher'] }]],
  ])('"%s" is read as rules, and said again in words that mean the same', (text, rules) => {
    const read = parseAdmission(text)
    expect(read).toEqual({ ok: true, value: rules.map(({ ...rule }) => rule) })
    if (read.ok) expect(parseAdmission(admissionText(read.value))).toEqual(read)
  })

  it.each([
    ['', '"" is none of'],
    ['everybody', '"everybody" is none of'],
    ['open to all', '"open to all" is none of'],
    ['invited by', 'after "by" a did is missing'],
    ['invited by did:key:zzz', 'is not'],
    ['open for cats', '"cats" is no kind of host'],
    ['open for', 'after "for" a kind of host is missing'],
    ['closed, open', 'nothing can follow "closed"'],
    ['open,'.repeat(17), 'rules 18 > ADMISSION_RULES_MAX 16'],
    [' '.repeat(1_001), 'admissionChars 1001 > ADMISSION_CHARS_MAX 1000'],
  ])('"%s" is refused', (text, reason) => {
    const read = parseAdmission(text)
    expect(read.ok ? 'accepted' : read.reason).toContain(reason)
  })

  it('tries the rules that fit a kind, in their order', () => {
    const read = parseAdmission('invited for edges, open for tabs, invited')
    if (!read.ok) throw new Error(read.reason)
    expect(rulesFor(read.value, 'tab').map(({ allow }) => allow)).toEqual(['open', 'invited'])
    expect(rulesFor(read.value, 'launcher').map(({ allow }) => allow)).toEqual(['invited'])
  })
})

const mark = (life: number): Uint8Array => new Uint8Array(8).fill(life)
/** Newest first. */
const lives = (...marks: number[]): Uint8Array => concatBytes(...marks.map(mark))

describe('the age of a host', async () => {
  const met = async (age: number, births: Uint8Array): Promise<Pick<Node, 'age' | 'description'>> => ({
    age,
    description: (await introduction(authorityFor(3), { age, births })).description,
  })
  const known = await met(7, lives(7, 6, 5))

  it.each([
    ['is the same while it lives', 7, lives(7, 6, 5), null],
    ['goes on at each start', 8, lives(8, 7, 6), null],
    ['goes on over starts that nobody here saw', 9, lives(9, 8, 7, 6), null],
    ['is believed where it has lived too often since to tell', 30, lives(30, 29), null],
    ['is refused when it is lower', 6, lives(6, 5, 4), 'age 6 < 7, which it has been: it was set back'],
    ['is refused when another life has it', 7, lives(70, 6, 5), 'its age 7 was another life'],
    [
      'is refused when it came by another life: a backup, started again',
      8,
      lives(80, 70, 6),
      'its age 7 was another life',
    ],
    ['is refused however often that was started since', 10, lives(100, 90, 80, 70), 'its age 7 was another life'],
  ])('%s', (_, age, births, fault) => {
    const found = ageFault(known, { age, births })
    if (fault === null) expect(found).toBeNull()
    else expect(found).toContain(fault)
  })
})

describe('the nodes database', async () => {
  const { description } = await introduction(authorityFor(3))
  const node = (i: number, ground: Ground): Node => ({
    did: `did:key:${i}` as Did,
    age: 1,
    description,
    ground,
    invitation: null,
    firstMs: i,
    heardMs: i,
  })

  it('forgets of too many who was not heard of for longest, and nobody who is here or has an invitation before', () => {
    const book = openToAll()
    expect(note(book, node(0, 'invited'))).toBeNull()
    for (let i = 1; i < NODES_MAX; i++) expect(note(book, node(i, 'open'))).toBeNull()
    book.meetings.set('did:key:1' as Did, {
      age: 1,
      sinceMs: 0,
      ground: 'open',
      invitation: null,
      welcomed: true,
      speaksFor: null,
    })
    expect(note(book, node(2, 'open'))).toBeNull()
    expect(note(book, node(NODES_MAX, 'open'))).toBe('did:key:3')
    expect(note(book, node(NODES_MAX + 1, 'open'))).toBe('did:key:4')
    expect(note(book, node(NODES_MAX + 2, 'open'))).toBe('did:key:5')
    expect(book.known.size).toBe(NODES_MAX)
    expect(book.known.has('did:key:0' as Did)).toBe(true)
  })
})
