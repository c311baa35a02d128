import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import type { Command } from 'commander'
import { openSealed } from '../../../identity/sealing.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { identityOption, jsonOption } from '../arguments.ts'
import { CommandError, printResult, say } from '../output.ts'
import { jsonLine } from '../plain-text.ts'
import { sealedIn } from '../sealing.ts'

/** `sojourn open`: what is sealed to you, from a file. */
export function register(program: Command): void {
  program
    .command('open')
    .summary('open sealed values')
    .description(
      'Opens sealed values: one JSON value a line, each {"$sealed":…}, as `logs --json` and `map` print them where they ' +
        'are sealed to somebody. Prints what was sealed, a line each; the exit code is 0 only if all of them open.',
    )
    .argument('<file>', 'file with a sealed value a line, or - for stdin')
    .addOption(identityOption('who opens them (default: your identity)'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn open result.json --identity alice.json')
    .action(open)
}

async function open(source: string, { identity, json }: { identity?: string; json: boolean }): Promise<void> {
  const signer = await loadIdentity(identity ?? defaultIdentityPath())
  const lines = (await read(source)).split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) throw new CommandError('EMPTY', `${source} has no lines`)
  for (const [i, line] of lines.entries()) {
    const value = sealedIn(line)
    const opened = value ? await openSealed(signer, value) : null
    if (value && opened?.ok) {
      const text = jsonLine(opened.value)
      printResult(json, { ok: true, about: value.about, value: JSON.parse(text) }, [text])
      continue
    }
    process.exitCode = 1
    const reason = `line ${i + 1}: ${opened ? (opened.ok ? '' : opened.reason) : 'it is no sealed value'}`
    say(`sojourn: ${reason}`)
    if (json)
      printResult(true, { ok: false, error: { code: opened?.ok === false ? opened.code : 'SEALED', reason } }, [])
  }
}

async function read(source: string): Promise<string> {
  if (source === '-') return readStream(process.stdin)
  return readFile(source, 'utf8').catch((cause: unknown) => {
    throw new CommandError('FILE', `cannot read ${source}: ${cause instanceof Error ? cause.message : ''}`, { cause })
  })
}
