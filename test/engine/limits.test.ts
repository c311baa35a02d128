import { beforeAll, describe, expect, it } from 'vitest'
import { CONSOLE_LINES_MAX, CONSOLE_TEXT_MAX, INBOX_MAX, PENDING_CALLS_MAX } from '../../src/engine/limits.ts'
import { type EngineBuild, Machine } from '../../src/engine/machine.ts'
import { packImage, readImage } from '../../src/sandbox/packed-image.ts'
import { agentOf, engine, OPTIONS, observed, ride, WHOLE_SLICE } from './drive.ts'
import { compileAssemblyScript, metered } from './kernel-source.ts'

let build: EngineBuild
beforeAll(async () => {
  build = await engine()
})
const stopOf = (code: string, options = OPTIONS) => ride(build, code, { options }).stop
const SMALL = { ...OPTIONS, memoryBytesMax: 8 * 1024 * 1024, fuelMax: 3n * 10n ** 8n }

describe('fuel', () => {
  it('ends a program that loops for ever, at the very unit, with the reason', () => {
    const result = ride(build, 'for (;;);', { options: { ...OPTIONS, fuelMax: 5_000_000n } })
    expect(result.stop).toEqual({ kind: 'failed', code: 'QUOTA', reason: 'fuel: 5000000 used up' })
    expect(result.fuel).toBe(5_000_000n)
  })

  it('is taken for work inside native functions too', () => {
    const cost = (code: string) => ride(build, code).fuel
    expect(cost("'ab,cd'.repeat(1e5).split(',').length")).toBeGreaterThan(1_000_000n)
  })

  it('cannot be caught', () => {
    const code = 'for (;;) { try { for (;;); } catch {} finally { continue } }'
    expect(stopOf(code, { ...OPTIONS, fuelMax: 2_000_000n })).toMatchObject({ code: 'QUOTA' })
  })
})

describe('depth', () => {
  it('gives runaway recursion a RangeError that the program can catch, and it goes on', () => {
    const code =
      'let deepest = 0; function f(n) { deepest = n; f(n + 1) } try { f(1) } catch (e) { console.log(e instanceof RangeError, e.message, deepest > 3000) }'
    expect(ride(build, code).console).toEqual(['true Maximum call stack size exceeded true'])
  })

  const RUNAWAY: Record<string, string> = {
    'plain recursion': 'function f() { f() } f()',
    'sort callbacks': 'function f() { [2, 1].sort(f); return 0 } f()',
    getters: 'const o = { get x() { return this.x } }; o.x',
    constructors: 'class A { constructor() { new A() } } new A()',
    generators: 'function* g() { yield* g() } g().next()',
    'replace callbacks': "function f() { return 'a'.replace(/a/, f) } f()",
    toString: "const o = { toString() { return '' + o } }; '' + o",
    'bound functions': 'let b = () => 1; for (let i = 0; i < 2000; i++) b = b.bind(null); b()',
    proxies: 'let p = {}; for (let i = 0; i < 20000; i++) p = new Proxy(p, {}); p.x',
    'JSON.parse': "JSON.parse('['.repeat(1e5))",
    'JSON.stringify': 'let n = []; for (let i = 0; i < 20000; i++) n = [n]; JSON.stringify(n)',
    flat: 'let n = []; for (let i = 0; i < 20000; i++) n = [n]; n.flat(Infinity)',
    'nested source': "eval('('.repeat(1e5))",
    'nested functions': "eval('(function(){'.repeat(2e4))",
    'regexp nesting': "new RegExp('(?:'.repeat(3e4) + 'a' + ')'.repeat(3e4))",
    'async functions': 'async function f() { await f() } await f()',
    'long chains being freed': 'let l = null; for (let i = 0; i < 2e5; i++) l = { l }; l = null',
  }
  for (const [name, code] of Object.entries(RUNAWAY)) {
    it(`ends ${name} inside the guest: an answer, a RangeError or a failure that names the reason`, () => {
      const stop = stopOf(code)
      if (stop.kind === 'finished') return
      expect(stop).toMatchObject({
        kind: 'failed',
        reason: expect.stringMatching(/^depth: recursion|^(RangeError|SyntaxError|InternalError): /),
      })
    })
  }

  it('refuses a program nested deeper than the parser may go as one that does not load', () => {
    expect(stopOf('['.repeat(5000))).toMatchObject({
      code: 'LOAD',
      reason: 'RangeError: Maximum call stack size exceeded',
    })
  })
})

