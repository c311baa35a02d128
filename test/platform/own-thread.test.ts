import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assert } from '../../src/base/assert.ts'
import { createOwnThreadSandbox } from '../../src/platform/guest/own-thread.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { loadEngine } from '../../src/platform/node/engine-files.ts'
import type { ClosableSandbox } from '../../src/sandbox/create-sandbox.ts'
import { type ReplayOutcome, replaySegment } from '../../src/sandbox/replay.ts'
import { LOOP, Play } from '../contract/play.ts'
import { SANDBOX_CLAIMS } from '../contract/sandbox.ts'
import { type Recorded, record } from '../contract/sandbox-replay.ts'

const engine = await loadEngine(resolve('dist/engine'))
const engines = new Map([[engine.id, engine]])
const settle = (): Promise<void> => new Promise((done) => setImmediate(done))
const SPEED = { fuelPerMs: 100_000, sliceMs: 2, plainTurnMs: 5 }
/** As in the simulator: what a machine does in 2 ms takes this one longer than a warden waits. */
const SLOW = { fuelPerMs: 250, sliceMs: 25, plainTurnMs: 60 }

const inOwnThread = (time: VirtualTime): ClosableSandbox =>
  createOwnThreadSandbox({ engines, host: time, worker: time, ...SPEED })

describe('guests in the caller’s own thread, in virtual time, keep the contract of a sandbox', () => {
  const time = new VirtualTime(settle)
  const sandbox = inOwnThread(time)
  let isOver = false
  let passing = Promise.resolve()
  beforeAll(() => {
    passing = (async () => {
      while (!isOver) await time.advance(20)
    })()
  })
  afterAll(async () => {
    isOver = true
    await passing
    sandbox.close()
  })

  // The rest of them takes a minute: `CLAIMS=. npx vitest run test/platform/own-thread.test.ts`.
  const wanted = new RegExp(
    process.env.CLAIMS ?? 'in the middle|another guest|rest of a sleep|segment by|come of before|of the same',
  )
  const claims = SANDBOX_CLAIMS.filter(({ claim }) => wanted.test(claim))
  for (const { claim, prove } of claims) test(claim, () => prove({ sandbox, engineId: engine.id }), 60_000)
})

describe('their time', () => {
  test('passes as they use fuel, and they do nothing while none passes', async () => {
    const time = new VirtualTime(settle)
    const played = new Play({ sandbox: inOwnThread(time), engineId: engine.id }, { code: LOOP })
    played.guest.run()
    for (let i = 0; i < 100; i++) await settle()
    expect(played.kinds).toEqual([])
    expect(await time.runUntil(() => played.kinds.includes('finished'), 10_000)).toBe(true)
    const end = await played.next('finished')
    // Loading and the last turn's rest are not fuel's; what is less than a millisecond is carried over.
    expect(time.nowMs() - end.fuelUsed / SPEED.fuelPerMs).toBeLessThan(5)
    expect(end.fuelUsed / SPEED.fuelPerMs - time.nowMs()).toBeLessThan(end.fuelUsed / SPEED.fuelPerMs)
  })

  test('lets a freeze wait until the slice under way has taken its time', async () => {
    const time = new VirtualTime(settle)
    const played = new Play({ sandbox: inOwnThread(time), engineId: engine.id }, { code: LOOP })
    played.guest.run()
    await time.advance(20)
    const askedMs = time.nowMs()
    played.guest.freeze()
    expect(await time.runUntil(() => played.kinds.includes('frozen'), 100)).toBe(true)
    const tookMs = time.nowMs() - askedMs
    expect(tookMs).toBeGreaterThan(0)
    expect(tookMs).toBeLessThanOrEqual(2 * SPEED.sliceMs)
    await time.advance(1_000)
    expect(played.kinds.at(-1)).not.toBe('finished')
  })

  test('does not make a long past that is lived again a silence, however slow the machine', async () => {
    const time = new VirtualTime(settle)
    const place = { sandbox: inOwnThread(time), engineId: engine.id }
    let recorded: Recorded | null = null
    void record(place, { code: LOOP }).then((all) => {
      recorded = all
    })
    expect(await time.runUntil(() => recorded !== null, 10_000)).toBe(true)
    const segment = (recorded as Recorded | null)?.segments[0]
    assert(segment, 'the loop is one segment')
    const slow = createOwnThreadSandbox({ engines, host: time, worker: time, ...SLOW })
    let outcome: ReplayOutcome | null = null
    void replaySegment(slow, segment).then((come) => {
      outcome = come
    })
    expect(await time.runUntil(() => outcome !== null, segment.trace.until.fuelUsed)).toBe(true)
    expect(outcome).toMatchObject({ kind: 'finished' })
  })
})
