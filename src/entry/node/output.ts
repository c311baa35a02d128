/** What a command prints: results on stdout, everything else on stderr; and what its user did wrong, in sentences. */

/** The user can mend it; `code` is for programs that read --json. Its message is shown as it is. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** One result: JSON on one line for programs, else lines for people. */
export function printResult(json: boolean, value: object, lines: readonly string[]): void {
  process.stdout.write(`${json ? JSON.stringify(value) : lines.join('\n')}\n`)
}

/** A note beside the result. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** The end of a command that failed: a sentence, never a stack; with --json its data on stdout too. */
export function printError(json: boolean, error: unknown): void {
  const { code, reason } = faultOf(error)
  say(`sojourn: ${reason}`)
  if (process.env.SOJOURN_TRACE && error instanceof Error) say(error.stack ?? '')
  if (json) printFault(code, reason)
}

/** For programs: why there is no result. */
export function printFault(code: string, reason: string): void {
  process.stdout.write(`${JSON.stringify({ ok: false, error: { code, reason } })}\n`)
}

function faultOf(error: unknown): { code: string; reason: string } {
  if (!(error instanceof Error)) return { code: 'FAILED', reason: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'FAILED'
  const isOurs = ['AssertionError', 'TypeError', 'ReferenceError', 'RangeError'].includes(error.name)
  const reason = isOurs ? `${error.message} (a fault of sojourn itself; SOJOURN_TRACE=1 shows where)` : error.message
  return { code, reason }
}

/** Two columns for people. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd())
}

/** Until when new agents of a bundle may begin: a day, UTC. */
export const expiryText = (expiresMs: number | null): string =>
  expiresMs === null ? 'never' : new Date(expiresMs).toISOString().slice(0, 10)

/** Bytes for people: three digits and a unit. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const kilo = bytes / 1024
  if (kilo < 1000) return `${kilo.toPrecision(3)} KiB`
  const mega = kilo / 1024
  return mega < 1000 ? `${mega.toPrecision(3)} MiB` : `${(mega / 1024).toPrecision(3)} GiB`
}
