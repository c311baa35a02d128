import { describe, expect, it } from 'vitest'
import { encode } from '../../src/base/codec.ts'
import { rawCid } from '../../src/base/digest.ts'
import { appendPiece, groundsOf, newRecording, type Recording } from '../../src/host/durable.ts'
import {
  add,
  advance,
  endOf,
  extend,
  headAfter,
  type Log,
  NO_HISTORY,
  newLog,
  reaches,
  stretch,
  truncate,
} from '../../src/host/history.ts'
import type { Lodger } from '../../src/host/lodger.ts'
import { asPiece, loggable } from '../../src/host/piece-of.ts'
import { encodePiece, encodeRun, mergeRuns, parsePiece, type RunPiece } from '../../src/host/pieces.ts'
import { logReaching, ownValue } from '../../src/host/promised.ts'
import type { Resident } from '../../src/host/state.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Did } from '../../src/identity/did.ts'
import type { Input } from '../../src/sandbox/trace.ts'
import {
  DURABLE_ANSWER_BYTES_MAX,
  DURABLE_ANSWERS_BYTES_MAX,
  HISTORY_BYTES_MAX,
  HISTORY_PIECES_MAX,
  PIECE_BYTES_MAX,
} from '../../src/wire/history-limits.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'

const piece = (n: number, length = 4): Uint8Array => new Uint8Array(length).fill(n)
const pieces = (...numbers: number[]): Uint8Array[] => numbers.map((n) => piece(n))
const logOf = (...numbers: number[]): Log => {
  const log = newLog(NO_HISTORY)
  for (const one of pieces(...numbers)) add(log, one)
  return log
}

/** These, after those before. */
const stretchAfter = (before: readonly number[], pieces: readonly Uint8Array[]) => ({
  from: before.length,
  head: endOf(logOf(...before)).head,
  pieces,
})

describe('a history', () => {
  it('is known by its length and the head of a chain of all its pieces', () => {
    expect(endOf(logOf())).toEqual({ length: 0, head: null })
    const head = headAfter(headAfter(null, piece(1)), piece(2))
    expect(endOf(logOf(1, 2))).toEqual({ length: 2, head })
    expect(endOf(logOf(2, 1)).head).not.toBe(head)
    expect([reaches(logOf(1, 2, 3), { length: 2, head }), reaches(logOf(1, 3, 2), { length: 2, head })]).toEqual([
      true,
      false,
    ])
  })

  it('takes what follows, and what it has already once more, and nothing with a gap before it', () => {
    const log = logOf(1, 2)
    expect(extend(log, stretchAfter([1, 2, 3], pieces(4)))).toMatchObject({ ok: false, why: 'gap' })
    expect(extend(log, stretchAfter([1], pieces(2, 3)))).toEqual({ ok: true, added: 1 })
    expect(extend(log, stretchAfter([], pieces(1, 2, 3)))).toEqual({ ok: true, added: 0 })
    expect(endOf(log)).toEqual(endOf(logOf(1, 2, 3)))
  })

  it('takes nothing of what is not its own past', () => {
    const log = logOf(1, 2)
    expect(extend(log, stretchAfter([1], pieces(9, 3)))).toEqual({
      ok: false,
      why: 'other',
      reason: 'piece 2 is another one here',
    })
    // Nor what goes on from another one, whatever it is called.
    expect(extend(log, stretchAfter([1, 9], pieces(3)))).toEqual({
      ok: false,
      why: 'other',
      reason: 'the 2 pieces before are others here',
    })
    expect(endOf(log)).toEqual(endOf(logOf(1, 2)))
  })

  it('is bounded, in bytes and in pieces, and takes all of a stretch or nothing', () => {
    const log = newLog(NO_HISTORY)
    const large = piece(1, HISTORY_BYTES_MAX / 2)
    expect(extend(log, stretchAfter([], [large, large]))).toEqual({ ok: true, added: 2 })
    expect(extend(log, { from: 2, head: endOf(log).head, pieces: pieces(1) })).toMatchObject({ ok: false, why: 'full' })
    const many = Array.from({ length: HISTORY_PIECES_MAX + 1 }, () => piece(1, 1))
    const other = newLog(NO_HISTORY)
    expect(extend(other, stretchAfter([], many))).toMatchObject({ ok: false, why: 'full' })
    expect(endOf(other).length).toBe(0)
    expect(extend(other, stretchAfter([], many.slice(1)))).toEqual({ ok: true, added: HISTORY_PIECES_MAX })
  })

  it('goes on from a checkpoint without the pieces before it, to the same heads', () => {
    const whole = logOf(1, 2, 3, 4)
    const log = logOf(1, 2, 3)
    advance(log, endOf(logOf(1, 2)))
    expect([log.pieces.length, log.bytes, stretch(log, 1)]).toEqual([1, 4, null])
    add(log, piece(4))
    expect(endOf(log)).toEqual(endOf(whole))
    expect(stretch(log, 2)).toEqual(stretchAfter([1, 2], pieces(3, 4)))
    // What was never logged here has been checkpointed elsewhere.
    advance(log, { length: 9, head: rawCid(piece(9)) })
    expect([log.pieces.length, endOf(log).length]).toEqual([0, 9])
  })

  it('loses what was logged beyond a decision', () => {
    const log = logOf(1, 2, 3)
    truncate(log, endOf(logOf(1, 2)))
    expect(endOf(log)).toEqual(endOf(logOf(1, 2)))
    expect(extend(log, stretchAfter([1, 2], pieces(7)))).toEqual({ ok: true, added: 1 })
  })
})

