/** What an agent printed and nobody has taken yet: bounded in lines and in the length of each. */
import { CONSOLE_LINES_MAX, CONSOLE_TEXT_MAX } from './limits.ts'

const LEVELS = ['log', 'info', 'warn', 'error', 'debug'] as const

export interface ConsoleLine {
  /** It was printed before the call of this number was made. */
  readonly beforeRequest: number
  readonly level: (typeof LEVELS)[number]
  readonly text: string
}

export class ConsoleLog {
  #lines: ConsoleLine[] = []
  #dropped = 0

  /** Text over CONSOLE_TEXT_MAX is cut, lines over CONSOLE_LINES_MAX are dropped; both are said. */
  print(level: string, text: string, beforeRequest: number): void {
    if (this.#lines.length >= CONSOLE_LINES_MAX) {
      this.#dropped++
      return
    }
    const known = LEVELS.find((one) => one === level) ?? 'log'
    const cut =
      text.length > CONSOLE_TEXT_MAX ? `${text.slice(0, CONSOLE_TEXT_MAX)}… (${text.length} characters)` : text
    this.#lines.push({ level: known, text: cut, beforeRequest })
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0
  }

  copy(): ConsoleLog {
    const log = new ConsoleLog()
    log.#lines = [...this.#lines]
    log.#dropped = this.#dropped
    return log
  }

  take(beforeRequest: number): ConsoleLine[] {
    const lines = this.#lines
    if (this.#dropped > 0) {
      const text = `${this.#dropped} lines dropped: more than ${CONSOLE_LINES_MAX} at once`
      lines.push({ level: 'warn', text, beforeRequest })
    }
    this.#lines = []
    this.#dropped = 0
    return lines
  }
}
