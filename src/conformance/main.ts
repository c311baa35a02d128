/**
 * `npm run conformance [-- --only NAME] [--realms node,chromium,firefox] [--freezes 1,7,50,300] [--json] [--write]`: every
 * program straight in every realm, then hopping from realm to realm. Progress on stderr; exit code 1 on any difference.
 * `--write` puts the table into docs/CONFORMANCE.md.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Place } from './place.ts'
import { isHere, openPlaces, REALM_NAMES, type RealmName } from './places.ts'
import { type ConformanceProgram, readPrograms } from './programs.ts'
import { toursSection, writeSection } from './report.ts'
import { conform, type Verdict } from './tour.ts'

/** Programs under way at once: while one is on its way, another runs. */
const PROGRAMS_AT_ONCE = 2
const FREEZES = '1,7,50,300'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    realms: { type: 'string', default: REALM_NAMES.join() },
    freezes: { type: 'string', default: FREEZES },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const say = (text: string): void => void process.stderr.write(`${text}\n`)

function chosenRealms(): RealmName[] {
  const names = values.realms.split(',')
  const unknown = names.filter((name) => !REALM_NAMES.some((one) => one === name))
  if (unknown.length > 0) throw new Error(`there is no realm ${unknown.join()}; there are ${REALM_NAMES.join(', ')}`)
  const chosen = REALM_NAMES.filter((name) => names.includes(name))
  for (const name of chosen) if (!isHere(name)) say(`skipped: no ${name} on this machine`)
  return chosen.filter(isHere)
}

async function runAll(places: readonly Place[], programs: readonly ConformanceProgram[]): Promise<Verdict[]> {
  const freezes = values.freezes.split(',').map(Number)
  const left = programs.entries()
  const verdicts: Verdict[] = []
  const worker = async (): Promise<void> => {
    for (const [i, program] of left) {
      const verdict = await conform(program, places, freezes)
      verdicts[i] = verdict
      const hops = verdict.tours.reduce((sum, tour) => sum + tour.freezes, 0)
      say(`${program.name.padEnd(32)} ${String(hops).padStart(5)} freezes  ${verdict.difference ?? 'identical'}`)
      if (values.json) process.stdout.write(`${jsonOf(verdict)}\n`)
    }
  }
  await Promise.all(Array.from({ length: PROGRAMS_AT_ONCE }, worker))
  return verdicts
}

const jsonOf = (verdict: Verdict): string =>
  JSON.stringify(verdict, (_, value) => (typeof value === 'bigint' ? Number(value) : value))

async function main(): Promise<number> {
  const programs = await readPrograms(values.only ?? null)
  if (programs.length === 0) throw new Error(`there is no program ${values.only}`)
  const places = await openPlaces(chosenRealms())
  try {
    const verdicts = await runAll(places, programs)
    const different = verdicts.filter(({ difference }) => difference !== null)
    const hops = verdicts.flatMap(({ tours }) => tours).reduce((sum, { freezes }) => sum + freezes, 0)
    say(`${verdicts.length} programs, ${hops} freezes, ${different.length} differences`)
    if (values.write) await writeSection('programs', toursSection(verdicts, places))
    return different.length === 0 ? 0 : 1
  } finally {
    await Promise.all(places.map(({ realm }) => realm.close()))
  }
}

try {
  process.exit(await main())
} catch (error) {
  say(`conformance: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(2)
}