describe('what is decided after a recovery', () => {
  const counts = { consoleLines: 0, sentBytes: 0, messages: 0, mail: NO_MAIL }
  const shown = (log: Log, checkpoint: number | null = null) => ({
    checkpoint: checkpoint === null ? null : rawCid(piece(checkpoint)),
    counts,
    base: log.base,
    pieces: log.pieces,
  })
  const own = { holder: 'did:key:a' as Did, checkpoint: null, witnesses: [], history: null }
  const advanced = (...numbers: number[]): Log => {
    const log = logOf(...numbers)
    advance(log, endOf(logOf(...numbers.slice(0, 2))))
    return log
  }

  it('is the longest log of those that were promised, from the older checkpoint', () => {
    const logs = new Map([
      ['did:key:x' as Did, shown(logOf(1))],
      ['did:key:y' as Did, shown(advanced(1, 2, 3), 5)],
      ['did:key:z' as Did, shown(logOf(1, 2, 3))],
    ])
    expect(ownValue({ own, logs })).toEqual({ ...own, history: endOf(logOf(1, 2, 3)) })
    expect(logReaching(logs, endOf(logOf(1, 2)))).toEqual(shown(logOf(1, 2, 3)))
    expect(logReaching(logs, endOf(logOf(1, 9)))).toBeNull()
  })

  it('is without a history where there is none', () => {
    expect(ownValue({ own, logs: new Map() })).toEqual(own)
    expect(logReaching(new Map(), null)).toBeNull()
  })
})

describe('a piece as bytes', () => {
  const input = (fuelUsed: number, act: Input['act']): Input => ({ fuelUsed, standing: 'turn', act })
  const answer = (request: number, valueJson: string) =>
    ({ kind: 'deliver', delivery: { request, outcome: { ok: true, valueJson } } }) as const
  const run: RunPiece = {
    kind: 'run',
    from: { fuelMax: 100, sentBytesMax: 50, sentBytes: 3 },
    inputs: [
      input(1, answer(1, '1')),
      input(2, { kind: 'limit', fuelMax: 90, sentBytesMax: 40 }),
      input(4, { kind: 'clock', ms: 7 }),
    ],
    until: { fuelUsed: 5, standing: 'interrupt' },
    assets: new Map([[1, 'data.json']]),
  }

  it('is read back as it was', () => {
    expect(parsePiece(encodePiece(run))).toEqual({ ok: true, value: run })
    const mail = { kind: 'mail', letter: piece(3) } as const
    expect(parsePiece(encodePiece(mail))).toEqual({ ok: true, value: mail })
  })

  const head = { type: 'sojourn/piece', version: 1 }
  it.each([
    ['what is no CBOR', Uint8Array.of(255)],
    ['another kind', encode({ ...head, kind: 'walk' })],
    ['another version', encode({ ...head, version: 2, kind: 'mail', letter: piece(1) })],
    ['a field too many', encode({ ...head, kind: 'mail', letter: piece(1), more: 1 })],
    ['a letter that is none', encode({ ...head, kind: 'mail', letter: 'x' })],
    ['an end before an input', encodePiece({ ...run, until: { fuelUsed: 3, standing: 'turn' } })],
    ['inputs that go back', encodePiece({ ...run, inputs: [...run.inputs].reverse() })],
    ['too many bytes', new Uint8Array(PIECE_BYTES_MAX + 1)],
  ])('is not %s', (_, bytes) => {
    expect(parsePiece(bytes).ok).toBe(false)
  })

  it('is one for two of them, with the limits that held', () => {
    const next: RunPiece = {
      ...run,
      from: { ...run.from, fuelMax: 80 },
      inputs: [input(9, answer(2, '2'))],
      until: { fuelUsed: 9, standing: 'turn' },
      assets: new Map(),
    }
    expect(mergeRuns(run, next)).toEqual({
      ...run,
      inputs: [
        ...run.inputs,
        { fuelUsed: 5, standing: 'interrupt', act: { kind: 'limit', fuelMax: 80, sentBytesMax: 50 } },
        ...next.inputs,
      ],
      until: next.until,
    })
  })

  it('is several where it would be too long, and those are the same as one', () => {
    const inputs = Array.from({ length: 9 }, (_, i) => input(i, answer(i + 1, `"${'x'.repeat(30_000)}"`)))
    const long: RunPiece = { ...run, inputs, until: { fuelUsed: 20, standing: 'turn' }, assets: new Map() }
    const parts = encodeRun(long).map((one) => {
      expect(one.length).toBeLessThanOrEqual(PIECE_BYTES_MAX)
      const read = parsePiece(one)
      if (!read.ok || read.value.kind !== 'run') throw new Error('no run')
      return read.value
    })
    expect(parts.length).toBeGreaterThan(2)
    expect(parts.reduce(mergeRuns)).toEqual(long)
  })
})

