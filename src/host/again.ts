import { AGAIN_MS_MAX, RELEASE_AGAIN_MS } from './limits.ts'

/**
 * When to try again what comes to nothing while hosts that it takes are away. Nothing of it is ever given up: they may be back
 * in a second or in a week, and then all goes on by itself. So that waiting costs little, each try waits twice as long as the
 * one before, up to AGAIN_MS_MAX; that is how late things may go on when the others are back.
 */
export interface Again {
  /** How often in a row it came to nothing. */
  readonly tries: number
  /** Not before. */
  readonly dueMs: number
}

export function again(nowMs: number, before: Again | null | undefined, firstMs: number): Again {
  const tries = before?.tries ?? 0
  return { tries: tries + 1, dueMs: nowMs + againMs(tries, firstMs) }
}

/** After so many tries. */
export const againMs = (tries: number, firstMs: number): number =>
  Math.min(firstMs * 2 ** Math.min(tries, 16), AGAIN_MS_MAX)

export const isDue = (nowMs: number, again: Again | null | undefined): boolean => !again || nowMs >= again.dueMs

/** Until the witnesses that have not voted for a RELEASE are asked once more. */
export const voteAgainMs = (asked: number): number => againMs(asked, RELEASE_AGAIN_MS)
