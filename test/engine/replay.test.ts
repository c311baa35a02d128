import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type EngineBuild, Machine, type MachineOptions } from '../../src/engine/machine.ts'
import { engine, OPTIONS } from './drive.ts'
import { compileAssemblyScript, metered } from './kernel-source.ts'
import { again, type Done, differenceOf, live, type Plan } from './segments-again.ts'

let build: EngineBuild
let kernels: MachineOptions['kernels']
beforeAll(async () => {
  build = await engine()
  kernels = new Map([['k', metered(await compileAssemblyScript())]])
}, 60_000)

/**
 * Everything a host decides is drawn from the seed: where it stops, freezes, thaws, answers, which build runs. A sweep over
 * more of it: SWEEP_PROGRAMS (a folder), SWEEP_SEEDS, SWEEP_SLICE, SWEEP_ONLY.
 */
const { SWEEP_PROGRAMS, SWEEP_SEEDS, SWEEP_SLICE, SWEEP_ONLY = '' } = process.env
const folder = resolve(SWEEP_PROGRAMS ?? 'test/programs')
/** What the programs of the conformance suite begin with. */
const check = resolve(folder, '..', 'check.js')
const first = existsSync(check) ? readFileSync(check, 'utf8') : ''
const FEW = ['async-timers.js', 'destructuring.js', 'generators.js', 'json.js', 'recursion.js', 'try-finally.js']
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.js') && name.includes(SWEEP_ONLY))
  .filter((name) => SWEEP_PROGRAMS !== undefined || FEW.includes(name))
const seeds = Array.from({ length: Number(SWEEP_SEEDS ?? 1) }, (_, i) => i + 1)

const planOf = (code: string, seed: number, tier: 'auto' | 'movable' | 'plain'): Plan => ({
  code,
  seed,
  sliceMax: Number(SWEEP_SLICE ?? 40_000),
  freezes: 30,
  thaws: 50,
  options: { ...OPTIONS, tier, plainTurnFuel: 20_000n, kernels },
})

function sweep(name: string, code: string): void {
  const differences: string[] = []
  let [segments, midTurn] = [0, 0]
  for (const tier of ['auto', 'movable', 'plain'] as const)
    for (const seed of seeds)
      for (const done of live(build, planOf(code, seed, tier))) {
        segments++
        if (!('kind' in done.end) && done.end.standing !== 'turn') midTurn++
        const difference = differenceOf(done, again(build, code, done))
        if (difference !== null) differences.push(`${tier} ${seed}, until ${JSON.stringify(done.until)}: ${difference}`)
      }
  if (SWEEP_PROGRAMS)
    process.stderr.write(`${name}: ${segments} segments, ${midTurn} end in mid-turn, ${differences.length} differ\n`)
  expect(differences).toEqual([])
}

const busy = (n: number): string => `for (let i = 0; i < ${n}; i++) x = (x * 31 + i) % 1000003`
const LIVES: Record<string, string> = {
  'answers, timers and words between turns short and long': `let x = 1
    const every = setInterval(() => { x += 3; console.log('every', x) }, 4)
    const ask = async (n) => { const back = await __sojourn.call(n % 3 ? 'echo' : 'no', { n }).catch((e) => e.code); ${busy(4_000)}; console.log(JSON.stringify(back), x, Date.now() > 0) }
    await Promise.all(Array.from({ length: 12 }, (_, n) => ask(n)))
    clearInterval(every); ${busy(20_000)}; console.log(x)`,
  'calls that stand in the middle of a sort': `let x = 1
    for (let i = 0; i < 6; i++) {
      ${busy(700)}
      console.log([3, 1, 2].sort((a, b) => (i % 2 ? __sojourn.callSync('echo', a) : a) - b).join(''))
      await new Promise((r) => setTimeout(r, 3))
    }`,
  'kernels that grow, fill, trap and recurse': `const k = __sojourn.kernelOpen('k', '', 0), names = __sojourn.kernels().k
    let x = 1
    const call = (name, n) => { try { console.log(name, __sojourn.kernelCall(k, names.indexOf(name), n)) } catch (e) { console.log(name, e.message) } }
    for (let i = 0; i < 3; i++) { call('sieve', 90_000 + i); call('take', 1); call('divide', i); call('fib', 12); call('deep', 0); ${busy(500)}; await __sojourn.call('echo', i) }`,
  'depth of many segments': `const f = (n) => n === 0 ? 0 : 1 + f(n - 1)
    for (let i = 0; i < 8; i++) { console.log(f(150 * i)); await null }`,
}

describe('segments of a life, done once more from the image before with the inputs alone', () => {
  for (const name of names)
    it(`come to the same roots: ${name}`, () => sweep(name, first + readFileSync(resolve(folder, name), 'utf8')))
  if (!SWEEP_PROGRAMS)
    for (const [name, code] of Object.entries(LIVES)) it(`come to the same roots: ${name}`, () => sweep(name, code))
})

describe('a machine that is looked at', () => {
  it('goes on as if nobody had looked, and one that is frozen does not: frames have holes', () => {
    const code = readFileSync(resolve('test/programs/generators.js'), 'utf8')
    const [not, peek, rest] = (['not', 'peek', 'rest'] as const).map((how) => {
      const machine = Machine.start(build, code, 'null', OPTIONS)
      machine.runTo(60_000n)
      if (how === 'peek') machine.peek()
      if (how === 'rest') machine.rest()
      return Array.from({ length: 8 }, (_, i) => {
        machine.runTo(60_000n + 2_003n * BigInt(i))
        return [...machine.peek().pages].map(([index, bytes]) => `${index}: ${bytes.join()}`).join('\n')
      })
    })
    expect(peek?.every((pages, i) => pages === not?.[i])).toBe(true)
    expect(rest?.every((pages, i) => pages === not?.[i])).toBe(false)
  })

  it('is the same at a mark, whatever other marks there are', () => {
    const code = LIVES['answers, timers and words between turns short and long'] ?? ''
    const [done] = live(build, { ...planOf(code, 3, 'auto'), freezes: 0 }) as [Done]
    const marks = [100_000, 250_000, 400_000, 800_000]
    const all = again(build, code, done, marks)
    expect(differenceOf(done, all)).toBe(null)
    expect(all.shown.length).toBe(marks.length)
    for (const [i, mark] of marks.entries()) {
      const [alone] = again(build, code, done, [mark]).shown
      expect(alone).toEqual(all.shown[i])
      expect(Number(alone?.fuelUsed)).toBeGreaterThan(mark)
    }
  })
})
