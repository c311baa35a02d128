import { beforeAll, describe, expect, it } from 'vitest'
import type { Delivery, MachineImage } from '../../src/engine/image.ts'
import { type EngineBuild, Machine, type MachineOptions, type Stop } from '../../src/engine/machine.ts'
import { agentOf, engine, OPTIONS, WHOLE_SLICE } from './drive.ts'

let build: EngineBuild
beforeAll(async () => {
  build = await engine()
})

const go = '__sojourn.callSync'
const answered = (request: number, value: unknown): Delivery => ({
  request,
  outcome: { ok: true, valueJson: JSON.stringify(value) },
})

interface Visit {
  readonly stop: Stop
  readonly calls: readonly string[]
  readonly fuel: bigint
  readonly stateHash: string | null
  readonly console: readonly string[]
}

/** Answers the n-th call with 10 n; with `hop`, in a fresh instance wherever it stands, before and after the answer. */
function visit(code: string, { hop = false, slice = WHOLE_SLICE, options = OPTIONS as MachineOptions } = {}): Visit {
  let machine = Machine.start(build, code, 'null', options)
  const seen = new Map<number, string>()
  const console: string[] = []
  const move = (): void => {
    console.push(...machine.takeConsole().map((line) => line.text))
    if (hop) machine = Machine.thaw(build, machine.freeze(), options)
  }
  for (;;) {
    const stop = machine.run(slice)
    if (stop.kind === 'finished' || stop.kind === 'failed') {
      console.push(...machine.takeConsole().map((line) => line.text))
      const stateHash = stop.kind === 'failed' ? null : machine.stateHash()
      return { stop, calls: [...seen.values()], fuel: machine.fuelUsed, stateHash, console }
    }
    move()
    for (const { request, argsJson } of machine.takeCalls()) {
      seen.set(request, argsJson)
      machine.deliver(answered(request, 10 * request))
    }
    move()
    if (stop.kind === 'idle' && stop.wakeMs !== null && machine.awaitedRequest === null) machine.advanceTo(stop.wakeMs)
  }
}

describe('a synchronous call suspends the whole program right there', () => {
  const places: Record<string, [body: string, result: unknown]> = {
    'an array callback': [`[1, 2].map((n) => ${go}('m', n) + n)`, [11, 22]],
    'a sort comparator': [
      `(() => { let n = 0; const sorted = [3, 1, 2].sort((a, b) => { if (n < 2) { ${go}('m', n++) } return a - b }); return sorted })()`,
      [1, 2, 3],
    ],
    'a getter': [`({ get x() { return ${go}('m', 1) } }).x`, 10],
    'a replace callback': [`'aba'.replace(/a/g, () => ${go}('m', 1))`, '10b20'],
    'the depth of many segments': [
      `(() => { const f = (n) => n ? f(n - 1) + 1 : ${go}('m', 1) + [2].map(() => ${go}('m', 2))[0]; return f(2000) })()`,
      2030,
    ],
    toJSON: [`JSON.stringify({ n: { toJSON: () => ${go}('m', 1) } })`, '{"n":10}'],
    'a reviver': [`JSON.parse('[1,2]', (k, v) => typeof v === 'number' ? ${go}('m', v) : v)`, [10, 20]],
    'a generator': [`[...(function* () { yield ${go}('m', 1); yield ${go}('m', 2) })()]`, [10, 20]],
    'a coercion': [`+{ valueOf: () => ${go}('m', 1) } + \`\${{ toString: () => ${go}('m', 2) }}\``, '1020'],
    'a proxy trap': [`new Proxy({}, { get: (_, name) => ${go}('m', name) }).name`, 10],
    'a constructor': [`new (class A { n = ${go}('m', 1); static m = 2 })().n`, 10],
    'a default value': [`(({ n = ${go}('m', 1) }) => n)({})`, 10],
    'a finally block': [`(() => { try { throw 1 } catch { return 1 } finally { ${go}('m', 1) } })()`, 1],
    'Array.from': [`Array.from({ length: 2 }, (_, i) => ${go}('m', i))`, [10, 20]],
    'a recursion': [`(function f(n) { return n === 0 ? ${go}('m', 1) : f(n - 1) + 1 })(100)`, 110],
    'an await': [`await ${go}('m', 1)`, 10],
  }
  for (const [name, [body, result]] of Object.entries(places)) {
    it(`inside ${name}`, () => {
      const code = agentOf(
        `async () => { const before = [1, 2, 3]; const value = ${body}; return [value, before.length] }`,
      )
      const stay = visit(code)
      expect(stay.stop).toEqual({ kind: 'finished', resultJson: JSON.stringify([result, 3]) })
      expect(stay.calls.length).toBeGreaterThan(0)
      expect(visit(code, { hop: true })).toEqual(stay)
      expect(visit(code, { hop: true, slice: 2_003n })).toEqual(stay)
    })
  }

  it('and nothing else of it runs meanwhile: timers, answers and other jobs wait for the end of the turn', () => {
    const code = `setTimeout(() => console.log('timer'), 0); Promise.resolve().then(() => console.log('job'))
      __sojourn.call('first', 1).then((n) => console.log('first', n))
      console.log('second', ${go}('second', 2))`
    const machine = Machine.start(build, code, 'null', OPTIONS)
    expect(machine.run(WHOLE_SLICE)).toEqual({ kind: 'idle', wakeMs: null })
    expect(machine.awaitedRequest).toBe(2)
    expect(machine.takeCalls().map((call) => call.name)).toEqual(['first', 'second'])
    machine.deliver(answered(1, 'a'))
    const before = machine.clockMs
    machine.advanceTo(before + 500)
    expect(machine.clockMs).toBe(before + 500)
    expect(machine.run(WHOLE_SLICE)).toEqual({ kind: 'idle', wakeMs: null })
    expect(machine.takeConsole()).toEqual([])
    machine.deliver(answered(2, 'b'))
    machine.advanceTo(before + 900)
    expect(machine.clockMs, 'a program with an answer to go on with does not wait').toBe(before + 500)
    machine.run(WHOLE_SLICE)
    expect(machine.awaitedRequest).toBeNull()
    expect(machine.takeConsole().map((line) => line.text)).toEqual(['second b', 'job', 'first a', 'timer'])
  })

  it('and is asked again after a thaw, until it is answered', () => {
    let machine = Machine.start(build, `console.log(${go}('m', 1))`, 'null', OPTIONS)
    machine.run(WHOLE_SLICE)
    for (let i = 0; i < 3; i++) {
      const image: MachineImage = machine.freeze()
      expect(image.standing).toBe('call')
      machine = Machine.thaw(build, image, OPTIONS)
      expect(machine.takeCalls()).toEqual([{ request: 1, name: 'm', argsJson: '1' }])
      expect(machine.run(WHOLE_SLICE)).toEqual({ kind: 'idle', wakeMs: null })
    }
    machine.deliver(answered(1, [1, { $bytes: 'AQID' }]))
    machine.run(WHOLE_SLICE)
    expect(machine.takeConsole()[0]?.text).toBe('[ 1, Uint8Array [ 1, 2, 3 ] ]')
  })
})

