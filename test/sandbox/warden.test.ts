import { beforeEach, describe, expect, test } from 'vitest'
import type { MachineImage } from '../../src/engine/image.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { createSandbox } from '../../src/sandbox/create-sandbox.ts'
import {
  ANSWER_LENGTH_MAX,
  BEAT_MS,
  HASH_MS_MAX,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  REFERENCE_BYTES_MIN,
  START_MS_MAX,
  WATCHDOG_MS,
} from '../../src/sandbox/limits.ts'
import { packImage } from '../../src/sandbox/packed-image.ts'
import type { Guest, GuestEvent, GuestOrder } from '../../src/sandbox/port.ts'
import { manyPages, page } from '../checkpoint/images.ts'
import { image, order } from './orders.ts'
import { ScriptedWorker } from './scripted-worker.ts'

const engines = new Map([['engine-1', { movable: {} as WebAssembly.Module, plain: null }]])
let time: VirtualTime
let workers: ScriptedWorker[]
let events: GuestEvent[]
/** How far the clock is ahead of the timers. */
let lateMs: number

beforeEach(() => {
  time = new VirtualTime(async () => undefined)
  workers = []
  events = []
  lateMs = 0
})

const sandbox = (spares = 0) =>
  createSandbox({
    clock: { nowMs: () => time.nowMs() + lateMs, wallMs: () => time.wallMs() },
    timers: time,
    engines,
    spares,
    startWorker(to) {
      const worker = new ScriptedWorker(to)
      workers.push(worker)
      return worker
    },
  })

function spawn(changes: Partial<GuestOrder> = {}): { guest: Guest; worker: ScriptedWorker } {
  const guest = sandbox().spawn(order(changes), (event) => events.push(event))
  return { guest, worker: workers[0] as ScriptedWorker }
}

function running(changes: Partial<GuestOrder> = {}) {
  const { guest, worker } = spawn(changes)
  worker.say({ kind: 'ready' })
  guest.run()
  return { guest, worker }
}

const call = (request: number, again = false) => ({
  kind: 'call',
  call: { request, name: 'emit', argsJson: '{}' },
  again,
})
const pulse = (fuelUsed: number) => ({ kind: 'pulse', fuelUsed, sentBytes: 0 })
const frozen = (changes: Parameters<typeof image>[0] = {}, gone: readonly number[] | null = null) => ({
  kind: 'frozen',
  image: packImage(image(changes)).packed,
  gone: gone && Uint32Array.from(gone),
})
const largePages = manyPages(REFERENCE_BYTES_MIN / 4096)
const lastEvent = () => events.at(-1)

describe('an honest guest', () => {
  test('is told the engine, then the order without its label', () => {
    const { worker } = spawn({ label: 'secret of the host' })
    expect(worker.kinds()).toEqual(['prepare', 'start'])
    expect(JSON.stringify(worker.received[1], (_, v) => (v instanceof Map ? [...v] : v))).not.toContain('secret')
  })

  test('has its events passed on in order, and ends once', () => {
    const { worker } = running()
    for (const message of [
      call(1),
      { kind: 'console', level: 'log', text: 'hi' },
      pulse(5),
      { kind: 'finished', resultJson: '1', fuelUsed: 9, stateHash: 'h' },
      pulse(10),
    ])
      worker.say(message)
    expect(events.map(({ kind }) => kind)).toEqual(['ready', 'call', 'console', 'pulse', 'finished'])
    expect(worker.terminated).toBe(true)
    worker.events.died('exit code 1')
    expect(events.length).toBe(5)
  })

  test('may freeze, go on and freeze again, also when the messages cross', () => {
    const { guest, worker } = running()
    guest.freeze()
    worker.say(call(3))
    guest.run()
    guest.freeze()
    worker.say(frozen({ fuelUsed: 1n }))
    worker.say(call(4))
    worker.say(frozen({ fuelUsed: 2n }))
    worker.say(call(5))
    expect(events.map(({ kind }) => kind)).toEqual(['ready', 'call', 'frozen', 'call', 'frozen', 'failed'])
    expect(lastEvent()).toMatchObject({ code: 'BREACH', reason: 'call while standing still' })
  })

  test('sends of a large image only what has changed since the last one, or since the one it was thawed from', () => {
    const { guest, worker } = running({ image: image({ pages: largePages }) })
    guest.freeze()
    worker.say(frozen({ pages: new Map([[300, page(8)]]) }, [5]))
    const { pages } = (lastEvent() as { image: MachineImage }).image
    expect([...pages.keys()]).toEqual([...[...largePages.keys()].filter((index) => index !== 5), 300])
    expect(pages.get(300)).toEqual(page(8))
    guest.freeze()
    worker.say(frozen({ pages: new Map() }, []))
    const later = (lastEvent() as { image: MachineImage }).image.pages
    expect([...later].every(([index, bytes]) => bytes === pages.get(index)) && later.size === pages.size).toBe(true)
  })

  test('may be frozen before it ever ran', () => {
    const { guest, worker } = spawn()
    guest.freeze()
    worker.say({ kind: 'ready' })
    worker.say(frozen())
    guest.run()
    worker.say(call(1))
    expect(events.map(({ kind }) => kind)).toEqual(['ready', 'frozen', 'call'])
  })

  test('is told that an answer was too long instead of being given it', () => {
    const { guest, worker } = running()
    guest.deliver({ request: 1, outcome: { ok: true, valueJson: 'x'.repeat(ANSWER_LENGTH_MAX + 1) } })
    expect(worker.received.at(-1)).toMatchObject({ delivery: { request: 1, outcome: { ok: false, code: 'QUOTA' } } })
  })

  test('says nothing more after terminate', () => {
    const { guest, worker } = running()
    guest.terminate()
    worker.say(pulse(1))
    worker.events.died('exit code 1')
    expect(events.map(({ kind }) => kind)).toEqual(['ready'])
    expect(worker.terminated).toBe(true)
  })

  test('may make its old calls again after a thaw, without paying twice', () => {
    const { worker } = running({ image: image(), sentBytesMax: 2 })
    worker.say(call(2, true))
    worker.say(call(3))
    expect(events.map(({ kind }) => kind)).toEqual(['ready', 'call', 'call'])
    worker.say(call(4))
    expect(lastEvent()).toMatchObject({ kind: 'failed', code: 'QUOTA', reason: 'sentBytes 4 > sentBytesMax 2' })
  })
})

