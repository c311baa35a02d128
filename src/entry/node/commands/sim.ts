import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { commandLine } from '../../../sim/command-line.ts'
import { FAULT_NAMES, FAULTS } from '../../../sim/faults.ts'
import { DEFAULT_OPTIONS, drawOptions, type SimOptions, type Wanted } from '../../../sim/options.ts'
import { INVARIANTS, type Report } from '../../../sim/report.ts'
import { runOnce } from '../../../sim/run-seed.ts'
import { shrink } from '../../../sim/shrink.ts'
import { jsonOption, wholeNumber, witnesses } from '../arguments.ts'
import { CommandError, columns, printResult, say } from '../output.ts'
import { showProgress } from '../progress-line.ts'
import { runCampaign } from '../sim/campaign.ts'
import { nodePowers } from '../sim/powers.ts'
import { realGuests } from '../sim/real-guests.ts'
import { buildSimulatedAgent } from '../sim/simulated-program.ts'
import { Tally } from '../sim/tally.ts'

/** `sojourn sim`: whole clusters in simulated time, with faults from a seed; whatever fails is replayed by its seed. */
interface Options extends Wanted {
  readonly within?: number
  readonly except: readonly number[]
  readonly atLeast?: number
  readonly seconds: number
  readonly seed: number
  readonly seeds: number
  readonly workers: number
  readonly shrink: boolean
  readonly resume?: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('sim')
    .summary('simulate clusters under faults')
    .description(
      'Runs whole clusters in simulated time: the code of real hosts, on a network, disks and clocks that fail as a seed says. ' +
        'Every seed is run twice, must come to the same trace both times, and every invariant is looked at after every step. ' +
        'How large a cluster is, and how many decide, is by the seed where nothing is said of it. ' +
        'Exit code 0 only if all seeds were run and none was violated; a violation comes with the command that shows it again, made as small as can be.',
    )
    .option('--hosts <n>', 'hosts; by the seed when absent', wholeNumber(2, 100_000))
    .option('--homes <n>', 'of them, hosts that launch agents', wholeNumber(1, 10_000), DEFAULT_OPTIONS.homes)
    .option('--agents <n>', 'agents; by the seed when absent', wholeNumber(0, 100_000))
    .option(
      '--seconds <n>',
      'simulated seconds, before all is healed',
      wholeNumber(1, 1_000_000),
      DEFAULT_OPTIONS.seconds,
    )
    .option('--witnesses <n>', 'hosts that decide about an agent; by the seed when absent', witnesses)
    .option(
      '--faults <list>',
      'all (a subset by the seed), none, or kinds with commas between',
      faultList,
      'any' as const,
    )
    .addOption(
      new Option('--signatures <kind>', 'real, or a hash in their place').choices(['cheap', 'real']).default('cheap'),
    )
    .addOption(
      new Option('--effects <kind>', 'when effects leave').choices(['fast', 'durable', 'mixed']).default('mixed'),
    )
    .option('--no-mail', 'no agents that write to each other')
    .addOption(
      new Option('--guests <kind>', 'cheap: a program is a count of steps; real: an agent in the engine')
        .choices(['cheap', 'real'])
        .default('cheap'),
    )
    .option('--seed <n>', 'the first seed', wholeNumber(0, 2 ** 31), 1)
    .option('--seeds <n>', 'how many', wholeNumber(1, 100_000_000), 1)
    .option('--except <list>', 'seeds that are left out, with commas between', seedList, [] as readonly number[])
    .option('--workers <n>', 'threads', wholeNumber(1, 256), availableParallelism())
    .option(
      '--within <seconds>',
      'begin no other seed after so long; a failure where some are left',
      wholeNumber(1, 1_000_000),
    )
    .option('--at-least <n>', 'with --within: no failure where so many were run', wholeNumber(1, 100_000_000))
    .option('--no-shrink', 'leave a run that fails as it is')
    .option('--resume <file>', 'keep there how far it is, and go on from there')
    .addOption(jsonOption())
    .addHelpText('after', help())
    .action(simulate)
}

const help = (): string => `
Faults:
${columns(FAULTS.map(({ name, what }) => [`  ${name}`, what] as const)).join('\n')}

Examples:
  sojourn sim --seeds 100
  sojourn sim --seed 17 --faults crash,torn --witnesses 3 --json
  sojourn sim --guests real --seconds 120 --seed 3
  sojourn sim --hosts 1000 --homes 20 --agents 500 --seconds 60`