describe('memory', () => {
  const BOMBS: Record<string, string> = {
    strings: "let s = 'x'; const all = []; for (;;) { s += s.slice(0, 100000) + 'y'; all.push(s + all.length) }",
    buffers: 'const all = []; for (;;) all.push(new ArrayBuffer(1 << 20))',
    objects: 'const all = []; for (;;) all.push({ a: all.length })',
    'a linked list': 'let l = null; for (;;) l = { l }',
    'a Map': 'const m = new Map(); for (;;) m.set(m.size, {})',
    closures: 'const all = []; for (;;) { const n = all.length; all.push(() => n) }',
    globals: 'for (let i = 0; ; i++) globalThis["k" + i] = [i]',
    // Kept: of jobs that find no room the engine loses one without a word, and a loop of nothing else burns fuel instead.
    promises: 'const all = []; for (;;) all.push(Promise.resolve().then(() => {}))',
  }
  for (const [name, code] of Object.entries(BOMBS)) {
    it(`ends a bomb of ${name} with the reason`, () => {
      expect(stopOf(code, SMALL)).toEqual({ kind: 'failed', code: 'QUOTA', reason: 'memory: out of memory' })
    })
  }

  it('running out can be caught, and the program goes on', () => {
    const code =
      'let all = []; try { for (;;) all.push(new ArrayBuffer(1 << 18)) } catch (e) { all = null; console.log(e.name, e.message) }'
    const result = ride(build, code, { options: SMALL })
    expect(result.stop.kind).toBe('finished')
    expect(result.console).toEqual(['InternalError out of memory'])
  })

  it('never exceeds what the agent was given', () => {
    const machine = Machine.start(build, 'const all = []; for (;;) all.push(new ArrayBuffer(1 << 16))', 'null', SMALL)
    machine.run(WHOLE_SLICE)
    expect(machine.memoryBytes).toBeLessThanOrEqual(SMALL.memoryBytesMax)
  })
})

describe('an agent that ends badly', () => {
  it('leaves another one on the same engine alone', () => {
    const good = Machine.start(
      build,
      agentOf('() => { let s = 0; for (let i = 0; i < 100000; i++) s += i; return s }'),
      'null',
      OPTIONS,
    )
    expect(good.run(100_000n).kind).toBe('slice')
    for (const bad of [
      'while (true);',
      'for (const all = []; ; ) all.push(new ArrayBuffer(1 << 18))',
      "JSON.parse('['.repeat(1e5))",
      'throw 1',
    ]) {
      expect(stopOf(bad, { ...SMALL, fuelMax: 20_000_000n }).kind).toBe('failed')
    }
    expect(good.run(WHOLE_SLICE)).toEqual({ kind: 'finished', resultJson: '4999950000' })
  })

  it('says what was thrown, with the place', () => {
    expect(stopOf('\nconst f = () => { throw new TypeError("no such thing") }\nf()')).toEqual({
      kind: 'failed',
      code: 'THROWN',
      reason: expect.stringMatching(/^TypeError: no such thing\n {4}at f \(agent\.js:2:\d+\)/),
    })
    expect(stopOf('throw { odd: 1 }')).toMatchObject({ reason: 'thrown: { odd: 1 }' })
    expect(stopOf('setTimeout(() => { throw new Error("late") }, 5)')).toMatchObject({
      code: 'THROWN',
      reason: expect.stringMatching(/^Error: late/),
    })
  })

  it('says where a program does not parse', () => {
    expect(stopOf('let x = ;')).toMatchObject({ code: 'LOAD', reason: expect.stringMatching(/^SyntaxError: /) })
  })

  it('says why a result has no JSON form', () => {
    for (const body of ['() => 10n', '() => { const o = {}; o.o = o; return o }', '() => ({ $bytes: "x" })']) {
      expect(stopOf(agentOf(body))).toMatchObject({
        code: 'UNENCODABLE',
        reason: expect.stringMatching(/^the result has no JSON form: TypeError/),
      })
    }
  })
})

describe('a rejection nobody handles', () => {
  it('is printed at the end of the turn, also after hops', () => {
    const code = `Promise.reject(new TypeError('lost')); const late = Promise.reject(1); let n = 0
      for (let i = 0; i < 20000; i++) n += i
      late.catch(() => {}); setTimeout(() => console.log('on it goes'), 5)`
    const expected = [expect.stringMatching(/^unhandled rejection: TypeError: lost/), 'on it goes']
    expect(ride(build, code).console).toEqual(expected)
    expect(observed(ride(build, code, { slice: () => 10_007n }))).toEqual(observed(ride(build, code)))
  })
})

