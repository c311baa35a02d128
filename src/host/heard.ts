import { textSha256 } from '../base/digest.ts'
import { parseSealed } from '../identity/sealed-value.ts'
import type { Effect } from '../wire/messages.ts'
import { CONFLICTS_TOLD_MAX } from './limits.ts'
import { writeStory } from './records.ts'
import type { HomeRow } from './state.ts'
import { tellStory, tellStoryJson } from './story.ts'
import { persist, type Turn } from './turn.ts'

/**
 * What home has heard of an agent: an effect of each kind is known by its number, and by what it was. The hash of each is kept
 * as long as its line of the story is, in the line's own record; of what is older only the numbers are known, and nobody
 * sends it again: it lies before the newest checkpoint. The same number with other words is two lives of one agent. That
 * can happen to a fast one after a recovery, and is told to whoever launched it; to a durable one it does not happen.
 */
type HeardHash = string

export type HeardEffect = Pick<Effect, 'kind' | 'number'> & { readonly hash: HeardHash }

/** By kind and number, as long as their lines are kept. */
export type Heard = Map<string, HeardHash>

const keyOf = ({ kind, number }: Pick<Effect, 'kind' | 'number'>): string => `${kind} ${number}`

/** Sealed words are other bytes each time they are sealed, and say nothing to who cannot open them. */
function hashOf({ kind, valueJson }: Effect): HeardHash | null {
  const value: unknown = JSON.parse(valueJson)
  if (parseSealed(value).ok || parseSealed(Object(value).sealed).ok) return null
  return textSha256(`${kind}${valueJson}`).slice(0, HASH_CHARS)
}

/** A hundred bits: nobody meets another effect's by accident, or finds one. */
const HASH_CHARS = 32

/** A new effect, as a line of the story. */
export function tellEffect(turn: Turn, row: HomeRow, effect: Effect): void {
  tellStoryJson(turn, row, effect.kind, effect.valueJson)
  const hash = hashOf(effect)
  const line = row.story.at(-1)
  if (!line || hash === null) return
  row.heard.set(keyOf(effect), hash)
  const { kind, number } = effect
  persist(turn, writeStory(row.agent, line, { kind, number, hash }))
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
  const was = row.heard.get(keyOf(effect))
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

/** From the records of the life before: what a line was of. */
export function restoreHeard(row: HomeRow, of: HeardEffect): void {
  row.heard.set(keyOf(of), of.hash)
}

/** A line of the story is let go of, and with it what it was of. */
export function forgetHeard(row: HomeRow): void {
  const oldest = row.heard.keys().next().value
  if (row.heard.size > row.story.length && oldest !== undefined) row.heard.delete(oldest)
}
