import { describe, expect, it } from 'vitest'
import { SIM_FRAME_MS, SIM_STEP_MS, SIM_TURN_MS } from '../../../src/entry/browser/limits.ts'
import { Drive, type SimRun } from '../../../src/entry/browser/sim-drive.ts'
import type { Deed, SimReport } from '../../../src/entry/browser/sim-orders.ts'
import { VirtualTime } from '../../../src/platform/memory/virtual-time.ts'
import { frameOf } from '../../ui/sim/fixtures.ts'

const SETUP = { seed: 1, hosts: 10, agents: 10, witnesses: 1 } as const

/** A cluster of which a second costs so many seconds of the machine's. */
function drive({ cost = 0, breaksAtMs = Number.POSITIVE_INFINITY } = {}) {
  // The machine's own time, in which the drive works.
  const machine = new VirtualTime(async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  })
  let nowMs = 0
  const deeds: { readonly deed: Deed; readonly atMs: number }[] = []
  const run: SimRun = {
    faults: [],
    async advance(ms) {
      nowMs += ms
      if (cost > 0) await new Promise<void>((resolve) => machine.after(ms * cost, resolve))
    },
    async obey(deed) {
      if (deed.kind === 'launch' && deed.agents < 0) throw new Error('no such host')
      deeds.push({ deed, atMs: nowMs })
    },
    frame: () =>
      frameOf({
        nowMs,
        violation: nowMs >= breaksAtMs ? { invariant: 'one', what: 'two', seed: 1, command: 'sim' } : null,
      }),
  }
  const reports: { readonly report: SimReport; readonly atMs: number }[] = []
  const driven = new Drive({
    clock: machine,
    timers: machine,
    build: async () => run,
    report: (report) => void reports.push({ report, atMs: machine.nowMs() }),
  })
  driven.order({ kind: 'start', setup: SETUP })
  return { driven, machine, deeds, reports, virtual: () => nowMs }
}

describe('the simulator in a page', () => {
  it('stands until it is told to play, and again when it is told to pause', async () => {
    const { driven, machine, reports, virtual } = drive()
    await machine.advance(500)
    expect(reports.map(({ report }) => report.kind)).toEqual(['built'])
    driven.order({ kind: 'play', playing: true })
    await machine.advance(1_000)
    driven.order({ kind: 'play', playing: false })
    const passed = virtual()
    await machine.advance(1_000)
    expect(virtual()).toBe(passed)
  })

  it.each([1, 4, 16])('keeps the speed that is asked for where the machine can, ×%i', async (speed) => {
    const { driven, machine, reports, virtual } = drive({ cost: 0.01 })
    driven.order({ kind: 'speed', speed })
    driven.order({ kind: 'play', playing: true })
    await machine.advance(4_000)
    expect(virtual()).toBeGreaterThan(0.95 * 4_000 * speed)
    expect(virtual()).toBeLessThan(1.25 * 4_000 * speed)
    const last = reports.at(-1)?.report
    expect(last?.kind === 'frame' && last.rate / speed).toBeCloseTo(1, 0)
  })

  it('runs slower on a slow machine, and does not hurry when a burden is gone', async () => {
    const { driven, machine, virtual } = drive({ cost: 3 })
    driven.order({ kind: 'speed', speed: 4 })
    driven.order({ kind: 'play', playing: true })
    await machine.advance(6_000)
    expect(virtual()).toBeGreaterThan(1_500)
    expect(virtual()).toBeLessThan(2_200)
    const before = virtual()
    driven.order({ kind: 'speed', speed: 1 })
    await machine.advance(300)
    expect(virtual() - before).toBeLessThanOrEqual(100 + SIM_STEP_MS)
  })

  it('hears an order between two steps, even when it goes as fast as it can', async () => {
    const { driven, machine, deeds } = drive({ cost: 0.1 })
    driven.order({ kind: 'speed', speed: Number.POSITIVE_INFINITY })
    driven.order({ kind: 'play', playing: true })
    await machine.advance(20)
    driven.order({ kind: 'act', host: 3, act: 'kill' })
    await machine.advance(SIM_TURN_MS)
    expect(deeds.map(({ deed }) => deed)).toEqual([{ kind: 'act', host: 3, act: 'kill' }])
  })

  it('sends a picture at most so often, however fast it goes', async () => {
    const { driven, machine, reports } = drive()
    driven.order({ kind: 'play', playing: true })
    await machine.advance(2_000)
    const frames = reports.filter(({ report }) => report.kind === 'frame').map(({ atMs }) => atMs)
    expect(frames.length).toBeGreaterThan(20)
    for (const [i, atMs] of frames.entries())
      if (i > 0) expect(atMs - (frames[i - 1] ?? 0)).toBeGreaterThanOrEqual(SIM_FRAME_MS)
  })

  it('stops where an invariant breaks, so that it can be seen as it stood', async () => {
    const { driven, machine, reports, virtual } = drive({ breaksAtMs: 700 })
    driven.order({ kind: 'play', playing: true })
    await machine.advance(3_000)
    const last = reports.at(-1)?.report
    expect(last?.kind === 'frame' && last.frame.violation?.invariant).toBe('one')
    expect(virtual()).toBeLessThan(1_000)
  })

  it('stands while nobody looks, and owes nothing for that time', async () => {
    const { driven, machine, virtual } = drive()
    driven.order({ kind: 'play', playing: true })
    await machine.advance(200)
    driven.order({ kind: 'hidden', hidden: true })
    const passed = virtual()
    await machine.advance(60_000)
    driven.order({ kind: 'hidden', hidden: false })
    await machine.advance(100)
    expect(virtual() - passed).toBeLessThan(300)
  })

  it('says why it cannot go on', async () => {
    const { driven, machine, reports } = drive()
    driven.order({ kind: 'launch', agents: -1 })
    await machine.advance(10)
    expect(reports.at(-1)?.report).toEqual({ kind: 'failed', reason: 'no such host' })
  })
})
