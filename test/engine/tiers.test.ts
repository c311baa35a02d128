import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../src/base/random.ts'
import type { Delivery } from '../../src/engine/image.ts'
import { type EngineBuild, Machine, type MachineOptions } from '../../src/engine/machine.ts'
import type { Restartable } from '../../src/engine/restart-point.ts'
import { Tiering } from '../../src/engine/tiering.ts'
import { engine, OPTIONS, WHOLE_SLICE } from './drive.ts'
import { compileAssemblyScript, metered } from './kernel-source.ts'

let build: EngineBuild
let kernels: MachineOptions['kernels']
beforeAll(async () => {
  build = await engine()
  kernels = new Map([['k', metered(await compileAssemblyScript())]])
}, 60_000)

interface Plan {
  readonly tier: 'plain' | 'movable' | 'auto'
  readonly slice?: () => bigint
  /** Whether to thaw in a fresh instance after a slice. */
  readonly hops?: () => boolean
  readonly plainTurnFuel?: bigint
  readonly withKernels?: boolean
  /** Where it is thawed the n-th time; `tier` where nothing is said. */
  readonly nextTier?: (n: number) => Plan['tier']
}

/** The host of these programs answers when nothing else can happen, each call with its own arguments, 'no' with a refusal. */
function live(code: string, { tier, slice, hops, plainTurnFuel, withKernels, nextTier }: Plan) {
  let options: MachineOptions = {
    ...OPTIONS,
    tier,
    ...(plainTurnFuel === undefined ? {} : { plainTurnFuel }),
    ...(withKernels ? { kernels } : {}),
  }
  let machine = Machine.start(build, code, 'null', options)
  const console: string[] = []
  const calls: string[] = []
  const asked = new Map<number, Delivery['outcome']>()
  let [promotions, onPlain, onMovable, thaws] = [0, 0, 0, 0]
  for (;;) {
    const stop = machine.run(slice?.() ?? WHOLE_SLICE)
    if (machine.tier === 'plain') onPlain++
    else onMovable++
    console.push(...machine.takeConsole().map((line) => line.text))
    for (const { request, name, argsJson } of machine.takeCalls()) {
      if (!asked.has(request)) calls.push(`${request} ${name} ${argsJson}`)
      const refused = { ok: false, code: 'DENIED', reason: argsJson } as const
      asked.set(request, name === 'no' ? refused : { ok: true, valueJson: argsJson })
    }
    if (stop.kind === 'finished' || stop.kind === 'failed') {
      promotions += machine.promotions
      const { fuelUsed, clockMs } = machine
      const stateHash = stop.kind === 'failed' ? null : machine.stateHash()
      const seen = { stop, console, calls, fuelUsed, clockMs, stateHash }
      return { seen, promotions, onPlain, onMovable }
    }
    if (hops?.()) {
      promotions += machine.promotions
      options = { ...options, tier: nextTier?.(thaws++) ?? tier }
      machine = Machine.thaw(build, machine.freeze(), options)
    }
    if (stop.kind !== 'idle') continue
    const next = machine.awaitedRequest ?? machine.pendingCalls[0]?.request
    const outcome = next === undefined ? undefined : asked.get(next)
    if (next !== undefined && outcome !== undefined) machine.deliver({ request: next, outcome })
    else if (stop.wakeMs !== null) machine.advanceTo(stop.wakeMs)
  }
}