describe('a synchronous call that is not granted', () => {
  it('throws its refusal, which can be caught', () => {
    const machine = Machine.start(
      build,
      agentOf(`async () => { try { ${go}('m', 1) } catch (error) { return [error.code, error.message] } }`),
      'null',
      OPTIONS,
    )
    machine.run(WHOLE_SLICE)
    machine.deliver({ request: 1, outcome: { ok: false, code: 'DENIED', reason: 'the permit does not grant it' } })
    expect(machine.run(WHOLE_SLICE)).toEqual({
      kind: 'finished',
      resultJson: '["DENIED","the permit does not grant it"]',
    })
  })

  it('over the limit of open calls is refused at once', () => {
    const code = agentOf(
      `async () => { for (let i = 0; i < 1024; i++) __sojourn.call('x', i); try { ${go}('m', 1) } catch (error) { return error.code } }`,
    )
    const machine = Machine.start(build, code, 'null', OPTIONS)
    expect(machine.run(WHOLE_SLICE)).toEqual({ kind: 'finished', resultJson: '"QUOTA"' })
  })

  it('where the program cannot be suspended says so: a program that reaches into the driver’s own calls', () => {
    const code = `const set = Map.prototype.set
      Map.prototype.set = function (...all) { Map.prototype.set = set; try { ${go}('m', 1) } catch (error) { console.log(error.code) } return set.apply(this, all) }
      Promise.reject(new Error('nobody listens'))
      await 1
      const join = Array.prototype.join
      Array.prototype.join = function () { Array.prototype.join = join; return { toString: () => { try { ${go}('m', 1) } catch (error) { console.log(error.code) } for (let i = 0; i < 20000; i++); return 'joined' } } }
      console.log('text')`
    const stay = visit(code)
    expect(stay.console.slice(0, 3)).toEqual(['INVALID', 'INVALID', 'joined'])
    expect(visit(code, { hop: true, slice: 1_009n })).toEqual(stay)
  })
})

describe('an image that stands at a call', () => {
  it('is refused where there is no such call, and harmless where its frames are others', () => {
    const machine = Machine.start(build, `__sojourn.call('m', 1); for (;;);`, 'null', OPTIONS)
    machine.run(100_000n)
    const image = machine.freeze()
    const thaw = (change: Partial<MachineImage>) => Machine.thaw(build, { ...image, ...change }, OPTIONS)
    const refused = 'standing is call, but its request'
    expect(() => thaw({ standing: 'call', pending: [] })).toThrow(refused)
    expect(() => thaw({ standing: 'call', inbox: [answered(1, 1)] })).toThrow(refused)
    const liar = thaw({ standing: 'call' })
    expect(liar.run(WHOLE_SLICE)).toEqual({ kind: 'idle', wakeMs: null })
    liar.deliver(answered(1, 1))
    expect(liar.run(1_000_000n).kind).toBe('slice')
    // Frames of a call under the name of an interrupt, or of a kernel that is not there.
    const caller = Machine.start(build, `${go}('m', 1)`, 'null', OPTIONS)
    caller.run(WHOLE_SLICE)
    const standing = caller.freeze()
    expect(Machine.thaw(build, { ...standing, standing: 'interrupt' }, OPTIONS).run(WHOLE_SLICE)).toMatchObject({
      kind: 'failed',
      code: 'TRAP',
    })
    expect(Machine.thaw(build, { ...standing, standing: 'turn' }, OPTIONS).run(WHOLE_SLICE).kind).not.toBe('finished')
  })
})
