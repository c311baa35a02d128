import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, Help } from 'commander'
import { packageRoot } from '../../platform/node/engine-files.ts'
import { register as registerAudit } from './commands/audit.ts'
import { register as registerBan } from './commands/ban.ts'
import { register as registerBuild } from './commands/build.ts'
import { register as registerDoctor } from './commands/doctor.ts'
import { register as registerEdge } from './commands/edge.ts'
import { register as registerEvict } from './commands/evict.ts'
import { register as registerInspect } from './commands/inspect.ts'
import { register as registerItinerary } from './commands/itinerary.ts'
import { register as registerKeygen } from './commands/keygen.ts'
import { register as registerKill } from './commands/kill.ts'
import { register as registerLaunch } from './commands/launch.ts'
import { register as registerLogs } from './commands/logs.ts'
import { register as registerMap } from './commands/map.ts'
import { register as registerMove } from './commands/move.ts'
import { register as registerNames } from './commands/names.ts'
import { register as registerNodes } from './commands/nodes.ts'
import { register as registerOpen } from './commands/open.ts'
import { register as registerPermit } from './commands/permit.ts'
import { register as registerPs } from './commands/ps.ts'
import { register as registerRun } from './commands/run.ts'
import { register as registerServe } from './commands/serve.ts'
import { register as registerSim } from './commands/sim.ts'
import { register as registerVerify } from './commands/verify.ts'
import { printError, printFault } from './output.ts'

/**
 * The `sojourn` command line: composition only. A command is a file in commands/ that exports `register`; an error that
 * leaves a command ends here as one sentence and exit code 1. A new command is one line in this list.
 */
const COMMANDS: readonly ((program: Command) => void)[] = [
  registerKeygen,
  registerBuild,
  registerInspect,
  registerVerify,
  registerPermit,
  registerRun,
  registerMap,
  registerServe,
  registerEdge,
  registerLaunch,
  registerPs,
  registerLogs,
  registerItinerary,
  registerMove,
  registerEvict,
  registerKill,
  registerNodes,
  registerNames,
  registerBan,
  registerAudit,
  registerOpen,
  registerDoctor,
  registerSim,
]

async function main(argv: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
  const program = new Command('sojourn')
    .description(
      'Mobile agents on the web: running programs that freeze in the middle of a loop, travel and go on elsewhere.',
    )
    .version(version)
    .helpCommand('help [command]', 'show what a command does')
    .showHelpAfterError('(add --help to see what there is)')
    .exitOverride()
    .configureHelp({
      // "(default: false)" behind every flag is noise.
      optionDescription(option) {
        const isNoise = option.defaultValue === false || Array.isArray(option.defaultValue)
        return isNoise ? option.description : Help.prototype.optionDescription.call(this, option)
      },
    })
    .addHelpText('after', HELP)
  for (const register of COMMANDS) register(program)
  try {
    await program.parseAsync(argv)
  } catch (error) {
    const json = argv.includes('--json')
    if (!(error instanceof CommanderError)) {
      printError(json, error)
      process.exitCode = 1
      return
    }
    // It has said in words what was wrong with them.
    if (json && error.exitCode !== 0) printFault('USAGE', error.message.replace(/^error: /, ''))
    process.exitCode = error.exitCode
  }
}

const HELP = `
Examples:
  sojourn keygen                                    make an identity
  sojourn build agents/golomb --out golomb.car      build and sign an agent
  sojourn inspect golomb.car                        who signed it, what it asks for
  sojourn help build                                more about a command

Results go to stdout, everything else to stderr; the exit code is 0 only on success.`

// A reader that has seen enough (\`| head\`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

await main(process.argv)