const busy = (n: number): string => `for (let i = 0; i < ${n}; i++) x = (x * 31 + i) % 1000003`
/** Everything that a turn can do before it turns out to be long. */
const LIVES: Record<string, string> = {
  'timers, calls and console before a long turn': `let x = 1
    const order = []
    for (let i = 0; i < 6; i++) setTimeout(() => { order.push('t' + i + '@' + Date.now()); console.log('timer', i, Date.now()); ${busy(1500)} }, i)
    const every = setInterval(() => { console.log('every', order.length); if (order.length > 8) clearInterval(every) }, 2)
    for (let round = 0; round < 12; round++) {
      order.push((await __sojourn.call('echo', round)) + '@' + Date.now())
      console.log('round', round, Math.random())
      if (round % 4 === 3) { ${busy(60_000)} }
    }
    console.log(order.join(' '), x, performance.now())`,
  'answers that arrive while turns are run again': `let x = 1
    const ask = async (n) => { const back = await __sojourn.call(n % 3 ? 'echo' : 'no', { n }).catch((e) => e.code + e.message); ${busy(4_000)}; console.log(JSON.stringify(back), x) }
    await Promise.all(Array.from({ length: 15 }, (_, n) => ask(n)))
    ${busy(50_000)}; console.log(x)`,
  'rejections that are said later': `let x = 1
    for (let i = 0; i < 5; i++) { Promise.reject(new Error('alone ' + i)); const late = Promise.reject(i); ${busy(12_000)}; await null; late.catch(() => console.log('late', i)); await new Promise((r) => setTimeout(r, 1)) }
    console.log(x)`,
  'memory that grows in a turn which is run again': `let x = 1
    const kept = []
    for (let i = 0; i < 6; i++) { kept.push(new Uint8Array(300_000 + i).fill(i)); await null; kept.push('s'.repeat(40_000) + i); ${busy(9_000)} }
    console.log(kept.map((one) => one.length).join(' '), x)`,
  'synchronous calls from short turns': `let x = 1
    for (let i = 0; i < 8; i++) {
      ${busy(700)}
      console.log([3, 1, 2].sort((a, b) => (i % 2 ? __sojourn.callSync('echo', a) : a) - b).join(''))
      try { if (i === 5) __sojourn.callSync('no', i) } catch (e) { console.log(e.code) }
      await new Promise((r) => setTimeout(r, 3))
    }
    console.log(x)`,
  'an end in the middle of a turn that goes on': `let x = 1
    globalThis.__agent = async () => { for (let i = 0; i < 5; i++) { await null; ${busy(500)} } Promise.resolve().then(() => { ${busy(30_000)} }); return x }`,
  'a clock that goes on between short turns and a long one': `let x = 1; const at = []
    const sleep = (ms) => new Promise((r) => setTimeout(r, ms))
    for (let i = 0; i < 5; i++) { await sleep(7); at.push(Date.now()); await sleep(70); at.push(Date.now()); ${busy(20_000)} }
    console.log(at.join(), x)`,
  'a failure after a long turn': `let x = 1; ${busy(40_000)}; await null; console.log('before'); (void 0).boom`,
  'functions nested deeper in the source than the plain build’s native stack': `let x = 1; ${'(function () {'.repeat(90)}x++${'})()'.repeat(90)}
    await null; ${busy(60_000)}; console.log(x)`,
  'a text that ends its function early, and goes deep as a script': `}); console.log('script', Math.random()); __sojourn.call('echo', 1); setTimeout(() => console.log('timer'), 1)
    const f = (n) => (n ? f(n - 1) + 1 : 0); console.log(f(2500)); (async function () { let x = 1; await null; ${busy(60_000)}; console.log(x)`,
  'a recursion without end, caught': `let x = 1; const f = (n) => f(n + 1) + 1
    for (let i = 0; i < 3; i++) { try { f(0) } catch (e) { console.log(e.name) } await null } ${busy(30_000)}; console.log(x)`,
}
/** A function of an instance of the kernel, by name. */
const OPEN_K = `const id = __sojourn.kernelOpen('k', '', 0)
    const k = (f, ...a) => __sojourn.kernelCall(id, __sojourn.kernels().k.indexOf(f), ...a)`
const KERNEL_LIVES: Record<string, string> = {
  'kernels between short turns': `let x = 1
    ${OPEN_K}
    for (let i = 0; i < 5; i++) { await null; ${busy(800)}; console.log(k('fib', 8 + i), k('sieve', 3000 + i)); try { k('nope') } catch (e) { console.log(e.message) } await new Promise((r) => setTimeout(r, 1)); ${busy(9_000)} }
    console.log(x)`,
  'a kernel in a comparator, long and short': `${OPEN_K}
    for (let i = 0; i < 4; i++) { await null; console.log([3, 1, 2].sort((a, b) => (k('wave', 10 + i * i * i * 300), a - b)).join('')) }`,
}

