/**
 * A decoder, or something behind one, under fire. `judge` takes any bytes and says in a few words how it ended: `taken`, or
 * the refusal. It throws when something is broken: an error where a refusal was due, or an effect that must not be.
 */
export interface Target {
  readonly name: string
  /** What it is, for people. */
  readonly about: string
  /** How much one input costs, against a decoder that only reads: a run is divided by it. */
  readonly cost: number
  /** Good inputs, which mutation starts from. The first is taken. */
  readonly seeds: readonly Uint8Array[]
  judge(input: Uint8Array): string | Promise<string>
}

/** Something happened that no input may bring about. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export function mustHold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Violation(what)
}

/** How a refusal counts as new: by its words, not by its numbers and names. */
export const verdictOf = (
  result: { readonly ok: true } | { readonly ok: false; readonly code: string; readonly reason: string },
): string => (result.ok ? 'taken' : kindOf(`${result.code}: ${result.reason}`))

export const kindOf = (words: string): string =>
  words
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '"…"')
    .replace(/\bz6Mk\w+|\bba[fg]\w{20,}/g, '…')
    .replace(/-?\d[\d_.e+]*/gi, '#')
    .slice(0, 160)
