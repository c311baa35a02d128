import { beforeEach, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/engine/image.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { createSandbox } from '../../src/sandbox/create-sandbox.ts'
import { ANSWER_LENGTH_MAX, INPUT_TEXT_MAX, INPUTS_MAX } from '../../src/sandbox/limits.ts'
import { packImage } from '../../src/sandbox/packed-image.ts'
import type { Guest, GuestEvent, GuestOrder } from '../../src/sandbox/port.ts'
import { InputNotes, type ReportedInput } from '../../src/sandbox/reported-inputs.ts'
import { digestEffect, NO_EFFECTS, type Trace } from '../../src/sandbox/trace.ts'
import { image, order } from './orders.ts'
import { ScriptedWorker } from './scripted-worker.ts'

/** The warden of a guest that is recorded, and a guest that says what it likes. */
const engines = new Map([['engine-1', { movable: {} as WebAssembly.Module, plain: null }]])
let events: GuestEvent[]
let worker: ScriptedWorker
let guest: Guest

function running(changes: Partial<GuestOrder> = {}): void {
  const time = new VirtualTime(async () => undefined)
  const sandbox = createSandbox({
    clock: time,
    timers: time,
    engines,
    spares: 0,
    startWorker(to) {
      worker = new ScriptedWorker(to)
      return worker
    },
  })
  guest = sandbox.spawn(order({ record: true, pace: 'real', ...changes }), (event) => events.push(event))
  worker.say({ kind: 'ready' })
  guest.run()
}
beforeEach(() => {
  events = []
})

const call = (request: number, again = false) => ({
  kind: 'call',
  call: { request, name: 'emit', argsJson: '{}' },
  again,
})
const answer = (request: number, valueJson = '1'): Delivery => ({ request, outcome: { ok: true, valueJson } })
const at = (fuelUsed: number, kind: ReportedInput['kind'], value = 0): ReportedInput => ({
  fuelUsed,
  standing: 'turn',
  kind,
  value,
})
const inputs = (...reported: ReportedInput[]) => {
  const notes = new InputNotes()
  for (const { kind, value, ...place } of reported) notes.note(place, kind, value)
  worker.say({ kind: 'inputs', packed: notes.take() })
}
const frozen = (fuelUsed: bigint) =>
  worker.say({ kind: 'frozen', image: packImage(image({ fuelUsed })).packed, gone: null })
const last = () => events.at(-1)
const trace = (): Trace => (last() as { trace: Trace }).trace
const reason = () => (last() as { reason?: string }).reason
const sentAnswers = () =>
  worker.received.flatMap((message) => (message.kind === 'deliver' ? [message.delivery.request] : []))

describe('an honest guest that is recorded', () => {
  test('says where its answers came in, and its host knows what was in them', () => {
    running()
    worker.say(call(1))
    worker.say(call(2))
    guest.deliver(answer(1, '"one"'))
    guest.limit({ fuelMax: 900, sentBytesMax: 50 })
    guest.freeze()
    guest.deliver(answer(2))
    inputs(at(5, 'clock', 7), at(5, 'deliver', 1), at(9, 'limit'), at(9, 'rest'))
    frozen(10n)
    const act = (i: number) => trace().inputs[i]?.act
    expect([act(0), act(1)]).toEqual([
      { kind: 'clock', ms: 7 },
      { kind: 'deliver', delivery: answer(1, '"one"') },
    ])
    expect([act(2), act(3)]).toEqual([{ kind: 'limit', fuelMax: 900, sentBytesMax: 50 }, { kind: 'rest' }])
    expect(trace().until).toEqual({ fuelUsed: 10, standing: 'turn' })
    const one = digestEffect(NO_EFFECTS, call(1) as Extract<GuestEvent, { kind: 'call' }>)
    const effects = digestEffect(one, call(2) as Extract<GuestEvent, { kind: 'call' }>)
    expect(trace()).toMatchObject({ from: { fuelMax: 10_000_000_000, sentBytes: 0, effects: NO_EFFECTS }, effects })
    guest.run()
    inputs(at(10, 'deliver', 2))
    worker.say({ kind: 'finished', resultJson: '1', fuelUsed: 20, stateHash: '' })
    expect(trace()).toMatchObject({
      from: { fuelMax: 900, sentBytesMax: 50, sentBytes: 4, effects },
      until: { fuelUsed: 20, standing: 'end' },
    })
  })

  test('is not sent an answer to a call that it has not made, nor a second one', () => {
    running({ image: image() })
    guest.deliver(answer(9))
    guest.deliver(answer(2))
    guest.deliver(answer(2))
    expect(sentAnswers()).toEqual([2])
  })

  test('begins its trace where it is brought up to, with the limits that hold there', () => {
    const time = new VirtualTime(async () => undefined)
    const sandbox = createSandbox({
      clock: time,
      timers: time,
      engines,
      spares: 0,
      startWorker: (to) => (worker = new ScriptedWorker(to)),
    })
    guest = sandbox.spawn(order({ record: true, pace: 'real', image: image() }), (event) => events.push(event))
    worker.say({ kind: 'ready' })
    guest.limit({ fuelMax: 700, sentBytesMax: 70 })
    guest.deliver(answer(2))
    guest.patch(image({ fuelUsed: 110n, pending: [] }))
    worker.say({ kind: 'ready' })
    guest.run()
    guest.freeze()
    inputs()
    frozen(120n)
    expect(trace()).toMatchObject({ from: { fuelMax: 700, sentBytesMax: 70 }, inputs: [] })
  })

  test('has no trace where it did not load', () => {
    const time = new VirtualTime(async () => undefined)
    const sandbox = createSandbox({
      clock: time,
      timers: time,
      engines,
      spares: 0,
      startWorker: (to) => (worker = new ScriptedWorker(to)),
    })
    sandbox.spawn(order({ record: true }), (event) => events.push(event))
    worker.say({ kind: 'failed', code: 'LOAD', reason: 'no', fuelUsed: 0 })
    expect(last()).toEqual({ kind: 'failed', code: 'LOAD', reason: 'no', fuelUsed: 0 })
  })
})

describe('a guest that lies about its inputs is ended', () => {
  const lies: [what: string, said: ReportedInput[], reason: string][] = [
    [
      'one that was never sent',
      [at(1, 'deliver', 1), at(1, 'deliver', 2), at(1, 'deliver', 3)],
      'answer 3 was not sent, or not as the next',
    ],
    ['one left out', [at(1, 'deliver', 1)], '1 inputs that were sent are left out'],
    ['another order', [at(1, 'deliver', 2), at(1, 'deliver', 1)], 'answer 2 was not sent, or not as the next'],
    ['one of them twice', [at(1, 'deliver', 1), at(1, 'deliver', 1)], 'answer 1 was not sent, or not as the next'],
    [
      'a limit of its own',
      [at(1, 'limit'), at(1, 'deliver', 1), at(1, 'deliver', 2)],
      'a limit was not sent, or not as the next',
    ],
    ['a place behind the end', [at(11, 'deliver', 1), at(11, 'deliver', 2)], 'input at fuel 11 > 10'],
  ]
  for (const [what, said, expected] of lies)
    test(what, () => {
      running()
      worker.say(call(1))
      worker.say(call(2))
      guest.deliver(answer(1))
      guest.deliver(answer(2))
      guest.freeze()
      inputs(...said)
      frozen(10n)
      expect([last()?.kind, reason()]).toEqual(['failed', expected])
    })

  const rows: [what: string, say: () => void, reason: string][] = [
    ['no inputs before an image', () => frozen(10n), 'frozen without its inputs'],
    [
      'no inputs before the end',
      () => worker.say({ kind: 'finished', resultJson: '1', fuelUsed: 1, stateHash: '' }),
      'finished without its inputs',
    ],
    ['inputs twice', () => [inputs(), inputs()], 'inputs twice'],
    ['inputs before something else', () => [inputs(), worker.say(call(1))], 'inputs before call'],
    [
      'inputs that are no numbers',
      () => worker.say({ kind: 'inputs', packed: [1] }),
      'inputs are not own 64-bit numbers',
    ],
    [
      'a number too few',
      () => worker.say({ kind: 'inputs', packed: new Float64Array(3) }),
      'inputs length 3 is not a multiple of 4',
    ],
    [
      'too many',
      () => worker.say({ kind: 'inputs', packed: new Float64Array(4 * INPUTS_MAX + 4) }),
      `inputs length ${4 * INPUTS_MAX + 4} > 4 × INPUTS_MAX ${INPUTS_MAX}`,
    ],
    [
      'fuel that is none',
      () => worker.say({ kind: 'inputs', packed: Float64Array.of(Number.NaN, 0, 3, 0) }),
      'inputs[0] fuelUsed is not a whole number',
    ],
    ['fuel that goes back', () => inputs(at(5, 'rest'), at(4, 'rest')), 'inputs[1] fuelUsed 4 < 5'],
    [
      'a standing that is none',
      () => worker.say({ kind: 'inputs', packed: Float64Array.of(1, 9, 3, 0) }),
      'inputs[0] standing is none of turn, interrupt, kernel, call',
    ],
    [
      'a kind that is none',
      () => worker.say({ kind: 'inputs', packed: Float64Array.of(1, 0, 0.5, 0) }),
      'inputs[0] kind is none of deliver, clock, limit, rest, refuse, drain',
    ],
    [
      'an astray of its own',
      () => [inputs(), worker.say({ kind: 'failed', code: 'ASTRAY', reason: '', fuelUsed: 1 })],
      'astray from nothing',
    ],
  ]
  for (const [what, say, expected] of rows)
    test(what, () => {
      running()
      guest.freeze()
      say()
      expect([last()?.kind, reason()]).toEqual(['failed', expected])
    })

  test('inputs that nobody records', () => {
    const time = new VirtualTime(async () => undefined)
    const sandbox = createSandbox({
      clock: time,
      timers: time,
      engines,
      spares: 0,
      startWorker: (to) => (worker = new ScriptedWorker(to)),
    })
    sandbox.spawn(order(), (event) => events.push(event))
    worker.say({ kind: 'ready' })
    inputs()
    expect(reason()).toBe('inputs that nobody records')
  })
})

describe('a guest that is durable', () => {
  const told = (fuelUsed: number, ...reported: ReportedInput[]) => {
    const notes = new InputNotes()
    for (const { kind, value, ...place } of reported) notes.note(place, kind, value)
    worker.say({ kind: 'told', packed: notes.take(), fuelUsed, standing: 'turn' })
  }
  const pieces = () => events.flatMap((event) => (event.kind === 'told' ? [event.piece] : []))
  const durably = (changes: Partial<GuestOrder> = {}) => running({ durable: true, ...changes })

  test('says what its words come of ahead of its images, and the trace of an image has all of it', () => {
    durably({ image: image() })
    told(100)
    worker.say({ kind: 'call', call: image().pending[0], again: true })
    guest.deliver(answer(2, '"two"'))
    guest.limit({ fuelMax: 900, sentBytesMax: 50 })
    told(105, at(101, 'deliver', 2))
    worker.say(call(3))
    guest.freeze()
    inputs(at(105, 'limit'))
    frozen(110n)
    const rest = (fuelUsed: number) => ({ fuelUsed, standing: 'turn', act: { kind: 'rest' } })
    const delivered = { fuelUsed: 101, standing: 'turn', act: { kind: 'deliver', delivery: answer(2, '"two"') } }
    const limited = { fuelUsed: 105, standing: 'turn', act: { kind: 'limit', fuelMax: 900, sentBytesMax: 50 } }
    const from = { fuelMax: 10_000_000_000, sentBytesMax: pieces()[0]?.from.sentBytesMax, sentBytes: 0 }
    expect(pieces()).toEqual([
      { from, inputs: [{ ...rest(100), standing: image().standing }], until: { fuelUsed: 100, standing: 'turn' } },
      { from, inputs: [delivered], until: { fuelUsed: 105, standing: 'turn' } },
      { from, inputs: [limited], until: { fuelUsed: 110, standing: image().standing } },
    ])
    expect(trace().inputs).toEqual([delivered, limited])
    guest.run()
    worker.say({ kind: 'pulse', fuelUsed: 111, sentBytes: 2 })
    inputs()
    worker.say({ kind: 'finished', resultJson: '1', fuelUsed: 120, stateHash: '' })
    expect(pieces().at(-1)).toEqual({
      from: { fuelMax: 900, sentBytesMax: 50, sentBytes: 2 },
      inputs: [{ ...rest(110), standing: image().standing }],
      until: { fuelUsed: 120, standing: 'end' },
    })
    expect(events.at(-2)?.kind).toBe('told')
  })

  const rows: [what: string, say: () => void, reason: string][] = [
    ['a word before any piece', () => worker.say(call(1)), 'call before what it comes of is told'],
    ['an answer that was never sent', () => told(5, at(5, 'deliver', 1)), 'answer 1 was not sent, or not as the next'],
    ['an input behind the piece', () => told(5, at(6, 'clock', 7)), 'input at fuel 6 > 5'],
    ['a piece that goes back', () => [told(5), told(4)], 'told at fuel 4 < 5'],
    ['an input that goes back', () => [told(5), told(7, at(4, 'clock', 7))], 'input at fuel 4 < 5, which is told'],
    [
      'an input that goes back, with an image',
      () => [told(5), guest.freeze(), inputs(at(4, 'rest')), frozen(7n)],
      'input at fuel 4 < 5, which is told',
    ],
    ['more fuel than there is', () => told(10_000_000_001), 'told at fuel 10000000001 > fuelMax 10000000000'],
    [
      'an answer told twice',
      () => [
        told(1),
        worker.say(call(1)),
        guest.deliver(answer(1)),
        told(2, at(1, 'deliver', 1)),
        told(3, at(2, 'deliver', 1)),
      ],
      'answer 1 was not sent, or not as the next',
    ],
    ['a piece inside the end of a trace', () => [inputs(), told(1)], 'inputs before told'],
    [
      'no place',
      () => worker.say({ kind: 'told', packed: new Float64Array(), fuelUsed: 1, standing: 'end' }),
      'standing is none of turn, interrupt, kernel, call',
    ],
    [
      'inputs that are no numbers',
      () => worker.say({ kind: 'told', packed: [], fuelUsed: 1, standing: 'turn' }),
      'inputs are not own 64-bit numbers',
    ],
  ]
  for (const [what, say, expected] of rows)
    test(`is ended for ${what}`, () => {
      durably()
      say()
      expect([last()?.kind, reason()]).toEqual(['failed', expected])
    })

  test('is ended for leaving out, with an image, an answer that it was sent before it was told to freeze', () => {
    durably()
    told(1)
    worker.say(call(1))
    guest.deliver(answer(1))
    guest.freeze()
    told(2)
    inputs()
    frozen(3n)
    expect(reason()).toBe('1 inputs that were sent are left out')
  })

  test('is not another name for one that is recorded', () => {
    running()
    told(1)
    expect(reason()).toBe('a piece that nobody wants')
  })
})

describe('a trace that becomes long', () => {
  test('is long by what has been told of it, too', () => {
    running({ durable: true })
    worker.say({ kind: 'told', packed: new Float64Array(), fuelUsed: 1, standing: 'turn' })
    const long = 'x'.repeat(INPUT_TEXT_MAX / 2 - 2)
    for (const request of [1, 2, 3]) {
      worker.say(call(request))
      guest.deliver(answer(request, long))
      worker.say({
        kind: 'told',
        packed: Float64Array.of(request + 1, 0, 0, request),
        fuelUsed: request + 1,
        standing: 'turn',
      })
    }
    expect([sentAnswers(), last()]).toEqual([
      [1, 2],
      expect.objectContaining({ reason: 'answer 3 was not sent, or not as the next' }),
    ])
  })

  test('is said to be, once, and what would be too much waits for the next', () => {
    running()
    const long = 'x'.repeat(INPUT_TEXT_MAX / 2 - 2)
    expect(long.length).toBeLessThan(ANSWER_LENGTH_MAX)
    for (const request of [1, 2, 3, 4]) worker.say(call(request))
    guest.deliver(answer(1, long))
    worker.say({ kind: 'pulse', fuelUsed: 1, sentBytes: 0 })
    expect(events.filter(({ kind }) => kind === 'full').length).toBe(0)
    for (const request of [2, 3, 4]) guest.deliver(answer(request, long))
    worker.say({ kind: 'pulse', fuelUsed: 2, sentBytes: 0 })
    worker.say({ kind: 'full' })
    worker.say({ kind: 'pulse', fuelUsed: 3, sentBytes: 0 })
    expect(events.filter(({ kind }) => kind === 'full').length).toBe(1)
    expect(sentAnswers()).toEqual([1, 2])
    guest.freeze()
    guest.run()
    inputs(at(5, 'deliver', 1), at(5, 'deliver', 2))
    frozen(10n)
    expect(sentAnswers()).toEqual([1, 2, 3, 4])
  })

  test('has room for a single answer, however long', () => {
    running()
    worker.say(call(1))
    guest.deliver(answer(1, 'x'.repeat(ANSWER_LENGTH_MAX)))
    expect(sentAnswers()).toEqual([1])
  })
})
