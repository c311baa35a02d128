import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { loadEngine, packageRoot } from '../platform/node/engine-files.ts'
import { type Assignment, BOARD_BYTES, type Found } from './assignment.ts'
import { addToCorpus, readCorpus } from './corpus.ts'
import { HANG_MS } from './limits.ts'
import type { Target } from './target.ts'
import { makeTargets } from './targets.ts'

/**
 * `npm run fuzz [-- --inputs N --seed S --only NAME --keep --json]`: hostile inputs for everything that reads a stranger's
 * bytes, N in all, more of them where they are cheap. `--keep` adds inputs that were judged as none before to the corpora in
 * test/fuzz/corpus. `--replay FILE --only NAME` judges one input again. Exit code 1 when one crashed, hung, grew or got through.
 */
const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => void process.stderr.write(text)
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(seed)) {
  say('fuzz: --inputs and --seed are whole numbers\n')
  process.exit(2)
}

const targets = (await makeTargets(await loadEngine())).filter(({ name }) => name.includes(values.only))
const corpusOf = (name: string): string => join(packageRoot(), `test/fuzz/corpus/${name}.ndjson`)

if (values.replay !== undefined) {
  const [target] = targets
  if (!target || targets.length > 1) {
    say('fuzz: --replay needs --only with the name of one target\n')
    process.exit(2)
  }
  process.stdout.write(`${await target.judge(Uint8Array.from(readFileSync(values.replay)))}\n`)
  process.exit()
}

/** So many inputs each that all take about as long; never so few that nothing would be found. */
const LEAST_INPUTS = 500
const shareOf = ({ cost }: Target): number => {
  const sum = targets.reduce((all, target) => all + 1 / Math.sqrt(target.cost), 0)
  return Math.max(LEAST_INPUTS, Math.ceil(inputs / Math.sqrt(cost) / sum))
}

function attack(target: Target, count: number): Promise<Found> {
  const board = new SharedArrayBuffer(BOARD_BYTES)
  const numbers = new Int32Array(board, 0, 2)
  const corpus = readCorpus(corpusOf(target.name)).map(({ input }) => input)
  const assignment: Assignment = { target: target.name, corpus, seed, inputs: count, board }
  const worker = new Worker(new URL('./fuzz-worker.js', import.meta.url), {
    workerData: assignment,
    resourceLimits: { stackSizeMb: 16 },
  })
  const current = (): Uint8Array => Uint8Array.from(new Uint8Array(board, 8, numbers[1] ?? 0))
  let watch: NodeJS.Timeout | undefined
  return new Promise<Found>((resolve) => {
    let [seen, sinceMs] = [-1, performance.now()]
    const failed = (reason: string): void =>
      resolve({
        inputs: numbers[0] ?? 0,
        verdicts: new Map(),
        fresh: [],
        fault: { input: current(), reason },
        grownBytes: 0,
      })
    watch = setInterval(() => {
      const at = Atomics.load(numbers, 0)
      if (process.stderr.isTTY) say(`\r${target.name.padEnd(14)} ${String(at).padStart(9)} / ${count}`)
      if (at !== seen) [seen, sinceMs] = [at, performance.now()]
      else if (at > 0 && at < count && performance.now() - sinceMs > HANG_MS) failed(`no end within ${HANG_MS} ms`)
    }, 250)
    worker.on('message', resolve)
    worker.on('error', (error) => failed(error instanceof Error ? (error.stack ?? error.message) : String(error)))
    worker.on('exit', (code) => failed(`the thread ended with ${code}`))
  }).finally(() => {
    clearInterval(watch)
    return worker.terminate()
  })
}

let [total, faults] = [0, 0]
for (const target of targets) {
  const fromMs = performance.now()
  const count = shareOf(target)
  const found = await attack(target, count)
  const seconds = (performance.now() - fromMs) / 1000
  total += found.inputs
  const taken = [...found.verdicts]
    .filter(([verdict]) => /\btaken\b/.test(verdict))
    .reduce((sum, [, times]) => sum + times, 0)
  const kept = values.keep ? addToCorpus(corpusOf(target.name), found.fresh) : 0
  const row = {
    target: target.name,
    inputs: found.inputs,
    seconds,
    verdicts: found.verdicts.size,
    taken,
    kept,
    grownBytes: found.grownBytes,
    fault: found.fault?.reason ?? null,
  }
  if (process.stderr.isTTY) say('\r')
  process.stdout.write(`${values.json ? JSON.stringify(row) : line(row)}\n`)
  if (found.fault) {
    faults += 1
    const folder = join(packageRoot(), '.cache/fuzz')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `${target.name}.bin`)
    writeFileSync(file, found.fault.input)
    say(`${target.name}: ${found.fault.reason}\n  again: npm run fuzz -- --only ${target.name} --replay ${file}\n`)
  }
}
process.stdout.write(
  values.json
    ? `${JSON.stringify({ inputs: total, faults, ok: faults === 0 })}\n`
    : `${total} inputs, ${faults} faults\n`,
)
process.exit(faults === 0 ? 0 : 1)

function line({
  target,
  inputs: count,
  seconds,
  verdicts,
  taken,
  kept,
  fault,
}: {
  target: string
  inputs: number
  seconds: number
  verdicts: number
  taken: number
  kept: number
  fault: string | null
}): string {
  const rate = `${Math.round(count / seconds)}/s`
  return `${target.padEnd(14)} ${String(count).padStart(9)} inputs ${rate.padStart(9)}  ${String(verdicts).padStart(3)} ways, ${taken} taken${kept > 0 ? `, ${kept} new in the corpus` : ''}${fault === null ? '' : '  FAULT'}`
}