function alike(name: string, code: string, withKernels = false): void {
  const reference = live(code, { tier: 'movable', withKernels })
  expect(reference.promotions).toBe(0)
  const same = (plan: Plan, what: string) => {
    const run = live(code, { ...plan, withKernels })
    expect(run.seen, `${name}: ${what}`).toEqual(reference.seen)
    return run
  }
  same({ tier: 'plain' }, 'plain')
  same({ tier: 'plain', slice: () => 20_011n, hops: () => true }, 'plain, frozen where it can be')
  same({ tier: 'auto' }, 'auto in one piece')
  const nextTier = (n: number) => (['plain', 'auto', 'movable'] as const)[n % 3] ?? 'auto'
  same({ tier: 'movable', slice: () => 30_011n, hops: () => true, nextTier }, 'from tier to tier, hop by hop')
  let promotions = 0
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed)
    const slice = () => BigInt(1 + integerBelow(random, 60_000))
    const plan = { tier: 'auto', slice, plainTurnFuel: BigInt([1, 7_000, 40_000][seed - 1] ?? 1) } as const
    promotions += same(
      { ...plan, hops: () => integerBelow(random, 3) === 0 },
      `auto, frozen at random (seed ${seed})`,
    ).promotions
    promotions += same(plan, `auto, sliced (seed ${seed})`).promotions
  }
  expect(promotions, `${name} was promoted`).toBeGreaterThan(0)
}

describe('plain, movable and auto give the same words, fuel, clock and state', () => {
  const folder = new URL('../programs/', import.meta.url)
  for (const file of readdirSync(folder).sort())
    it(file, () => alike(file, readFileSync(new URL(file, folder), 'utf8')))
  for (const [name, code] of Object.entries(LIVES)) it(name, () => alike(name, code))
  for (const [name, code] of Object.entries(KERNEL_LIVES)) it(name, () => alike(name, code, true))
})

describe('the policy', () => {
  const turns = (count: number, long: number, every: number): string => `let x = 1
    for (let n = 1; n <= ${count}; n++) { await new Promise((r) => setTimeout(r, 1)); for (let i = 0; i < (n % ${every} ? 500 : ${long}); i++) x = (x * 31 + i) % 1000003 }
    console.log(x)`

  it('keeps an agent of short turns on the plain build', () => {
    const run = live(turns(200, 500, 2), { tier: 'auto', slice: () => 250_000n })
    expect(run.promotions).toBe(0)
    expect(run.onMovable).toBe(0)
  })

  it('promotes each long turn of an agent whose short ones pay for it, and comes back', () => {
    const run = live(turns(1_600, 120_000, 200), { tier: 'auto', slice: () => 250_000n })
    expect(run.promotions).toBe(8)
    expect(run.onPlain).toBeGreaterThan(1_000)
  })

  it('backs off from an agent whose every turn is long', () => {
    const run = live(turns(60, 60_000, 1), { tier: 'auto', slice: () => 250_000n })
    expect(run.promotions).toBeGreaterThan(0)
    expect(run.promotions).toBeLessThan(12)
  })

  it('leaves an agent with a large memory on the movable build', () => {
    const code = `const all = []; for (let i = 0; i < 8; i++) { all.push(new Uint8Array(1_000_000).fill(i)); await null } ${turns(50, 500, 2)}`
    const run = live(code, { tier: 'auto', slice: () => 250_000n })
    expect(run.onMovable).toBeGreaterThan(40)
  })

  it('never runs a turn twice that the outside has seen the words of, without giving the same words', () => {
    const machine = Machine.start(build, turns(30, 90_000, 30), 'null', { ...OPTIONS, tier: 'auto' })
    for (let stop = machine.run(250_000n); stop.kind !== 'finished'; stop = machine.run(250_000n)) {
      if (stop.kind === 'idle' && stop.wakeMs !== null) machine.advanceTo(stop.wakeMs)
      expect(stop.kind).not.toBe('failed')
    }
    expect(machine.promotions).toBe(1)
  })

  it('takes a host’s own stack that overflows as a reason to promote, whatever the host calls it', () => {
    const plain = new Tiering({ twin: { tier: 'plain' } } as Restartable, 'auto', 1n)
    expect(plain.canPromote(new RangeError('Maximum call stack size exceeded'))).toBe(true)
    expect(plain.canPromote(Object.assign(new Error('too much recursion'), { name: 'InternalError' }))).toBe(true)
    expect(plain.canPromote(new Error('anything else'))).toBe(false)
  })

  it('is not the machine’s where only the movable build was loaded', () => {
    const alone: EngineBuild = { ...build, modules: { ...build.modules, plain: null } }
    const machine = Machine.start(alone, 'console.log(1)', 'null', { ...OPTIONS, tier: 'plain' })
    expect(machine.tier).toBe('movable')
    expect(machine.run(WHOLE_SLICE).kind).toBe('finished')
  })
})
