/**
 * `npm run conformance [-- OPTIONS]`: programs straight in every realm, then hopping from realm to realm. Progress on
 * stderr; exit code 1 on any difference. `--write` puts what came out into docs/CONFORMANCE.md.
 *
 *     --only NAME             programs whose names have this in them
 *     --realms node,firefox   instead of all that are here
 *     --freezes 1,7,50,300    about so many freezes of each program
 *     --json                  one line a program on stdout
 *     --long                  one long program, frozen at --freezes (1000) random points from --seed
 *     --cpu arm64             between this processor and another one, under emulation
 *     --test262               the language tests in TEST262_DIR; --only narrows by a part of their paths
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { longProgram, runLong } from './long.ts'
import { CPU_NAMES, type CpuName } from './other-cpu.ts'
import type { Place } from './place.ts'
import { isHere, openPlaces, REALM_NAMES, type RealmName } from './places.ts'
import { type ConformanceProgram, readPrograms } from './programs.ts'
import { languageSection, longSection, toursSection, writeSection } from './report.ts'
import { readLanguageTests, runLanguageTests } from './test262.ts'
import { conform, type Verdict } from './tour.ts'

/** Programs under way at once: while one is on its way, another runs. */
const PROGRAMS_AT_ONCE = 3
const FREEZES = '1,7,50,300'
const LONG_FREEZES = '1000'
/** Some twenty seconds of an otherwise idle machine. */
const LONG_ROUNDS = 2_500
/** What could differ by processor: numbers, bytes, text, kernels, and the shapes of a suspended program. */
const CPU_PROGRAMS = [
  'async-generators',
  'bigint-arithmetic',
  'dataview-and-buffers',
  'errors-and-stacks',
  'kernel-frozen',
  'math-bit-exact',
  'nested-loops',
  'numbers-formatting',
  'recursion',
  'recursion-deep',
  'sort-comparator',
  'strings-unicode',
  'try-finally-hop',
  'typed-arrays-all',
]
const CPU_FREEZES = '1,7'
/** Most language tests are over before many freezes fall into them. */
const LANGUAGE_FREEZES = '1,5'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    realms: { type: 'string', default: REALM_NAMES.join() },
    freezes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    cpu: { type: 'string' },
    test262: { type: 'boolean', default: false },
  },
})

const say = (text: string): void => void process.stderr.write(`${text}\n`)

function oneOf<Name extends string>(what: string, names: readonly Name[], asked: readonly string[]): Name[] {
  const unknown = asked.filter((name) => !names.some((one) => one === name))
  if (unknown.length > 0) throw new Error(`there is no ${what} ${unknown.join()}; there are ${names.join(', ')}`)
  return names.filter((name) => asked.includes(name))
}

function chosenRealms(): RealmName[] {
  const chosen = oneOf('realm', REALM_NAMES, values.realms.split(','))
  for (const name of chosen) if (!isHere(name)) say(`skipped: no ${name} on this machine`)
  return chosen.filter(isHere)
}

async function withPlaces<T>(
  names: readonly (RealmName | CpuName)[],
  work: (places: Place[]) => Promise<T>,
): Promise<T> {
  const places = await openPlaces(names, say)
  for (const { realm } of places) say(`${realm.name}: ${realm.version}`)
  try {
    return await work(places)
  } finally {
    await Promise.all(places.map(({ realm }) => realm.close()))
  }
}

async function runAll(
  places: readonly Place[],
  programs: readonly ConformanceProgram[],
  counts: string,
): Promise<Verdict[]> {
  const freezes = (values.freezes ?? counts).split(',').map(Number)
  const left = programs.entries()
  const verdicts: Verdict[] = []
  const worker = async (): Promise<void> => {
    for (const [i, program] of left) {
      const verdict = await conform(program, places, freezes)
      verdicts[i] = verdict
      const hops = verdict.tours.reduce((sum, tour) => sum + tour.freezes, 0)
      say(`${program.name.padEnd(32)} ${String(hops).padStart(5)} freezes  ${verdict.difference ?? 'identical'}`)
      if (values.json) print({ ...verdict, console: verdict.console.length })
    }
  }
  await Promise.all(Array.from({ length: PROGRAMS_AT_ONCE }, worker))
  const hops = verdicts.flatMap(({ tours }) => tours).reduce((sum, one) => sum + one.freezes, 0)
  const different = verdicts.filter(({ difference }) => difference !== null)
  say(`${verdicts.length} programs, ${hops} freezes, ${different.length} differences`)
  return verdicts
}

function print(line: object): void {
  const json = JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? Number(value) : value))
  process.stdout.write(`${json}\n`)
}

async function chosenPrograms(): Promise<ConformanceProgram[]> {
  const programs = await readPrograms(values.only ?? null)
  if (programs.length === 0) throw new Error(`there is no program ${values.only}`)
  return programs
}

const allEqual = (verdicts: readonly Verdict[]): boolean => verdicts.every(({ difference }) => difference === null)

async function tours(): Promise<boolean> {
  const programs = await chosenPrograms()
  return withPlaces(chosenRealms(), async (places) => {
    const verdicts = await runAll(places, programs, FREEZES)
    if (values.write) await writeSection('programs', toursSection(verdicts, places))
    return allEqual(verdicts)
  })
}

async function otherCpu(asked: string): Promise<boolean> {
  const names = oneOf('processor', CPU_NAMES, [asked])
  const all = await chosenPrograms()
  const programs = values.only === undefined ? all.filter(({ name }) => CPU_PROGRAMS.includes(name)) : all
  return withPlaces(['node', ...names], async (places) => {
    const verdicts = await runAll(places, programs, CPU_FREEZES)
    if (values.write) await writeSection(`cpu ${asked}`, toursSection(verdicts, places))
    return allEqual(verdicts)
  })
}

async function long(): Promise<boolean> {
  const freezes = Number(values.freezes ?? LONG_FREEZES)
  return withPlaces(chosenRealms(), async (places) => {
    const run = await runLong(longProgram(LONG_ROUNDS), places, freezes, Number(values.seed), (done) =>
      say(`${done} of ${freezes} freezes`),
    )
    say(`${run.freezes} freezes (seed ${run.seed}): ${run.difference ?? 'identical'}`)
    if (values.json) print(run)
    if (values.write) await writeSection('long', longSection(run, places))
    return run.difference === null
  })
}

async function language(): Promise<boolean> {
  const folder = process.env.TEST262_DIR
  if (!folder) throw new Error('TEST262_DIR is not set: the folder of a copy of test262')
  const { tests, skipped } = await readLanguageTests(folder, values.only ?? null)
  const freezes = (values.freezes ?? LANGUAGE_FREEZES).split(',').map(Number)
  return withPlaces(chosenRealms(), async (places) => {
    const run = await runLanguageTests(tests, skipped, places, freezes, (test, passed, { difference }) => {
      if (difference !== null) say(`${test}: ${difference}`)
      if (values.json) print({ test, passed, difference })
    })
    say(`${run.passed} of ${run.run} passed, ${run.freezes} freezes, ${run.differences} differences`)
    if (values.write) await writeSection('test262', languageSection(run, places))
    return run.differences === 0
  })
}

async function main(): Promise<boolean> {
  if (values.test262) return language()
  if (values.long) return long()
  return values.cpu === undefined ? tours() : otherCpu(values.cpu)
}

try {
  process.exit((await main()) ? 0 : 1)
} catch (error) {
  say(`conformance: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(2)
}
