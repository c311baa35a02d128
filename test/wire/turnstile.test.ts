import { beforeEach, describe, expect, it } from 'vitest'
import { Lately } from '../../src/base/lately.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import {
  BARRED_MS,
  ENTRIES_PENDING_MAX,
  ENTRY_BURST,
  ENTRY_FAILED_COST,
  MESSAGE_BURST,
  NETWORK_ENTRIES_PENDING_MAX,
  NETWORK_ENTRY_BURST,
  STRANGER_ENTRIES_PENDING_MAX,
  STRANGER_ENTRY_BURST,
  STRANGER_ENTRY_PER_SECOND,
  STRANGER_MESSAGE_BURST,
} from '../../src/wire/limits.ts'
import { Turnstile, type Visit } from '../../src/wire/turnstile.ts'
import { settle } from './world.ts'

let time: VirtualTime
let turnstile: Turnstile
beforeEach(() => {
  time = new VirtualTime(settle)
  turnstile = new Turnstile(time)
})

const enter = (address: string, networkAddress: string | null = address): Visit => {
  const visit = turnstile.enter(address, networkAddress)
  if (typeof visit === 'string') throw new Error(visit)
  return visit
}

/** Strangers come and go until one is turned away; how many were let in, and why not one more. */
function crowd(networkOf: (i: number) => string | null, proved = true): { count: number; reason: string } {
  for (let count = 0; ; count++) {
    const visit = turnstile.enter(`stranger ${count}`, networkOf(count))
    if (typeof visit === 'string') return { count, reason: visit }
    visit.shaken(proved)
  }
}

describe('a turnstile', () => {
  it('lets all strangers together in no faster than their share, however many keys and addresses they have', async () => {
    expect(crowd((i) => `network ${i}`)).toEqual({ count: STRANGER_ENTRY_BURST, reason: 'too many strangers' })
    await time.advance(1_000)
    expect(crowd((i) => `network ${i}`).count).toBe(STRANGER_ENTRY_PER_SECOND)
  })

  it('lets an acquaintance in while strangers have used theirs up, and not without end', () => {
    turnstile.acquaint('friend')
    crowd((i) => `network ${i}`)
    for (let i = 0; i < ENTRY_BURST; i++) enter('friend').shaken(true)
    expect(turnstile.enter('friend', null)).toBe('comes again too often')
  })

  it('lets one network address have only a part of it, and less where its handshakes fail', () => {
    expect(crowd(() => 'one')).toEqual({
      count: NETWORK_ENTRY_BURST,
      reason: 'too many strangers from this network address',
    })
    const failing = crowd(() => 'another', false)
    expect(failing.count).toBe(Math.ceil(NETWORK_ENTRY_BURST / (1 + ENTRY_FAILED_COST)))
    expect(typeof turnstile.enter('stranger', 'a third')).toBe('object')
  })

  it('holds no more handshakes under way than it should, and keeps some for acquaintances', () => {
    turnstile.acquaint('friend')
    for (let i = 0; i < NETWORK_ENTRIES_PENDING_MAX; i++) enter(`a${i}`, 'one')
    expect(turnstile.enter('x', 'one')).toMatch(/^networkPending/)
    for (let i = NETWORK_ENTRIES_PENDING_MAX; i < STRANGER_ENTRIES_PENDING_MAX; i++) enter(`a${i}`, `n${i}`)
    expect(turnstile.enter('x', 'two')).toMatch(/^strangersPending/)
    const visits: Visit[] = []
    for (let i = STRANGER_ENTRIES_PENDING_MAX; i < ENTRIES_PENDING_MAX; i++) visits.push(enter('friend'))
    expect(turnstile.enter('friend', null)).toMatch(/^entriesPending/)
    visits[0]?.shaken(true)
    enter('friend')
  })

  it('keeps out whoever has lied, an acquaintance too, and lets it come again as a stranger later', async () => {
    turnstile.acquaint('liar')
    turnstile.offend('liar', null)
    expect([turnstile.call('liar'), turnstile.enter('liar', null)]).toEqual(['barred', 'barred'])
    await time.advance(BARRED_MS)
    expect(turnstile.call('liar')).toBe('stranger')
    expect(turnstile.isAcquainted('liar')).toBe(false)
  })

  it('gives a key what it has left of its messages, whatever session they come over', () => {
    turnstile.acquaint('friend')
    for (let i = 0; i < MESSAGE_BURST; i++) expect(turnstile.messagesOf('friend').take(1)).toBe(true)
    expect(turnstile.messagesOf('friend').take(1)).toBe(false)
    expect(turnstile.messagesOf('friend').waitMs()).toBeGreaterThan(0)
  })

  it('lets strangers use up their common share of messages and leaves an acquaintance its own', () => {
    turnstile.acquaint('friend')
    let taken = 0
    for (let i = 0; i < 10; i++) {
      const bucket = turnstile.messagesOf(`stranger ${i}`)
      for (let j = 0; j < MESSAGE_BURST; j++) if (bucket.take(1)) taken++
    }
    expect(taken).toBe(STRANGER_MESSAGE_BURST)
    expect(turnstile.messagesOf('one more').take(1)).toBe(false)
    expect(turnstile.messagesOf('friend').take(1)).toBe(true)
  })
})

describe('what was used lately', () => {
  it('is bounded, and the one not used longest goes first', () => {
    const lately = new Lately<string, number>(2)
    lately.set('a', 1)
    lately.set('b', 2)
    lately.get('a')
    lately.set('c', 3)
    expect([lately.get('a'), lately.get('b'), lately.get('c'), lately.size]).toEqual([1, undefined, 3, 2])
  })
})
