import { BROKEN, type Configuration, HARMLESS, LYING, SOUND } from './configurations.ts'
import { type Search, search } from './search.ts'

/**
 * `npm run model`: all searches of the hand-over's model, as a table. `--quick`: what `npm test` runs. `--traces`: the
 * shortest trace to each violation. `--name TEXT`: those whose name has it. `--json`: one line a search, and one at the end.
 */
const HELP = `usage: npm run model -- [--quick] [--traces] [--name TEXT] [--json]
  e.g. npm run model -- --name fenced --traces   shows what happens when the log is not fenced`

const GROUPS: readonly (readonly [string, readonly Configuration[]])[] = [
  ['as decided', SOUND],
  ['one rule broken', BROKEN],
  ['broken, and safe', HARMLESS],
  ['one witness lies', LYING],
]

const given = process.argv.slice(2)
const has = (flag: string): boolean => given.includes(flag)
const named = has('--name') ? (given[given.indexOf('--name') + 1] ?? '') : ''

if (has('--help')) console.log(HELP)
else process.exitCode = run() ? 0 : 1

function run(): boolean {
  let ok = true
  for (const [group, configurations] of GROUPS) {
    const chosen = configurations.filter(({ name, quick }) => name.includes(named) && (quick || !has('--quick')))
    if (chosen.length > 0 && !has('--json'))
      console.log(
        `\n${group}\n  ${'states'.padStart(9)} ${'edges'.padStart(10)} depth healed  whole  CPU s  search: what was found`,
      )
    for (const configuration of chosen) {
      const before = process.cpuUsage().user
      const found = search(configuration.rules, { first: group === 'one rule broken' })
      const seconds = (process.cpuUsage().user - before) / 1e6
      const isRight = isExpected(group, configuration, found)
      ok &&= isRight
      say(group, configuration, found, seconds, isRight)
    }
  }
  if (has('--json')) console.log(JSON.stringify({ ok }))
  return ok
}

function isExpected(group: string, configuration: Configuration, { violations, complete }: Search): boolean {
  const found = [...violations.keys()]
  if (group === 'one rule broken') {
    const { caughtBy } = configuration as (typeof BROKEN)[number]
    return found.some((name) => name.startsWith(caughtBy))
  }
  if (group !== 'one witness lies') return found.length === 0 && complete
  const { falls } = configuration as (typeof LYING)[number]
  return complete && falls.every((name) => found.includes(name)) && found.every((name) => falls.includes(name))
}

function say(group: string, { name, rules }: Configuration, found: Search, seconds: number, isRight: boolean): void {
  const { states, edges, depth, complete, healed, violations, evidence } = found
  if (has('--json')) {
    console.log(
      JSON.stringify({
        group,
        name,
        rules,
        states,
        edges,
        depth,
        healed,
        complete,
        seconds,
        ok: isRight,
        violations: Object.fromEntries(violations),
        evidence: Object.fromEntries(evidence),
      }),
    )
    return
  }
  const numbers = `${String(states).padStart(9)} ${String(edges).padStart(10)} ${String(depth).padStart(5)} ${String(healed).padStart(6)}  ${complete ? 'yes  ' : 'no   '} ${seconds.toFixed(1).padStart(6)}`
  const first = [...violations].map(([violated, trace]) => `${violated} in ${trace.length} steps`).join('; ')
  console.log(`  ${numbers}  ${isRight ? '' : 'WRONG '}${name}: ${first || 'nothing'}`)
  for (const [violated, { votes, promises }] of evidence)
    console.log(
      `${' '.repeat(50)}${violated}: convicted by two votes: ${votes ? 'yes' : 'no'}; by a signed promise: ${promises ? 'yes' : 'no'}`,
    )
  if (!has('--traces')) return
  for (const [violated, trace] of violations) {
    console.log(`      ${violated}`)
    for (const step of trace) console.log(`        ${step}`)
  }
}