describe('a guest that was told a limit', () => {
  test('is judged by it from then on, with what it has used', () => {
    const { guest, worker } = running({ fuelMax: 100, sentBytesMax: 100 })
    worker.say(pulse(40))
    guest.limit({ fuelMax: 60, sentBytesMax: 4 })
    expect(worker.received.at(-1)).toEqual({ kind: 'limit', limit: { fuelMax: 60, sentBytesMax: 4 } })
    worker.say(call(1))
    worker.say(call(2))
    worker.say(pulse(60))
    worker.say(pulse(61))
    expect(lastEvent()).toMatchObject({ kind: 'failed', code: 'BREACH', reason: 'fuelUsed 61 > fuelMax 60' })
  })

  test('ends where it says more', () => {
    const { guest, worker } = running({ sentBytesMax: 100 })
    worker.say(call(1))
    guest.limit({ fuelMax: 100, sentBytesMax: 3 })
    worker.say(call(2))
    expect(lastEvent()).toMatchObject({ kind: 'failed', code: 'QUOTA', reason: 'sentBytes 4 > sentBytesMax 3' })
  })
})

describe('a compromised guest is ended', () => {
  const lies: [string, (play: ReturnType<typeof running>) => void, string, Partial<GuestOrder>?][] = [
    ['for a malformed message', ({ worker }) => worker.say({ kind: 'eval' }), 'kind is none of'],
    ['for being ready twice', ({ worker }) => worker.say({ kind: 'ready' }), 'ready twice'],
    ['for a call that was made before', ({ worker }) => [worker.say(call(5)), worker.say(call(5))], 'request 5 <= 5'],
    ['for an old call under a new flag', ({ worker }) => worker.say(call(1, true)), 'request 1 again: true'],
    [
      'for a new call under an old number',
      ({ worker }) => worker.say(call(2, false)),
      'request 2 again: false',
      { image: image() },
    ],
    ['for fuel that comes back', ({ worker }) => [worker.say(pulse(9)), worker.say(pulse(8))], 'fuelUsed 8 < 9'],
    ['for fuel it never had', ({ worker }) => worker.say(pulse(101)), 'fuelUsed 101 > fuelMax 100', { fuelMax: 100 }],
    ['for an image nobody asked for', ({ worker }) => worker.say(frozen()), 'frozen without being asked'],
    [
      'for an image of another engine',
      ({ guest, worker }) => [guest.freeze(), worker.say(frozen({ engineId: 'mine' }))],
      'image of engine mine',
    ],
    [
      'for an image larger than its memory',
      ({ guest, worker }) => [guest.freeze(), worker.say(frozen({ memoryPages: 2000 }))],
      'image memory 131072000 > memoryBytesMax 67108864',
    ],
    [
      'for an image with somebody else’s kernel',
      ({ guest, worker }) => [
        guest.freeze(),
        worker.say(
          frozen({
            kernels: [
              {
                id: 0,
                name: 'k',
                instance: '',
                memoryPagesMax: null,
                memoryPages: 0,
                pages: new Map(),
                globals: new Map(),
                suspended: null,
              },
            ],
          }),
        ),
      ],
      'image has an unknown kernel "k"',
    ],
    [
      'for a change of an image that was too small to keep',
      ({ guest, worker }) => [guest.freeze(), worker.say(frozen({}, []))],
      'a change of an image that was not sent',
      { image: image() },
    ],
    [
      'for taking away a page that was not there',
      ({ guest, worker }) => [guest.freeze(), worker.say(frozen({}, [319]))],
      'gone page 319 was not in the image before',
      { image: image({ pages: largePages }) },
    ],
    [
      'for a memory that has become smaller',
      ({ guest, worker }) => [guest.freeze(), worker.say(frozen({ memoryPages: 19 }, []))],
      'the memory has become smaller',
      { image: image({ pages: largePages }) },
    ],
    [
      'for an image with less fuel used',
      ({ guest, worker }) => [worker.say(pulse(200)), guest.freeze(), worker.say(frozen())],
      'image fuelUsed 100 < 200',
    ],
  ]
  test.each(lies)('%s', (_, play, reason, changes = {}) => {
    const all = running(changes)
    play(all)
    expect(lastEvent()).toMatchObject({ kind: 'failed', code: 'BREACH' })
    expect((lastEvent() as { reason: string }).reason).toContain(reason)
    expect(all.worker.terminated).toBe(true)
  })

  test.each([
    ['call', call(1)],
    ['pulse', pulse(0)],
    ['finished', { kind: 'finished', resultJson: '', fuelUsed: 0, stateHash: '' }],
  ])('for a %s before it is ready', (kind, message) => {
    const { worker } = spawn()
    worker.say(message)
    expect(lastEvent()).toMatchObject({ code: 'BREACH', reason: `${kind} before ready` })
  })

  test('for a flood', () => {
    const { worker } = running()
    for (let i = 0; i < 2 * (MESSAGES_BURST + 10 * MESSAGES_PER_SECOND); i++) worker.say(pulse(1))
    expect(lastEvent()).toMatchObject({ code: 'BREACH', reason: 'messages > 5000 a second' })
  })

  test('for more bytes a second than a guest may send, though the permit would allow them', () => {
    const { worker } = running({ sentBytesMax: 2 ** 40 })
    const text = 'é'.repeat(8_000)
    for (let i = 0; i < 7_400; i++) worker.say({ kind: 'console', level: 'log', text })
    expect(lastEvent()).toMatchObject({ code: 'BREACH', reason: 'textBytes > 4194304 a second' })
  })

  test('when its worker dies under it', () => {
    const { worker } = running()
    worker.say(pulse(7))
    worker.events.died('exit code 134')
    expect(lastEvent()).toEqual({ kind: 'failed', code: 'TRAP', reason: 'worker ended: exit code 134', fuelUsed: 7 })
  })
})

