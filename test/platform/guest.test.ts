import { resolve } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createEarlyMail } from '../../src/platform/guest/early-mail.ts'
import { runGuest } from '../../src/platform/guest/loop.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { INPUTS_MAX, INPUTS_ROOM, MESSAGES_BURST, MESSAGES_PER_SECOND } from '../../src/sandbox/limits.ts'
import type { GuestMessage, HostMessage, Prepared, StartOrder } from '../../src/sandbox/protocol.ts'
import { order } from '../sandbox/orders.ts'

// A machine busy with something else must not look like a guest that hangs: time is virtual here.
vi.setConfig({ testTimeout: 60_000 })

/** The guest's own side in a realm whose time passes only when told to: when things happen, not how long they take. */
const { manifest, modules } = await loadEngineFiles(resolve('dist/engine'))

let time: VirtualTime
let said: GuestMessage[]
let tell: (message: HostMessage) => void
/** What breathes: the guest's next slice waits here until the test lets it run. */
let breaths: (() => void)[]

const say = (message: GuestMessage | Prepared): void => {
  if (message.kind !== 'prepared') said.push(message)
}

beforeEach(() => {
  said = []
  breaths = []
  time = new VirtualTime(async () => {
    while (breaths.length > 0) breaths.shift()?.()
  })
  const mail = createEarlyMail()
  tell = mail.take
  tell({ kind: 'prepare', engineId: manifest.id, engine: modules })
  runGuest({
    clock: time,
    timers: time,
    post: say,
    receive: mail.receive,
    breathe: (then) => breaths.push(then),
  })
})

function start(changes: Partial<Omit<StartOrder, 'image'>>): void {
  const { label: _, image: __, ...rest } = order({ engineId: manifest.id, sentBytesMax: 2 ** 40, ...changes })
  tell({ kind: 'start', order: { ...rest, image: null } })
  tell({ kind: 'run' })
}

const kinds = () => said.map(({ kind }) => kind)
const lines = () => said.flatMap((message) => (message.kind === 'console' ? [message.text] : []))
const frozen = () => said.flatMap((message) => (message.kind === 'frozen' ? [message.image] : []))

const SLEEPS = `console.log('in'); await new Promise((done) => setTimeout(done, 1000)); console.log('out', Date.now() - 1_700_000_000_000)`

describe('in real pace', () => {
  test('a sleep ends when its time has passed, and not before', async () => {
    start({ code: SLEEPS, pace: 'real' })
    await time.advance(998)
    expect(lines()).toEqual(['in'])
    await time.advance(2)
    expect(lines()).toEqual(['in', 'out 1000'])
    expect(kinds().at(-1)).toBe('finished')
  })

  test('a frozen sleeper carries the time that has passed', async () => {
    start({ code: SLEEPS, pace: 'real' })
    await time.advance(400)
    tell({ kind: 'freeze' })
    const [image] = frozen()
    expect(image?.clockMs).toBe(1_700_000_000_400)
    await time.advance(5_000)
    expect(lines()).toEqual(['in'])
    tell({ kind: 'run' })
    await time.advance(599)
    expect(lines()).toEqual(['in'])
    await time.advance(2)
    expect(lines().length).toBe(2)
  })

  test('an answer reaches a program that also sleeps, at the time it came', async () => {
    const code = `setTimeout(() => console.log('timer'), 1000); await __sojourn.call('hosts', {}); console.log('answer', Date.now() - 1_700_000_000_000)`
    start({ code, pace: 'real' })
    await time.advance(300)
    tell({ kind: 'deliver', delivery: { request: 1, outcome: { ok: true, valueJson: '1' } } })
    await time.advance(699)
    expect(lines()).toEqual(['answer 300'])
    await time.advance(2)
    expect(lines()).toEqual(['answer 300', 'timer'])
  })
})

describe('a guest that is recorded', () => {
  test('says that its trace is long, stands still before it is too long, and goes on with the next', async () => {
    start({ code: SLEEPS, pace: 'real', record: true })
    await time.advance(1)
    const told = (count: number): void => {
      for (let i = 0; i < count; i++) tell({ kind: 'limit', limit: { fuelMax: 1e9, sentBytesMax: 1e6 } })
    }
    const interesting = () => kinds().filter((kind) => kind !== 'ready' && kind !== 'pulse')
    told(INPUTS_MAX / 2 + 1)
    await time.advance(500)
    expect(interesting()).toEqual(['console'])
    await time.advance(500)
    expect(interesting()).toEqual(['console', 'full', 'console', 'inputs', 'finished'])
  })

  test('that has as long a trace as may be does nothing until it is frozen', async () => {
    start({ code: SLEEPS, pace: 'real', record: true })
    await time.advance(1)
    for (let i = 0; i <= INPUTS_MAX - INPUTS_ROOM; i++)
      tell({ kind: 'limit', limit: { fuelMax: 1e9, sentBytesMax: 1e6 } })
    await time.advance(60_000)
    expect(lines()).toEqual(['in'])
    tell({ kind: 'freeze' })
    tell({ kind: 'run' })
    await time.advance(1_000)
    expect(lines().length).toBe(2)
    const [first, second] = said.flatMap((message) => (message.kind === 'inputs' ? [message.packed.length / 4] : []))
    expect([first, (second ?? 9) < 4]).toEqual([INPUTS_MAX - INPUTS_ROOM + 2, true])
  })
})

