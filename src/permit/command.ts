import { type Result, refuse } from '../base/result.ts'
import { COMMAND_CHARS_MAX } from './limits.ts'

/**
 * What a permit is for, as UCAN names it: `/` and lower-case words, the more words the narrower. These are what a host of
 * ours asks for; `/` covers all of them, `/agent` the first two.
 */
export const COMMANDS = {
  /** Have a home run agents, and hosts take them. Argument: the launch (terms.ts). */
  '/agent/run': 'launch agents',
  /** Argument: `{ verb, host }`. */
  '/agent/command': 'move, evict and kill agents',
  /** Be let into a cluster as a host; the permit is made out to the host. */
  '/host/join': 'join as a host',
  /** Have a host give its machine back, and take agents again. Argument: `{ verb, host }`. */
  '/host/operate': 'empty hosts and take them into service again',
} as const

export type Command = keyof typeof COMMANDS

export function parseCommand(value: unknown): Result<string, 'SHAPE'> {
  if (typeof value !== 'string') return refuse('SHAPE', 'cmd is not a text')
  if (value.length > COMMAND_CHARS_MAX) return refuse('SHAPE', `cmdChars ${value.length} > ${COMMAND_CHARS_MAX}`)
  if (value !== '/' && !/^(\/[^\s/\p{Cc}\p{Lu}]+)+$/u.test(value))
    return refuse('SHAPE', `cmd ${JSON.stringify(value)} is no command`)
  return { ok: true, value }
}

/** Whole words: `/agent` covers `/agent/run` and not `/agents`. */
export const covers = (granted: string, command: string): boolean =>
  granted === '/' || command === granted || command.startsWith(`${granted}/`)
