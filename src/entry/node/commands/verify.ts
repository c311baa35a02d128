import { type Command, InvalidArgumentError } from 'commander'
import { type Did, parseDid } from '../../../identity/did.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { readBundleFile } from '../../../platform/node/bundle-file.ts'
import { CommandError, printResult } from '../output.ts'

/** `sojourn verify`: yes or no, for scripts. */
export function register(program: Command): void {
  program
    .command('verify')
    .summary('check a bundle’s signature and every byte of it')
    .description(
      'Checks that a bundle is whole and signed. Says by whom; with --author, that it is by this author. Exit code 0 only if all of it holds.',
    )
    .argument('<bundle>', '.car file')
    .option('--author <did>', 'the author it must be by', parseAuthor)
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  sojourn verify golomb.car --author did:key:z6Mk…')
    .action(verify)
}

async function verify(path: string, { author, json }: { author?: Did; json: boolean }): Promise<void> {
  const { bundle } = await readBundleFile(path, createVerifier(globalThis.crypto.subtle))
  const { name, version } = bundle.manifest
  if (author !== undefined && bundle.author !== author) {
    throw new CommandError('AUTHOR', `${path} is whole, but signed by ${bundle.author}, not by ${author}`)
  }
  printResult(json, { ok: true, id: bundle.id, author: bundle.author, name, version }, [
    `${name} ${version} is whole and signed by ${bundle.author}`,
  ])
}

function parseAuthor(text: string): Did {
  const did = parseDid(text)
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return did.value
}
