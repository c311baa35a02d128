import { MUTANTS } from './mutants.ts'
import { hunt, type Outcome } from './mutation.ts'

/**
 * `npm run mutants`: breaks one rule of the hand-over at a time and says which oracle notices, under which seed. `--name
 * TEXT`: those whose name has it. `--json`: one line each, and a sum.
 */
const HELP = `usage: npm run mutants -- [--name TEXT] [--json]
  e.g. npm run mutants -- --name 'RUN before' shows what notices an agent that runs before its certificate`

const given = process.argv.slice(2)
const named = given.includes('--name') ? (given[given.indexOf('--name') + 1] ?? '') : ''
const isJson = given.includes('--json')

function tell({ mutant, caughtBy, seed, text }: Outcome): void {
  const { name, oracle } = mutant
  if (isJson) console.log(JSON.stringify({ name, oracle, caughtBy, seed, text }))
  else console.log(`${(caughtBy ?? 'NOBODY').padEnd(18)} ${oracle.padEnd(9)} seed ${String(seed).padEnd(3)} ${name}`)
}

if (given.includes('--help')) console.log(HELP)
else {
  const chosen = MUTANTS.filter(({ name }) => name.includes(named))
  if (!isJson) console.log(`${'noticed by'.padEnd(18)} oracle    when       the rule that is broken`)
  let caught = 0
  for (const mutant of chosen) {
    const outcome = await hunt(mutant)
    if (outcome.caughtBy !== null) caught += 1
    tell(outcome)
  }
  console.log(
    isJson
      ? JSON.stringify({ ok: caught === chosen.length, caught, of: chosen.length })
      : `${caught} of ${chosen.length} noticed`,
  )
  process.exitCode = caught === chosen.length ? 0 : 1
}