describe('the watchdog', () => {
  test('ends a guest that has not answered for WATCHDOG_MS', async () => {
    const { worker } = running()
    worker.say(pulse(5))
    await time.advance(WATCHDOG_MS)
    expect(worker.terminated).toBe(false)
    await time.advance(BEAT_MS)
    expect(lastEvent()).toEqual({
      kind: 'failed',
      code: 'UNRESPONSIVE',
      reason: 'no answer for 600 ms >= 600',
      fuelUsed: 5,
    })
    expect(worker.terminated).toBe(true)
  })

  test('ends a guest that talks on and does not freeze', async () => {
    const { guest, worker } = running()
    guest.freeze()
    for (let ms = 0; ms < 1_000; ms += BEAT_MS) {
      worker.say(pulse(1))
      await time.advance(BEAT_MS)
    }
    // The rest is what 64 MiB may take to be copied.
    expect(lastEvent()).toMatchObject({ code: 'UNRESPONSIVE', reason: 'freeze not answered for 1000 ms > 936' })
  })

  test('ends a runaway within a second of its last word', async () => {
    const { worker } = running()
    await time.advance(BEAT_MS - 1)
    worker.say(pulse(5))
    await time.advance(1_000)
    expect(lastEvent()).toMatchObject({ code: 'UNRESPONSIVE' })
  })

  test('does not judge by beats that come late: the machine is busy, or slept', async () => {
    lateMs = 5_000
    const { worker } = running()
    for (let i = 0; i < 20; i++) {
      lateMs += 5_000
      await time.advance(BEAT_MS)
    }
    expect(worker.terminated).toBe(false)
    await time.advance(WATCHDOG_MS + BEAT_MS)
    expect(worker.terminated).toBe(true)
  })

  test('waits longer for the last word of a guest that hashes its memory first', async () => {
    const { worker } = running({ hashAtEnd: true })
    await time.advance(HASH_MS_MAX)
    expect(worker.terminated).toBe(false)
    await time.advance(BEAT_MS)
    expect(lastEvent()).toMatchObject({ code: 'UNRESPONSIVE' })
  })

  test('leaves one alone that answers its pings, for ever', async () => {
    const { worker } = running()
    for (let i = 0; i < 100; i++) {
      await time.advance(BEAT_MS)
      worker.say(pulse(1))
    }
    expect(worker.kinds().filter((kind) => kind === 'ping').length).toBeGreaterThanOrEqual(99)
    expect(worker.terminated).toBe(false)
  })

  test('gives a guest longer to get ready, and not for ever', async () => {
    const { worker } = spawn()
    await time.advance(START_MS_MAX)
    expect(worker.terminated).toBe(false)
    await time.advance(2 * BEAT_MS)
    expect(lastEvent()).toMatchObject({ code: 'UNRESPONSIVE', reason: 'not ready for 15000 ms >= 15000' })
  })
})