describe('a piece that did not come of the guest', () => {
  const turn = { nowMs: 0, effects: [], state: {} } as unknown as Turn
  const run: RunPiece = {
    kind: 'run',
    from: { fuelMax: 9, sentBytesMax: 9, sentBytes: 0 },
    inputs: [],
    until: { fuelUsed: 1, standing: 'turn' },
    assets: new Map(),
  }

  it('has its place behind what the program was told before', () => {
    const resident = { history: newRecording(NO_HISTORY), guest: 'none' } as unknown as Resident
    const history = resident.history as Recording
    history.open = run
    const mail = { kind: 'mail', letter: piece(3) } as const
    expect(appendPiece(turn, resident, mail)).toBe(2)
    expect(history.log.pieces).toEqual([encodePiece(run), encodePiece(mail)])
    expect(groundsOf(resident)).toEqual({ after: 2, stretch: null })
  })

  it('is nothing to a fast agent', () => {
    const resident = { history: null } as unknown as Resident
    expect(appendPiece(turn, resident, { kind: 'mail', letter: piece(3) })).toBeNull()
    expect(groundsOf(resident)).toEqual({ after: 0, stretch: null })
  })
})

describe('what a guest tells', () => {
  const answer = (request: number, valueJson: string): Input => ({
    fuelUsed: 1,
    standing: 'turn',
    act: { kind: 'deliver', delivery: { request, outcome: { ok: true, valueJson } } },
  })
  const lodger = { sentBefore: 30, assets: new Map([[2, 'data.json']]), answeredBytes: 0 } as unknown as Lodger

  it('names files of the bundle, and counts from the beginning of its agent', () => {
    const limit: Input = { fuelUsed: 1, standing: 'turn', act: { kind: 'limit', fuelMax: 5, sentBytesMax: 7 } }
    const from = { fuelMax: 9, sentBytesMax: 40, sentBytes: 1 }
    const told = {
      from,
      inputs: [answer(2, '"long"'), answer(3, '1'), limit],
      until: { fuelUsed: 1, standing: 'turn' },
    } as const
    expect(asPiece(told, lodger)).toEqual({
      kind: 'run',
      from: { fuelMax: 9, sentBytesMax: 70, sentBytes: 31 },
      inputs: [answer(2, ''), answer(3, '1'), { ...limit, act: { ...limit.act, sentBytesMax: 37 } }],
      until: told.until,
      assets: new Map([[2, 'data.json']]),
    })
  })

  it('is refused an answer for which its log has no room', () => {
    const delivery = (bytes: number) => ({ request: 1, outcome: { ok: true, valueJson: 'x'.repeat(bytes) } }) as const
    expect(loggable(delivery(DURABLE_ANSWER_BYTES_MAX), lodger).outcome.ok).toBe(true)
    expect(loggable(delivery(DURABLE_ANSWER_BYTES_MAX + 1), lodger).outcome).toMatchObject({ ok: false, code: 'QUOTA' })
    const left = DURABLE_ANSWERS_BYTES_MAX - DURABLE_ANSWER_BYTES_MAX
    expect(loggable(delivery(left + 1), lodger).outcome.ok).toBe(false)
    expect(loggable(delivery(left), lodger).outcome.ok).toBe(true)
  })
})
