import type { Command } from 'commander'
import { createIdentity, defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { columns, printResult } from '../output.ts'

/** `sojourn keygen`: an identity, for an author or for a host. */
interface KeygenOptions {
  readonly out?: string
  readonly show: boolean
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('keygen')
    .summary('make an identity')
    .description(
      'Makes an identity: a secret key in a file that only you can read. An existing file is never overwritten. Its did is ' +
        'all that others need to know to verify what you sign, and to seal to you what nobody else shall read.',
    )
    .option('--out <file>', 'where to (default: $SOJOURN_HOME or ~/.config/sojourn, identity.json)')
    .option('--show', 'make nothing, show the identity that is there', false)
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  sojourn keygen\n  sojourn keygen --out alice.json --json')
    .action(keygen)
}

async function keygen({ out, show, json }: KeygenOptions): Promise<void> {
  const path = out ?? defaultIdentityPath()
  const { did } = show ? await loadIdentity(path) : await createIdentity(path)
  printResult(
    json,
    { ok: true, did, path },
    columns([
      ['did', did],
      ['file', path],
    ]),
  )
}