function faultList(text: string): SimOptions['faults'] {
  if (text === 'all') return 'any'
  if (text === 'none') return []
  const names = text.split(',')
  const unknown = names.find((name) => !FAULT_NAMES.includes(name))
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no fault "${unknown}"; there are ${FAULT_NAMES.join(', ')}.`)
  return names
}

function seedList(text: string): readonly number[] {
  return text.split(',').map(wholeNumber(0, 2 ** 31))
}

async function simulate(options: Options): Promise<void> {
  const { seed, seeds, workers, json, resume } = options
  const { hosts, homes, agents, seconds, faults, signatures, witnesses, effects, mail, guests } = options
  const wanted: Wanted = { hosts, homes, agents, seconds, faults, signatures, witnesses, effects, mail, guests }
  refuseWhatCannotBe(drawOptions(seed, wanted))
  const tally = new Tally(seconds)
  const last = seed + seeds
  let next = resume !== undefined && existsSync(resume) ? Number(readFileSync(resume, 'utf8')) : seed
  if (next > seed) say(`going on from seed ${next}`)
  const agent = guests === 'real' ? await buildSimulatedAgent() : undefined
  const failed: SimOptions[] = []
  const done = new Set(options.except)
  while (done.delete(next)) next += 1
  const progress = showProgress(process.stderr, () => tally.line(last - next))
  const untilMs = options.within === undefined ? Number.POSITIVE_INFINITY : performance.now() + 1_000 * options.within
  const onReport = (report: Report, of: SimOptions): void => {
    tally.add(report)
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
    if (!report.ok) {
      failed.push(of)
      progress.say(`seed ${report.seed}: ${describe(report)}\n  ${commandLine(of)}`)
    }
    done.add(report.seed)
    while (done.delete(next)) next += 1
    if (resume !== undefined) writeFileSync(resume, String(next))
  }
  try {
    await runCampaign(range(next, last, options.except, untilMs, wanted), {
      module: new URL('../sim/worker.js', import.meta.url),
      workers: Math.min(workers, seeds),
      ...(agent !== undefined && { agent }),
      onReport,
    })
  } finally {
    progress.close()
  }
  if (next < last)
    say(`only ${seeds - (last - next)} of ${seeds} seeds: the others were not begun within ${options.within} s`)
  const smallest = options.shrink && failed[0] ? await smallestOf(failed[0], agent) : null
  const summary = { ...tally.summary(), ...(smallest === null ? {} : { smallest }) }
  if (seeds > 1 || !json) printResult(json, summary, tally.text(smallest))
  const least = Math.min(options.atLeast ?? seeds, seeds)
  if (failed.length > 0 || seeds - (last - next) < least) process.exitCode = 1
}

/** Before anything is run; of the first seed, and the others are no smaller where sizes are given. */
function refuseWhatCannotBe({ hosts, homes, witnesses }: SimOptions): void {
  const machines = hosts === 1 ? '1 host' : `${hosts} hosts`
  if (homes >= hosts) throw new CommandError('OPTIONS', `--homes ${homes} of ${machines}: one at least runs agents`)
  if (witnesses > hosts) throw new CommandError('OPTIONS', `--witnesses ${witnesses} of ${machines}: there are too few`)
}

function* range(
  from: number,
  to: number,
  except: readonly number[],
  untilMs: number,
  wanted: Wanted,
): Generator<SimOptions> {
  for (let seed = from; seed < to && performance.now() < untilMs; seed++)
    if (!except.includes(seed)) yield drawOptions(seed, wanted)
}

const describe = ({ violations: [first] }: Report): string =>
  first ? `${INVARIANTS[first.invariant]}: after ${first.atMs} ms ${first.text}` : 'fails'

/** The command of the smallest run that shows the first violation of this one. */
async function smallestOf(options: SimOptions, agent: string | undefined): Promise<string | null> {
  const powers = { ...nodePowers(), ...(agent !== undefined && { guests: await realGuests(agent) }) }
  const [first] = (await runOnce(options, powers)).violations
  if (!first) return null
  say('looking for a smaller run that fails alike …')
  const found = await shrink(options, first, (smaller) => runOnce(smaller, powers))
  return found && commandLine(found.options)
}
