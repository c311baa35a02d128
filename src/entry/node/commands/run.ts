import { type Command, Option } from 'commander'
import { DEFAULT_QUOTA } from '../../../bundle/limits.ts'
import { MEMORY_BYTES_MIN } from '../../../engine/limits.ts'
import type { TierChoice } from '../../../engine/machine.ts'
import { loadEngineFiles } from '../../../platform/node/engine-files.ts'
import { createNodeSandbox, type Isolation } from '../../../platform/node/sandbox.ts'
import { fuel, inputJson, isolateOption, jsonOption, MIB, mebibytes, wholeNumber } from '../arguments.ts'
import { loadLocalProgram } from '../local-program.ts'
import { type LocalRunEnd, type LocalRunListener, runLocally } from '../local-run.ts'
import { CommandError, say } from '../output.ts'
import { inSourceLines } from '../source-lines.ts'

/** `sojourn run`: one agent in one local sandbox; with --hop-every the proof that freezing and moving change nothing. */
interface RunOptions {
  readonly input: string
  readonly fuel?: number
  readonly memory?: number
  readonly hopEvery?: number
  readonly tier?: TierChoice
  readonly isolate: Isolation
  readonly seed: number
  readonly json: boolean
}

const FUEL_DEFAULT = 1e12
const MEMORY_DEFAULT = 64 * MIB
/** A hop is milliseconds; below this a program would do little else. */
const HOP_FUEL_MIN = 100

export function register(program: Command): void {
  program
    .command('run')
    .summary('run one agent here, in a local sandbox')
    .description(
      'Runs an agent in a sandbox on this machine, without a cluster: source is built first, a .car file is verified. ' +
        'Its result is printed as JSON; a plain script prints its console. Time is virtual and chance is seeded, so the ' +
        'same program, input and seed give the same run. With --hop-every the agent is frozen after every so much fuel, ' +
        'sealed, verified, and thawed in a fresh worker thread: the result and the final state stay the same. An agent that ' +
        'forks has one result for each that came of it, its own first.',
    )
    .argument('<agent>', 'script, folder or .car file')
    .option('--input <json>', 'JSON, or @file', 'null')
    .option('--fuel <n>', 'fuel it may burn (default: what the bundle asks for)', fuel)
    .option('--memory <mib>', 'memory it may have (default: what the bundle asks for)', mebibytes)
    .option(
      '--hop-every <fuel>',
      'move to a fresh worker thread after every so much fuel',
      wholeNumber(HOP_FUEL_MIN, 1e15),
    )
    .addOption(
      new Option(
        '--tier <tier>',
        'build of the engine: auto runs short turns on the plain one, which is faster, and long ones on the movable one, ' +
          'which can be frozen anywhere; plain is frozen at the end of a turn only (default: auto; movable with --hop-every)',
      ).choices(['auto', 'plain', 'movable']),
    )
    .addOption(isolateOption())
    .option('--seed <n>', 'seed of its Math.random', wholeNumber(0, 2 ** 32 - 1), 1)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sojourn run hello.ts\n  sojourn run agents/golomb --input @stub.json --hop-every 1e6 --json',
    )
    .action(run)
}

async function run(path: string, options: RunOptions): Promise<void> {
  const input = await inputJson(options.input)
  const program = await loadLocalProgram(path)
  const memoryBytesMax = options.memory ?? program.quota.memoryBytes ?? MEMORY_DEFAULT
  if (memoryBytesMax < MEMORY_BYTES_MIN)
    throw new CommandError(
      'MEMORY',
      `memory of ${memoryBytesMax} bytes < MEMORY_BYTES_MIN ${MEMORY_BYTES_MIN}: no engine fits`,
    )
  const { manifest, modules } = await loadEngineFiles()
  const sandbox = createNodeSandbox({
    engines: new Map([[manifest.id, modules]]),
    spares: options.hopEvery === undefined ? 0 : 1,
    isolate: options.isolate,
  })
  const isScript = !/\b__agent\b/.test(program.code)
  const outputs: Output[] = []
  try {
    const agents = await runLocally(
      sandbox,
      program,
      {
        engineId: manifest.id,
        inputJson: input,
        seed: options.seed,
        fuelMax: options.fuel ?? program.quota.fuel ?? FUEL_DEFAULT,
        memoryBytesMax,
        childrenMax: program.quota.children ?? DEFAULT_QUOTA.children,
        hopEveryFuel: options.hopEvery ?? null,
        ...(options.tier === undefined ? {} : { tier: options.tier }),
      },
      (agent) => {
        const output = new Output(options.json, isScript, outputs.length === 0 ? '' : `${agent}: `)
        outputs.push(output)
        return output
      },
    )
    const ended = agents.map(({ agent, forkedFrom, end }, i) => {
      const data = outputs[i]?.end(end, (reason) => inSourceLines(reason, program.sourceMap))
      return forkedFrom ? { agent, forkedFrom: forkedFrom.agent, index: forkedFrom.index, ...data } : { ...data }
    })
    const [first, ...children] = ended
    if (options.json) process.stdout.write(`${JSON.stringify(children.length > 0 ? { ...first, children } : first)}\n`)
  } finally {
    sandbox.close()
  }
}

/** A script's console is its result and goes to stdout; an agent's is talk beside its result and goes to stderr. */
class Output implements LocalRunListener {
  readonly #json: boolean
  readonly #isScript: boolean
  /** Before its talk, where it is not the only one that talks. */
  readonly #name: string
  readonly #console: { readonly level: string; readonly text: string }[] = []
  readonly #emitted: unknown[] = []

  constructor(json: boolean, isScript: boolean, name: string) {
    this.#json = json
    this.#isScript = isScript
    this.#name = name
  }

  console({ level, text }: { readonly level: string; readonly text: string }): void {
    if (this.#json) this.#console.push({ level, text })
    else if (this.#isScript && level !== 'warn' && level !== 'error') process.stdout.write(`${text}\n`)
    else say(`${this.#name}${text}`)
  }

  emit(valueJson: string): void {
    if (this.#json) this.#emitted.push(JSON.parse(valueJson))
    else say(`${this.#name}emit ${valueJson}`)
  }

  progress(fraction: number, note: string): void {
    if (!this.#json && process.stderr.isTTY) say(`${this.#name}${(fraction * 100).toFixed(1)} % ${note}`.trimEnd())
  }

  /** Prints a result for people; returns what programs are told. */
  end(end: LocalRunEnd, inSource: (reason: string) => string): object {
    const { fuel, hops } = end
    const said = { console: this.#console, emitted: this.#emitted, fuel, hops }
    if (end.ok) {
      if (!this.#json && !this.#isScript) process.stdout.write(`${end.resultJson}\n`)
      return { ok: true, result: JSON.parse(end.resultJson), ...said, stateHash: end.stateHash }
    }
    const { code, reason } = { code: end.code, reason: inSource(end.reason) }
    say(`sojourn: ${this.#name}${code}: ${reason}`)
    process.exitCode = 1
    return { ok: false, result: null, ...said, stateHash: null, error: { code, reason } }
  }
}
