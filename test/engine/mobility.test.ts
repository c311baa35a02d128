import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../src/base/random.ts'
import { type EngineBuild, Machine } from '../../src/engine/machine.ts'
import { agentOf, engine, OPTIONS, observed, ride, WHOLE_SLICE } from './drive.ts'

const program = (name: string): string => readFileSync(new URL(`../programs/${name}.js`, import.meta.url), 'utf8')
let build: EngineBuild
beforeAll(async () => {
  build = await engine()
})

describe('a frozen program', () => {
  it('goes on through a chain of more than a hundred fresh instances', () => {
    const straight = ride(build, program('recursion'))
    const chain = ride(build, program('recursion'), { slice: () => 4_001n })
    expect(chain.hops).toBeGreaterThan(100)
    expect(observed(chain)).toEqual(observed(straight))
  })

  it('goes on from random points (seed 20)', () => {
    const random = seededRandom(20)
    for (const name of ['sort-comparator', 'getters', 'generators', 'async-timers']) {
      const straight = ride(build, program(name))
      for (let i = 0; i < 8; i++) {
        const at = BigInt(1 + integerBelow(random, Number(straight.fuel)))
        const once = ride(build, program(name), { slice: (n) => (n === 0 ? at : WHOLE_SLICE) })
        expect(observed(once), `${name} frozen after ${at}`).toEqual(observed(straight))
      }
    }
  })

  it('stands in the middle of a turn at most of these points', () => {
    let [middle, all] = [0, 0]
    ride(build, program('nested-loops'), {
      slice: () => 30_011n,
      onHop: (image) => {
        all++
        if (image.standing === 'interrupt') middle++
      },
    })
    expect(middle).toBeGreaterThan(all * 0.9)
  })

  it('is not disturbed by being frozen and going on in place', () => {
    const straight = ride(build, program('closures'))
    expect(observed(ride(build, program('closures'), { slice: () => 10_007n, stay: true }))).toEqual(observed(straight))
  })

  it('gives equal images when it is frozen twice', () => {
    const machine = Machine.start(build, 'for (;;);', 'null', OPTIONS)
    expect(machine.run(100_000n)).toEqual({ kind: 'slice' })
    expect(machine.freeze()).toEqual(machine.freeze())
  })

  it('is small: an idle agent differs from the base image by less than 256 KiB', () => {
    const machine = Machine.start(
      build,
      'const a = [1, 2, 3]; await new Promise((r) => setTimeout(r, 1000)); console.log(a)',
      'null',
      OPTIONS,
    )
    expect(machine.run(WHOLE_SLICE).kind).toBe('idle')
    expect(machine.freeze().pages.size * 4096).toBeLessThan(256 * 1024)
  })
})

describe('the virtual clock', () => {
  it('follows fuel, and sleeping costs none', () => {
    const result = ride(
      build,
      agentOf(
        'async () => { const t = Date.now(); await new Promise((r) => setTimeout(r, 60_000)); return Date.now() - t }',
      ),
    )
    expect(result.stop).toEqual({ kind: 'finished', resultJson: '60000' })
    expect(result.fuel).toBeLessThan(100_000n)
  })

  it('does not move backwards, nor in the middle of a turn', () => {
    const machine = Machine.start(build, 'for (;;);', 'null', OPTIONS)
    const before = machine.clockMs
    machine.run(1_000_000n)
    const now = machine.clockMs
    machine.advanceTo(now + 5_000)
    expect(machine.clockMs).toBe(now)
    expect(now).toBeGreaterThanOrEqual(before + 3)
  })

  it('gives different chance to different seeds and the same to the same', () => {
    const draw = (seed: number) =>
      ride(build, 'console.log(Math.random())', { options: { ...OPTIONS, seed } }).console[0]
    expect(draw(1)).toBe(draw(1))
    expect(draw(1)).not.toBe(draw(2))
  })
})

describe('system calls', () => {
  const asking = agentOf(`async (input) => {
    const bytes = await __sojourn.call('read', { path: input.path })
    let spin = 0
    for (let i = 0; i < 50000; i++) spin += i
    try { await __sojourn.call('forbidden', null) } catch (error) { return { bytes, sum: bytes[1], code: error.code, reason: error.message } }
  }`)
  const input = JSON.stringify({ path: 'a/b' })

  it('come out once, are answered after a freeze, and refusals reject with their code', () => {
    let machine = Machine.start(build, asking, input, OPTIONS)
    expect(machine.run(WHOLE_SLICE)).toEqual({ kind: 'idle', wakeMs: null })
    expect(machine.takeCalls()).toEqual([{ request: 1, name: 'read', argsJson: '{"path":"a/b"}' }])
    expect(machine.takeCalls()).toEqual([])
    machine = Machine.thaw(build, machine.freeze(), OPTIONS)
    expect(machine.takeCalls()).toEqual([{ request: 1, name: 'read', argsJson: '{"path":"a/b"}' }])
    machine.deliver({ request: 1, outcome: { ok: true, valueJson: '{"$bytes":"AQID"}' } })
    expect(machine.run(100_000n)).toEqual({ kind: 'slice' })
    machine = Machine.thaw(build, machine.freeze(), OPTIONS)
    machine.run(WHOLE_SLICE)
    expect(machine.takeCalls().map((call) => call.name)).toEqual(['forbidden'])
    machine.deliver({ request: 2, outcome: { ok: false, code: 'DENIED', reason: 'the permit does not grant it' } })
    machine.deliver({ request: 99, outcome: { ok: true, valueJson: '1' } })
    const stop = machine.run(WHOLE_SLICE)
    const result = { bytes: { $bytes: 'AQID' }, sum: 2, code: 'DENIED', reason: 'the permit does not grant it' }
    expect(stop.kind === 'finished' && JSON.parse(stop.resultJson)).toEqual(result)
  })

  it('answers that come in the middle of a turn wait for its end, also in an image', () => {
    const code = agentOf(`async () => {
      const order = []
      const asked = __sojourn.call('x', 1).then((v) => order.push('answer ' + v))
      for (let i = 0; i < 100000; i++) if (i === 99999) order.push('loop')
      await asked
      return order
    }`)
    let machine = Machine.start(build, code, 'null', OPTIONS)
    expect(machine.run(50_000n).kind).toBe('slice')
    machine.deliver({ request: 1, outcome: { ok: true, valueJson: '"yes"' } })
    const image = machine.freeze()
    expect(image.standing).toBe('interrupt')
    expect(image.inbox).toHaveLength(1)
    machine = Machine.thaw(build, image, OPTIONS)
    expect(machine.run(WHOLE_SLICE)).toEqual({ kind: 'finished', resultJson: '["loop","answer yes"]' })
  })

  it('leave an agent without anything to wait for idle, and a script finished', () => {
    expect(ride(build, agentOf('() => new Promise(() => {})')).stop).toEqual({ kind: 'idle', wakeMs: null })
    expect(ride(build, 'const x = 1').stop).toEqual({ kind: 'finished', resultJson: 'null' })
  })
})
