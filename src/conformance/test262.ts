/**
 * The language's own conformance suite as programs: https://github.com/tc39/test262/blob/main/INTERPRETING.md. A copy of it
 * is given by its folder; each test becomes one program, or two (sloppy and strict). What the platform leaves out on
 * purpose is skipped by the list below, with its reason counted.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Place } from './place.ts'
import { type ConformanceProgram, programOf } from './programs.ts'
import { conform, type Verdict } from './tour.ts'

export interface LanguageTest {
  readonly program: ConformanceProgram
  /** Its last line decides: see `passes`. */
  readonly isAsync: boolean
}

export interface LanguageTests {
  readonly tests: readonly LanguageTest[]
  /** How many files were left out, by reason. */
  readonly skipped: ReadonlyMap<string, number>
}

/** Features that an agent has not, or that tests of it need a host for that it has not. */
const LACKING: readonly string[] = [
  'Atomics',
  'FinalizationRegistry',
  'IsHTMLDDA',
  'SharedArrayBuffer',
  'ShadowRealm',
  'Temporal',
  'WeakRef',
  'caller',
  'cross-realm',
  'decorators',
  'dynamic-import',
  'host-gc-required',
  'import-attributes',
  'import-defer',
  'import.meta',
  'json-modules',
  'source-phase-imports',
  'tail-call-optimization',
  'top-level-await',
]
/** Flags of tests that are no scripts, or that need threads. */
const OTHER_FLAGS: readonly string[] = ['module', 'CanBlockIsFalse', 'CanBlockIsTrue']

/** The tests of `test/language` whose paths have `only` in them. */
export async function readLanguageTests(folder: string, only: string | null): Promise<LanguageTests> {
  const harness = new Map<string, string>()
  const include = async (name: string): Promise<string> => {
    const known = harness.get(name)
    if (known !== undefined) return known
    const text = await readFile(join(folder, 'harness', name), 'utf8')
    harness.set(name, text)
    return text
  }
  const tests: LanguageTest[] = []
  const skipped = new Map<string, number>()
  for await (const path of filesOf(join(folder, 'test/language'))) {
    const name = relative(join(folder, 'test'), path)
    if (!name.endsWith('.js') || name.includes('_FIXTURE') || (only !== null && !name.includes(only))) continue
    const text = await readFile(path, 'utf8')
    const meta = readMeta(text)
    const reason = reasonToSkip(meta)
    if (reason !== null) {
      skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
      continue
    }
    const isAsync = meta.flags.includes('async')
    const isRaw = meta.flags.includes('raw')
    const standard = ['assert.js', 'sta.js', ...(isAsync ? ['doneprintHandle.js'] : [])]
    const names = isRaw ? [] : [...standard, ...meta.includes]
    const before: string[] = []
    for (const one of names) before.push(await include(one))
    for (const [mode, source] of modesOf(meta, text))
      tests.push({ program: programOf(`${name} (${mode})`, programText(before, source, meta.negative)), isAsync })
  }
  return { tests, skipped }
}

async function* filesOf(folder: string): AsyncGenerator<string> {
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) yield* filesOf(join(folder, entry.name))
    else yield join(folder, entry.name)
  }
}

interface Meta {
  readonly flags: readonly string[]
  readonly features: readonly string[]
  readonly includes: readonly string[]
  /** The name of the error that the test must end in, or null. */
  readonly negative: string | null
}

/** The few forms of YAML that the suite's front matter uses: lists in brackets or under dashes, and one nested record. */
function readMeta(text: string): Meta {
  const front = /\/\*---\r?\n([\s\S]*?)---\*\//.exec(text)?.[1] ?? ''
  const list = (key: string): string[] => {
    const inline = new RegExp(`^${key}: *\\[([^\\]]*)\\]`, 'm').exec(front)?.[1]
    const below = new RegExp(`^${key}:[ \\t]*\\r?\\n((?:[ \\t]*-.*\\r?\\n?)+)`, 'm').exec(front)?.[1]
    const items = inline?.split(',') ?? below?.split('\n').map((line) => line.replace(/^\s*-/, '')) ?? []
    return items.map((item) => item.trim()).filter((item) => item !== '')
  }
  const negative = /^negative:\s*\n(?:[ \t]+.*\n)*?[ \t]+type: *(\w+)/m.exec(front)?.[1] ?? null
  return { flags: list('flags'), features: list('features'), includes: list('includes'), negative }
}

function reasonToSkip({ flags, features }: Meta): string | null {
  const flag = OTHER_FLAGS.find((one) => flags.includes(one))
  if (flag !== undefined) return `flag ${flag}`
  const feature = LACKING.find((one) => features.includes(one))
  return feature === undefined ? null : `feature ${feature}`
}

function modesOf({ flags }: Meta, text: string): (readonly [string, string])[] {
  const sloppy = ['sloppy', text] as const
  const strict = ['strict', `"use strict";\n${text}`] as const
  if (flags.includes('raw') || flags.includes('noStrict')) return [sloppy]
  return flags.includes('onlyStrict') ? [strict] : [sloppy, strict]
}

/** A script of an agent is a function's body; a test is a script of its own, so it is evaluated as one. */
const programText = (harness: readonly string[], source: string, negative: string | null): string => `
globalThis.print = (...values) => console.log(...values)
globalThis.$262 = { global: globalThis, evalScript: (text) => (0, eval)(text), detachArrayBuffer: (buffer) => { buffer.transfer() }, gc() {} }
for (const text of ${JSON.stringify(harness)}) (0, eval)(text)
let ended = 'no error'
try { (0, eval)(${JSON.stringify(source)}) } catch (error) { ended = error?.constructor?.name ?? String(error); if (${negative === null}) console.log(String(error?.message)) }
console.log(ended === ${JSON.stringify(negative ?? 'no error')} ? 'ended as it should' : 'ended with ' + ended)`

/** By what it printed, of a program that did not fail. */
function passes({ isAsync }: LanguageTest, lines: readonly string[]): boolean {
  if (!lines.includes('log: ended as it should')) return false
  return !isAsync || lines.includes('log: Test262:AsyncTestComplete')
}

export interface LanguageRun {
  readonly run: number
  readonly passed: number
  readonly freezes: number
  /** Of tests that hopping changed, whether they pass or not. */
  readonly differences: number
  readonly skipped: ReadonlyMap<string, number>
}

/** Programs under way at once. */
const AT_ONCE = 3

/** Every test straight and with hops; what `heard` is told is the straight run's outcome, and what hopping changed of it. */
export async function runLanguageTests(
  tests: readonly LanguageTest[],
  skipped: LanguageTests['skipped'],
  places: readonly Place[],
  freezes: readonly number[],
  heard: (test: string, passed: boolean, verdict: Verdict) => void,
): Promise<LanguageRun> {
  let [passed, hops, differences] = [0, 0, 0]
  const left = tests.values()
  const worker = async (): Promise<void> => {
    for (const test of left) {
      const verdict = await conform(test.program, places, freezes)
      const ok = verdict.ended === 'finished' && passes(test, verdict.console)
      if (ok) passed++
      if (verdict.difference !== null) differences++
      hops += verdict.tours.reduce((sum, tour) => sum + tour.freezes, 0)
      heard(test.program.name, ok, verdict)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return { run: tests.length, passed, freezes: hops, differences, skipped }
}