describe('what leaves an agent', () => {
  it('is cut where it floods the console, and says so', () => {
    const machine = Machine.start(
      build,
      `for (let i = 0; i < ${CONSOLE_LINES_MAX + 5}; i++) console.log('x'.repeat(${CONSOLE_TEXT_MAX + 1}))`,
      'null',
      OPTIONS,
    )
    machine.run(WHOLE_SLICE)
    const lines = machine.takeConsole()
    expect(lines).toHaveLength(CONSOLE_LINES_MAX + 1)
    expect(lines[0]?.text).toHaveLength(CONSOLE_TEXT_MAX + `… (${CONSOLE_TEXT_MAX + 1} characters)`.length)
    expect(lines.at(-1)?.text).toMatch(/^5 lines dropped/)
  })

  it('is refused where it makes calls without number', () => {
    const code = agentOf(
      `async () => { const all = []; for (let i = 0; i < ${PENDING_CALLS_MAX + 1}; i++) all.push(__sojourn.call('x', i)); return all.at(-1).catch((e) => e.code + ' ' + e.message) }`,
    )
    expect(stopOf(code)).toEqual({
      kind: 'finished',
      resultJson: `"QUOTA calls without an answer > PENDING_CALLS_MAX ${PENDING_CALLS_MAX}"`,
    })
  })
})

describe('an image is one that every host reads', () => {
  const thawed = (code: string, options = OPTIONS): Machine => {
    const machine = Machine.start(build, code, 'null', options)
    expect(machine.run(100_000_000n).kind).toBe('slice')
    return Machine.thaw(build, readImage(packImage(machine.freeze()).packed), options)
  }
  const calls = (count: number): string =>
    `for (let i = 0; i < ${count}; i++) __sojourn.call('x', i).catch(() => {}); for (;;);`

  it('with as many calls as one turn may make', () => {
    expect(thawed(calls(INBOX_MAX)).pendingCalls).toHaveLength(PENDING_CALLS_MAX)
  })

  it('or the program has ended, where it makes one more', () => {
    const reason = `memory: calls in one turn > INBOX_MAX ${INBOX_MAX}`
    expect(stopOf(calls(INBOX_MAX + 1))).toEqual({ kind: 'failed', code: 'QUOTA', reason })
  })

  it('however long the names are that it gives to instances of a kernel', async () => {
    const options = { ...OPTIONS, kernels: new Map([['k', metered(await compileAssemblyScript())]]) }
    const code = `__sojourn.kernelOpen('k', 'i'.repeat(128), 0)
      try { __sojourn.kernelOpen('k', 'i'.repeat(129), 0) } catch (e) { console.log(e.code, e.message) } for (;;);`
    const machine = Machine.start(build, code, 'null', options)
    machine.run(100_000_000n)
    expect(machine.takeConsole().map((line) => line.text)).toEqual(['INVALID kernel instance length 129 > 128'])
    thawed(code, options)
  })
})

describe('an agent that bends its own world', () => {
  const machineOf = (code: string): Machine => Machine.start(build, code, 'null', OPTIONS)

  it.each(['NaN', 'Infinity', '0.5', '1e300', '-1e300'])('sets no timer for a time that never comes: %s', (delay) => {
    const code = `Math.min = () => ${delay}; const every = setInterval(() => { clearInterval(every); console.log('woke') }, 5)`
    const machine = machineOf(code)
    const stop = machine.run(WHOLE_SLICE)
    const wakeMs = stop.kind === 'idle' ? (stop.wakeMs ?? 0) : 0
    expect(wakeMs).toBeGreaterThan(machine.clockMs)
    expect(Number.isSafeInteger(wakeMs)).toBe(true)
    const moved = Machine.thaw(build, machine.freeze(), OPTIONS)
    moved.run(WHOLE_SLICE)
    moved.advanceTo(wakeMs)
    expect(moved.run(WHOLE_SLICE).kind).toBe('finished')
    expect(moved.takeConsole().map((line) => line.text)).toEqual(['woke'])
  })

  it.each(['NaN', 'Infinity'])('draws from some seed where it gives none: %s', (seed) => {
    expect(machineOf(`__sojourn.seedRandom(${seed}); Math.random()`).run(WHOLE_SLICE).kind).toBe('finished')
  })
})