describe('in virtual pace', () => {
  test('answers go in in the order of the calls, whenever they come', async () => {
    const code = `const ask = (n) => __sojourn.call('hosts', {}).then((answer) => console.log(n, answer)); await Promise.all([ask(1), ask(2), ask(3)])`
    start({ code })
    await time.advance(0)
    for (const request of [3, 2, 1]) {
      expect(lines()).toEqual([])
      tell({ kind: 'deliver', delivery: { request, outcome: { ok: true, valueJson: String(10 * request) } } })
      await time.advance(0)
    }
    expect(lines()).toEqual(['1 10', '2 20', '3 30'])
  })

  test('a synchronous call is answered before older ones, for nothing else can go on', async () => {
    start({ code: `__sojourn.call('mail', {}); console.log('at once', __sojourn.callSync('hosts', {}))` })
    await time.advance(0)
    tell({ kind: 'deliver', delivery: { request: 2, outcome: { ok: true, valueJson: '1' } } })
    await time.advance(0)
    expect(lines()).toEqual(['at once 1'])
  })

  test('no timer goes off while a call waits', async () => {
    start({
      code: `setTimeout(() => console.log('timer'), 5); console.log('answer', await __sojourn.call('hosts', {}))`,
    })
    await time.advance(10_000)
    expect(lines()).toEqual([])
    tell({ kind: 'deliver', delivery: { request: 1, outcome: { ok: true, valueJson: '1' } } })
    await time.advance(0)
    expect(lines()).toEqual(['answer 1', 'timer'])
  })
})

describe('a guest', () => {
  test('that says much waits instead of losing a line or breaking the rate', async () => {
    const count = MESSAGES_BURST + 3 * MESSAGES_PER_SECOND
    start({ code: `for (let i = 0; i < ${count}; i++) console.log(i)` })
    await time.advance(0)
    const atOnce = lines().length
    expect(atOnce).toBeGreaterThanOrEqual(MESSAGES_BURST)
    // What one slice prints is printed; the next waits.
    expect(atOnce).toBeLessThan(MESSAGES_BURST + 3_000)
    await time.advance(1_000)
    expect(lines().length).toBeLessThan(atOnce + MESSAGES_PER_SECOND + 3_000)
    await time.advance(5_000)
    expect(lines()).toEqual(Array.from({ length: count }, (_, i) => String(i)))
  })

  test('answers a freeze and a ping while it waits', async () => {
    start({ code: `for (let i = 0; i < 30_000; i++) console.log(i)` })
    await time.advance(0)
    tell({ kind: 'ping' })
    expect(kinds().at(-1)).toBe('pulse')
    tell({ kind: 'freeze' })
    expect(frozen().length).toBe(1)
    const before = lines().length
    await time.advance(60_000)
    expect(lines().length).toBe(before)
  })

  test('runs one slice at a time, however often it is told to run', async () => {
    start({ code: `let i = 0; for (;;) i++` })
    for (let i = 0; i < 10; i++) tell({ kind: 'run' })
    const [first, ...others] = breaths.splice(0)
    expect(others).toEqual([])
    first?.()
    expect(breaths.length).toBe(1)
    tell({ kind: 'freeze' })
    breaths.shift()?.()
    expect(breaths).toEqual([])
    tell({ kind: 'freeze' })
    expect(frozen().length).toBe(2)
  })

  test('that has no engine says so', () => {
    const mail = createEarlyMail()
    runGuest({
      clock: time,
      timers: time,
      post: say,
      receive: mail.receive,
      breathe: () => undefined,
    })
    mail.take({
      kind: 'prepare',
      engineId: 'x',
      engine: { movable: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)), plain: null },
    })
    const { label: _, image: __, ...rest } = order()
    mail.take({ kind: 'start', order: { ...rest, image: null } })
    expect(said).toMatchObject([{ kind: 'failed', code: 'LOAD', reason: expect.stringContaining('engine: ') }])
  })
})
