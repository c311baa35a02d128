/** docs/CONFORMANCE.md: each run replaces its own section, between two marks, and leaves the others as they are. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { packageRoot } from '../platform/node/engine-files.ts'
import type { LongRun } from './long.ts'
import type { Place } from './place.ts'
import type { LanguageRun } from './test262.ts'
import type { Verdict } from './tour.ts'

const FILE = 'docs/CONFORMANCE.md'

export async function writeSection(name: string, text: string): Promise<void> {
  const path = join(packageRoot(), FILE)
  const before = await readFile(path, 'utf8')
  await writeFile(path, putSection(before, name, text))
}

export function putSection(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${FILE} has no section ${name}`)
  return `${document.slice(0, from + begin.length)}\n${text.trim()}\n${document.slice(to)}`
}

/** How a section was made: it stands above the section's figures. */
function provenance(places: readonly Place[]): string {
  const day = new Date().toISOString().slice(0, 10)
  const command = ['npm run conformance', ...process.argv.slice(2)]
    .join(' ')
    .replace('conformance -', 'conformance -- -')
  const realms = places.map(({ realm }) => realm.version).join(', ')
  return `\`${command}\` on ${day}: engine ${places[0]?.engineId.slice(0, 16)}; ${realms}.`
}

export function toursSection(verdicts: readonly Verdict[], places: readonly Place[]): string {
  const all = verdicts.flatMap(({ tours }) => tours)
  const hops = all.reduce((sum, { freezes }) => sum + freezes, 0)
  const different = verdicts.filter(({ difference }) => difference !== null).length
  const rows = verdicts.map((verdict) => {
    const { tours } = verdict
    const sum = (pick: (tour: Verdict['tours'][number]) => number) =>
      tours.reduce((total, tour) => total + pick(tour), 0)
    const counts = tours.map(({ freezes }) => freezes).join(' + ')
    return [
      verdict.program,
      verdict.fuel.toLocaleString('en'),
      ...places.map(() => (verdict.difference === null ? '=' : '≠')),
      counts,
      sum(({ midTurn }) => midTurn),
      sum(({ inKernel }) => inKernel),
      verdict.difference ?? 'none',
    ]
  })
  const heads = [
    'program',
    'fuel',
    ...places.map(({ name }) => name),
    'freezes',
    'in a turn',
    'in a kernel',
    'difference',
  ]
  return [
    provenance(places),
    '',
    `**${verdicts.length} programs, ${hops.toLocaleString('en')} freezes, ${different} differences.**`,
    '',
    table(heads, rows),
  ].join('\n')
}

export function longSection(run: LongRun, places: readonly Place[]): string {
  const count = (number: number | bigint): string => number.toLocaleString('en')
  return [
    provenance(places),
    '',
    `A program of ${count(run.fuel)} fuel, which took ${run.seconds.toFixed(1)} s in one piece in Node on this machine, was`,
    `frozen at ${count(run.freezes)} points of its fuel drawn at random (seed ${run.seed}), ${count(run.midTurn)} of them in the middle`,
    `of a turn, and went on at the next place in turn each time: **difference: ${run.difference ?? 'none'}**, at no freeze and`,
    'not at the end.',
  ].join('\n')
}

export function languageSection(run: LanguageRun, places: readonly Place[]): string {
  const rate = ((100 * run.passed) / Math.max(1, run.run)).toFixed(2)
  const left = [...run.skipped].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason} ${count}`)
  return [
    provenance(places),
    '',
    `${run.run} programs, **${run.passed} passed (${rate} %)** in one piece; ${run.freezes} freezes, **${run.differences} differences**`,
    'made by hopping.',
    '',
    `Files left out: ${left.join(', ') || 'none'}.`,
  ].join('\n')
}

const table = (heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
