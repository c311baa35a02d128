/**
 * How far something is, on stderr: one line that is written anew on a terminal, a line every few seconds elsewhere.
 * What else is to be said goes through `say`, so that it does not tear the line.
 */
export interface ProgressLine {
  say(text: string): void
  /** Takes the line off the terminal. */
  close(): void
}

export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const TERMINAL_MS = 200
const ELSEWHERE_MS = 5_000
const COLUMNS_UNKNOWN = 80
const CLEAR_LINE = '\r\u001b[2K'

export function showProgress(stream: TextStream, text: () => string): ProgressLine {
  const isTerminal = stream.isTTY === true
  const draw = (): void => {
    const line = [...text()].slice(0, (stream.columns ?? COLUMNS_UNKNOWN) - 1).join('')
    stream.write(isTerminal ? CLEAR_LINE + line : `${text()}\n`)
  }
  const timer = setInterval(draw, isTerminal ? TERMINAL_MS : ELSEWHERE_MS)
  return {
    say(line) {
      stream.write(isTerminal ? `${CLEAR_LINE}${line}\n` : `${line}\n`)
    },
    close() {
      clearInterval(timer)
      if (isTerminal) stream.write(CLEAR_LINE)
    },
  }
}
