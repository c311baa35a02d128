import { describe, expect, it } from 'vitest'
import { bytesText, durationText } from '../../src/base/amounts.ts'
import type { HopReason } from '../../src/host/snapshot.ts'
import {
  agoText,
  amountText,
  directionOf,
  hopSentence,
  hostName,
  newsText,
  percentText,
  phaseText,
  reasonText,
  refusalSentences,
  stepsText,
} from '../../src/ui/wording.ts'
import { did, EDGES, hop, host, SELF } from './fixtures.ts'

describe('names and directions', () => {
  it('calls the own host "this tab", an acquaintance by its name, a stranger by the end of its key', () => {
    expect(hostName(SELF, host())).toBe('this tab')
    expect(hostName(EDGES[1].id, host())).toBe('birch')
    expect(hostName(did('Strange'), host())).toBe('…trange')
  })

  it('tells arrivals, departures and hops of others apart', () => {
    expect(directionOf({ from: EDGES[0].id, to: SELF }, SELF)).toBe('in')
    expect(directionOf({ from: SELF, to: EDGES[0].id }, SELF)).toBe('out')
    expect(directionOf({ from: EDGES[0].id, to: EDGES[1].id }, SELF)).toBe('by')
  })

  it('says a hop in one sentence', () => {
    expect(hopSentence(hop(1), host())).toBe('golomb arrived from alder')
    expect(hopSentence(hop(1, { from: SELF, to: EDGES[2].id }), host())).toBe('golomb left for cedar')
    expect(hopSentence(hop(1, { to: EDGES[2].id }), host())).toBe('golomb moved from alder to cedar')
  })
})

describe('reasons', () => {
  it('has plain words for every reason in every direction, without the words of the protocol', () => {
    const reasons: readonly HopReason[] = ['place', 'move', 'evict', 'order', 'recover']
    for (const reason of reasons)
      for (const direction of ['in', 'out', 'by'] as const)
        expect(reasonText(reason, direction)).toMatch(/^(?!.*(evict|epoch|quorum|witness))[a-z].{8,}$/)
    expect(reasonText('recover', 'in')).toBe('its last host fell silent')
  })
})

describe('the state in one sentence', () => {
  it('counts in the singular and the plural', () => {
    expect(phaseText('lending', null, 1, 1)).toBe('Lending 1 place. 1 agent works here.')
    expect(phaseText('lending', null, 3, 4)).toBe('Lending 4 places. 3 agents work here.')
    expect(phaseText('lending', null, 0, 4)).toBe('Lending 4 places. No agent is here.')
  })

  it('says why it rests', () => {
    expect(phaseText('resting', 'battery', 0, 2)).toContain('battery')
    expect(phaseText('resting', 'hidden', 0, 2)).toContain('out of sight')
    expect(phaseText('resting', null, 2, 2)).toBe('Paused. 2 agents parked in this browser.')
  })
})

describe('amounts', () => {
  it('rounds time as people say it', () => {
    expect(agoText(-300)).toBe('just now')
    expect(agoText(4_999)).toBe('just now')
    expect(agoText(12_400)).toBe('12 s ago')
    expect([0, 42, 999, 1_000, 59_999, 60_000, 3_600_000, 48 * 3_600_000].map(durationText)).toEqual([
      '0 ms',
      '42 ms',
      '999 ms',
      '1 s',
      '59 s',
      '1 min',
      '1 h',
      '2 d',
    ])
  })

  it('keeps at most three digits of a size', () => {
    expect([512, 29_400, 1_310_720, 268_435_456, 3 * 1024 ** 3].map(bytesText)).toEqual([
      '512 B',
      '28.7 KiB',
      '1.3 MiB',
      '256 MiB',
      '3 GiB',
    ])
  })

  it('counts steps in words and in short', () => {
    expect([900, 3.1e6, 1.82e9, 1e15].map(stepsText)).toEqual([
      '900 steps',
      '3.1 million steps',
      '1.8 billion steps',
      '1000 trillion steps',
    ])
    expect([31, 12_000, 8.41e10].map(amountText)).toEqual(['31', '12 k', '84.1 bn'])
  })

  it('says 0 % and 100 % only when it means them', () => {
    expect([0, 0.0001, 0.42, 0.9999, 1, 7, -1].map(percentText)).toEqual([
      '0 %',
      '1 %',
      '42 %',
      '99 %',
      '100 %',
      '100 %',
      '0 %',
    ])
  })
})

describe('who does not let this tab in', () => {
  const refusal = (tail: string, reason: string, code: 'NOT_ADMITTED' | 'OLD_AGE' = 'NOT_ADMITTED') => ({
    id: did(tail),
    code,
    reason,
  })

  it('is told with the reason, hosts of one reason together', () => {
    const refusals = [
      refusal('edgeald', 'an invitation is needed to join'),
      refusal('edgebir', 'an invitation is needed to join'),
      refusal('edgeced', 'age 3 < 9', 'OLD_AGE'),
    ]
    expect(refusalSentences({ refusals })).toEqual([
      '2 hosts do not let this tab in: an invitation is needed to join.',
      '…dgeced does not let this tab in: it takes this tab for an old copy of itself (age 3 < 9).',
    ])
  })

  it('is told in no more words than fit', () => {
    expect(refusalSentences({ refusals: [refusal('edgeald', 'x'.repeat(1_000))] })[0]).toHaveLength(236)
  })
})

describe('news for the live region', () => {
  it('is silent when no hop is new', () => {
    expect(newsText(host(), host())).toBeNull()
    expect(newsText(null, host({ hops: [] }))).toBeNull()
  })

  it('tells the newest hop and counts the others', () => {
    const before = host({ hops: [hop(3)] })
    expect(newsText(before, host({ hops: [hop(2), hop(3)] }))).toBe('golomb arrived from alder')
    expect(newsText(before, host({ hops: [hop(0), hop(1), hop(2), hop(3)] }))).toBe(
      'golomb arrived from alder, and 2 more hops',
    )
  })
})
