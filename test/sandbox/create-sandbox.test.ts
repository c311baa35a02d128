import { beforeEach, describe, expect, test } from 'vitest'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { createSandbox } from '../../src/sandbox/create-sandbox.ts'
import { SPARE_DELAY_MS } from '../../src/sandbox/limits.ts'
import type { GuestEvent } from '../../src/sandbox/port.ts'
import { order } from './orders.ts'
import { ScriptedWorker } from './scripted-worker.ts'

const engines = new Map([['engine-1', { movable: {} as WebAssembly.Module, plain: null }]])
let time: VirtualTime
let workers: ScriptedWorker[]
let events: GuestEvent[]

beforeEach(() => {
  time = new VirtualTime(async () => undefined)
  workers = []
  events = []
})

const sandbox = (spares = 0) =>
  createSandbox({
    clock: time,
    timers: time,
    engines,
    spares,
    startWorker(to) {
      const worker = new ScriptedWorker(to)
      workers.push(worker)
      return worker
    },
  })

const lastEvent = () => events.at(-1)

describe('the sandbox', () => {
  const prepared = { kind: 'prepared' }

  test('gives the waiting worker to the next guest and starts another a moment after that guest is up', async () => {
    const box = sandbox(1)
    expect(workers.map((worker) => worker.kinds())).toEqual([['prepare']])
    workers[0]?.say(prepared)
    box.spawn(order(), () => undefined)
    expect(workers.map((worker) => worker.kinds())).toEqual([['prepare', 'start']])
    workers[0]?.say({ kind: 'ready' })
    expect(workers.length).toBe(1)
    await time.advance(SPARE_DELAY_MS)
    expect(workers.length).toBe(2)
  })

  test('makes its spares one after the other, and no more than it shall have', async () => {
    sandbox(3)
    await time.advance(60_000)
    expect(workers.length).toBe(1)
    for (const worker of [0, 1, 2]) {
      workers[worker]?.say(prepared)
      await time.advance(60_000)
    }
    expect(workers.map((worker) => worker.kinds())).toEqual([['prepare'], ['prepare'], ['prepare']])
  })

  test('never gives a worker to two guests, and makes up for what is used', async () => {
    const box = sandbox(2)
    workers[0]?.say(prepared)
    await time.advance(SPARE_DELAY_MS)
    workers[1]?.say(prepared)
    for (let guest = 0; guest < 5; guest++) {
      box.spawn(order(), () => undefined).terminate()
      expect(workers[guest]?.kinds()).toEqual(['prepare', 'start'])
      if (guest >= 2) workers[guest]?.say(prepared)
    }
    expect(workers.every((worker) => worker.kinds().filter((kind) => kind === 'start').length <= 1)).toBe(true)
    await time.advance(SPARE_DELAY_MS)
    workers.at(-1)?.say(prepared)
    await time.advance(SPARE_DELAY_MS)
    expect(workers.filter((worker) => !worker.terminated).map((worker) => worker.kinds())).toEqual([
      ['prepare'],
      ['prepare'],
    ])
  })

  test('ends a guest whose worker says a second time that it is prepared', () => {
    sandbox().spawn(order(), (event) => events.push(event))
    workers[0]?.say(prepared)
    expect(workers[0]?.terminated).toBe(false)
    workers[0]?.say(prepared)
    expect(lastEvent()).toMatchObject({ kind: 'failed', code: 'BREACH' })
  })

  test('ends a waiting worker that speaks before its order', () => {
    const box = sandbox(1)
    workers[0]?.say({ kind: 'ready' })
    expect(workers[0]?.terminated).toBe(true)
    box.spawn(order(), () => undefined)
    expect(workers[1]?.kinds()).toEqual(['prepare', 'start'])
  })

  test('refuses an engine it does not have, after spawn has returned', async () => {
    sandbox().spawn(order({ engineId: 'engine-0' }), (event) => events.push(event))
    expect(events).toEqual([])
    await time.advance(1)
    expect(events).toEqual([
      { kind: 'failed', code: 'LOAD', reason: 'this engine is not here: engine engine-0', fuelUsed: 0 },
    ])
  })

  test('says so, after spawn has returned, when no worker starts', async () => {
    const box = createSandbox({
      clock: time,
      timers: time,
      engines,
      spares: 1,
      startWorker() {
        throw new Error('too many threads')
      },
    })
    box.spawn(order(), (event) => events.push(event))
    await time.advance(1)
    expect(events).toMatchObject([{ code: 'LOAD', reason: 'no worker starts (too many threads): engine engine-1' }])
  })

  test('ends every worker when it is closed, and no guest hears of it', async () => {
    const box = sandbox(1)
    box.spawn(order(), (event) => events.push(event))
    workers[0]?.say({ kind: 'ready' })
    box.close()
    expect(workers.every(({ terminated }) => terminated)).toBe(true)
    expect(events).toEqual([{ kind: 'ready' }])
    box.spawn(order(), (event) => events.push(event))
    await time.advance(1)
    expect(lastEvent()).toMatchObject({ code: 'LOAD', reason: 'the sandbox is closed: engine engine-1' })
  })
})
