import { textSha256 } from '../base/digest.ts'
import { parseSealed } from '../identity/sealed-value.ts'
import type { HeardEffect } from '../wire/decisions.ts'
import { EFFECT_HASH_CHARS } from '../wire/limits.ts'
import type { Effect } from '../wire/messages.ts'
import { CONFLICTS_TOLD_MAX } from './limits.ts'
import type { HomeRow } from './state.ts'
import { keepLine, tellStory } from './story.ts'
import type { Turn } from './turn.ts'

/**
 * What home has heard of an agent: an effect of each kind is known by its number, and by what it was. The hash of each is kept
 * as long as its line of the story is, in the line's own record, and goes to the other witnesses with it; of what is older only the numbers are known, and nobody
 * sends it again: it lies before the newest checkpoint. The same number with other words is two lives of one agent. That
 * can happen to a fast one after a recovery, and is told to whoever launched it; to a durable one it does not happen.
 */
export interface Heard {
  /** By kind and number. */
  readonly hashes: Map<string, string>
  /** What a line of the story is of. */
  readonly lines: Map<number, HeardEffect>
}

export const newHeard = (): Heard => ({ hashes: new Map(), lines: new Map() })

const keyOf = ({ kind, number }: Pick<Effect, 'kind' | 'number'>): string => `${kind} ${number}`

/** Sealed words are other bytes each time they are sealed, and say nothing to who cannot open them. */
function hashOf({ kind, valueJson }: Effect): string | null {
  const value: unknown = JSON.parse(valueJson)
  if (parseSealed(value).ok || parseSealed(Object(value).sealed).ok) return null
  return textSha256(`${kind}${valueJson}`).slice(0, EFFECT_HASH_CHARS)
}

/** A new effect, as a line of the story. */
export function tellEffect(turn: Turn, row: HomeRow, effect: Effect): void {
  const hash = hashOf(effect)
  const { kind, number, valueJson } = effect
  const line = { number: row.storyNext, atMs: turn.wallMs, kind, valueJson }
  keepLine(turn, row, line, hash === null ? null : { kind, number, hash })
}

/** Lines have numbers of their own: one that is missing was lost on its way out. */
export function noteLostLines(turn: Turn, row: HomeRow, lost: number): void {
  if (lost <= 0) return
  const text = `(${lost} lines were lost: they came faster than home, or the permit, takes them)`
  tellStory(turn, row, 'console', { level: 'warn', text })
}

/** Why what comes again is not what it was; null where it is, or where that is not known any more. */
export function repetitionFault(turn: Turn, row: HomeRow, effect: Effect): string | null {
  const { kind, number, epoch } = effect
  const was = row.heard.hashes.get(keyOf(effect))
  const is = hashOf(effect)
  const isOther = was === undefined ? isOtherEnd(row, effect) : is !== null && is !== was
  if (!isOther) return null
  const reason = `${kind} ${number} of epoch ${epoch} is another one than was taken before`
  const told = row.story.filter((line) => line.kind === 'conflict').length
  if (told < CONFLICTS_TOLD_MAX)
    tellStory(turn, row, 'conflict', { kind, number, epoch, valueJson: effect.valueJson.slice(0, CONFLICT_CHARS) })
  return reason
}

/** An agent ends once, by itself or not. */
const isOtherEnd = ({ outcome }: HomeRow, { kind, valueJson }: Effect): boolean =>
  (kind === 'result' || kind === 'failure') &&
  outcome !== null &&
  outcome.ok !== (kind === 'result') &&
  outcome.valueJson !== valueJson

/** Of the words that were not taken: enough to see what they are about. */
const CONFLICT_CHARS = 400

/** Line `line` of the story is of this effect: told now, by the keeper before, or in the life before. */
export function noteHeard({ heard }: HomeRow, line: number, of: HeardEffect): void {
  heard.hashes.set(keyOf(of), of.hash)
  heard.lines.set(line, of)
}

/** A line of the story is let go of, and with it what it was of. */
export function forgetHeard({ heard }: HomeRow, line: number): void {
  const of = heard.lines.get(line)
  if (!of) return
  heard.lines.delete(line)
  heard.hashes.delete(keyOf(of))
}
