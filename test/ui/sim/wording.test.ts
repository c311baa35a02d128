import { describe, expect, it } from 'vitest'
import {
  actsFor,
  CONDITIONS,
  clockText,
  dutiesSentence,
  figuresOf,
  hostSentence,
  rateText,
  talliesOf,
  truthSentence,
  underWaySentence,
} from '../../../src/ui/sim/sim-wording.ts'
import { frameOf, livingCluster, simAgent, simHost, simView } from './fixtures.ts'

const counts = { ...frameOf().counts, launched: 12, running: 3, endedRight: 9 }
const violation = { invariant: 'one holder an epoch', what: 'two hosts run it', seed: 7, command: 'npx sojourn sim' }

describe('the truth', () => {
  it('says that nobody is lost or doubled only when it is so', () => {
    expect(truthSentence(simView({ frame: frameOf({ counts }) }))).toBe(
      '3 agents at work, 9 ended right. None lost, none doubled.',
    )
    expect(truthSentence(simView({ frame: frameOf({ counts: { ...counts, lost: 1 } }) }))).toContain(
      '1 lost, 0 doubled',
    )
    expect(truthSentence(simView({ frame: frameOf({ counts, violation }) }))).toBe(
      'An invariant is broken: one holder an epoch.',
    )
    expect(truthSentence(simView({ phase: 'failed', problem: 'no web worker' }))).toContain('no web worker')
    expect(truthSentence(simView({ phase: 'building' }))).toBe('Building 120 hosts…')
  })

  it('marks the two numbers that must stay nought', () => {
    expect(figuresOf(counts).filter(({ mustBeNought }) => mustBeNought)).toMatchObject([
      { term: 'Lost', value: 0 },
      { term: 'Doubled', value: 0 },
    ])
  })
})

describe('a host', () => {
  it('is told in a line, with whatever is wrong with it', () => {
    const frame = frameOf({
      hosts: [simHost(0), simHost(1, { condition: 'owner-back', troubles: ['its clock is wrong'] })],
      agents: [simAgent(1), simAgent(2), simAgent(3, { condition: 'ended' })],
    })
    expect(hostSentence(1, frame)).toBe(
      'host 1, edge worker · its owner is back · 2 of 4 places taken · its clock is wrong',
    )
    expect(hostSentence(0, frame)).toBe('host 0, launcher · up · launched agents; 0 here')
    expect(hostSentence(9, frame)).toBe('')
  })

  it('is told what it has to do with agents that run elsewhere', () => {
    expect(dutiesSentence({ keeps: 0, decides: 0 })).toBe('It keeps and decides nothing.')
    expect(dutiesSentence({ keeps: 0, decides: 1 })).toBe('It is one of the witnesses of 1 agent.')
    expect(dutiesSentence({ keeps: 2, decides: 2 })).toBe('It keeps 2 agents: their story, and where they are.')
    expect(dutiesSentence({ keeps: 1, decides: 5 })).toContain('and it is one of the witnesses of 4 agents more.')
  })

  it('has agents on their way in the singular where there is one', () => {
    expect(underWaySentence(1, 0, 0)).toBe('1 agent is on its way, 0 wait to be recovered because the host is silent.')
    expect(underWaySentence(2, 1, 1)).toContain('1 waits to be recovered because the host is silent. 1 link is cut')
  })

  it('is counted once in the table, whatever has become of it', () => {
    const frame = livingCluster(120, 10).next()
    const all = talliesOf(frame).reduce((sum, { edge, tab, launcher }) => sum + edge + tab + launcher, 0)
    expect(all).toBe(120)
  })

  it('can always be brought back from what was done to it', () => {
    const undoing = { up: null, 'owner-back': 'owner-away', 'cut-off': 'reconnect', frozen: 'wake', dead: 'start' }
    for (const condition of CONDITIONS) {
      const undo = undoing[condition]
      if (undo) expect(actsFor(condition, 'edge')).toContain(undo)
      expect(actsFor(condition, 'launcher').includes('kill')).toBe(condition !== 'dead')
    }
  })
})

describe('time', () => {
  it('reads as a clock, and says how fast it really goes', () => {
    expect([0, 61_000, 3_723_400].map(clockText)).toEqual(['0:00', '1:01', '1:02:03'])
    expect(rateText(simView({ speed: 4, rate: 4.1 }))).toBe('runs at ×4')
    expect(rateText(simView({ speed: 16, rate: 2.34 }))).toBe('runs at ×2.3')
    expect(rateText(simView({ speed: Number.POSITIVE_INFINITY, rate: 41.7 }))).toBe('runs at ×42')
    expect(rateText(simView({ phase: 'paused', rate: 4 }))).toBe('stands still')
  })
})
