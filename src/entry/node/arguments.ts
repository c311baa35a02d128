import { readFile, stat } from 'node:fs/promises'
import { InvalidArgumentError, Option } from 'commander'
import { utf8Length } from '../../base/bytes.ts'
import { INPUT_BYTES_MAX } from '../../host/limits.ts'
import { CommandError } from './output.ts'

/** What people type after a command, read once: numbers with their ranges, JSON in place or in a file, common options. */
export const MIB = 1024 * 1024

/** A whole number; `1e9` and `1_000_000` are fine. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d[\d_]*(e\d+)?$/i.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    throw new InvalidArgumentError(`It must be a whole number ${range}.`)
  }
}

/** Fuel for one agent. */
export const fuel = wholeNumber(1, Number.MAX_SAFE_INTEGER)

/** How many hosts decide about an agent: odd, so that there is always a majority. */
export function witnesses(text: string): number {
  const count = wholeNumber(1, 15)(text)
  if (count % 2 === 0) throw new InvalidArgumentError('It must be odd: there must always be a majority.')
  return count
}

/** MiB as typed, bytes as given on. */
export const mebibytes = (text: string): number => wholeNumber(1, 1_048_576)(text) * MIB

/** `--input`: JSON in place, or `@file`. The text is given on as it stands; that it is JSON has been checked. */
export async function inputJson(text: string): Promise<string> {
  const json = text.startsWith('@') ? await readText(text.slice(1)) : text
  const fault = jsonFault(json)
  if (fault !== null) throw new CommandError('INPUT', `the input is refused: ${fault}`)
  return json.trim()
}

/** Why a text cannot be the input of an agent; null when it can. */
export function jsonFault(text: string): string | null {
  const bytes = utf8Length(text)
  if (bytes > INPUT_BYTES_MAX) return `inputBytes ${bytes} > INPUT_BYTES_MAX ${INPUT_BYTES_MAX}`
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : 'it does not parse'}`
  }
}

/** White space around the JSON is not counted; a file beyond this is no input by mistake. */
const FILE_BYTES_MAX = 2 * INPUT_BYTES_MAX

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > FILE_BYTES_MAX) throw new Error(`it has ${size} bytes`)
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CommandError(
      'FILE',
      `cannot read ${path}: ${cause instanceof Error ? cause.message : 'no reason given'}`,
      {
        cause,
      },
    )
  }
}

/** Where the cluster is. Mandatory, but the environment may say it. */
export const joinOption = (): Option =>
  new Option('--join <url>', 'rendezvous of the cluster, e.g. http://127.0.0.1:9000')
    .env('SOJOURN_JOIN')
    .makeOptionMandatory()

export const bindOption = (): Option =>
  new Option('--bind <address>', 'the only network address for WebRTC, e.g. 127.0.0.1')

export const identityOption = (what = 'who gives the order (default: your identity)'): Option =>
  new Option('--identity <file>', what)

/** What wall stands around each agent. */
export const isolateOption = (): Option =>
  new Option(
    '--isolate <wall>',
    'what each agent runs in: a thread of this process, or an own process without network, files and rights',
  )
    .choices(['thread', 'process'])
    .default('thread')

export const permitOption = (): Option =>
  new Option('--permit <file>', 'by whose leave, where the hosts do not trust you yourself')

export const jsonOption = (): Option => new Option('--json', 'print JSON').default(false)
