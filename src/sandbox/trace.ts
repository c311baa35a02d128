import { assert } from '../base/assert.ts'
import { textSha256 } from '../base/digest.ts'
import type { Delivery, PendingCall, Place } from '../engine/image.ts'
import type { GuestEvent } from './port.ts'

/**
 * What a guest did between two images, as far as anybody needs to know it to do the same again: everything that reached the
 * program from outside, in order and each at its place, and a digest of everything that came out. A program is a function of
 * its image and its inputs, so whoever has the image before, the inputs, and what `from` says comes to the same image after,
 * the same fuel, the same words; sandbox/replay.ts does so.
 */
export interface Trace {
  readonly from: TraceStart
  readonly inputs: readonly Input[]
  readonly until: Until
  /** Of everything the guest has let out, from the beginning of the first trace to the end of this one. */
  readonly effects: EffectsDigest
}

/** Where the image after it was taken, or with how much fuel the program ended. */
export type Until = Place | { readonly fuelUsed: number; readonly standing: 'end' }

/** What held at a trace's beginning, besides the image. */
export interface TraceStart {
  readonly fuelMax: number
  readonly sentBytesMax: number
  /** Of those, what this guest had sent before. */
  readonly sentBytes: number
  readonly effects: EffectsDigest
}

/** Something that reached the program, or was done to it, where it stood at that place. */
export interface Input extends Place {
  readonly act: Act
}

export type Act =
  /** An answer to a call. */
  | { readonly kind: 'deliver'; readonly delivery: Delivery }
  /** The virtual clock of an idle program went forward to this. */
  | { readonly kind: 'clock'; readonly ms: number }
  | { readonly kind: 'limit'; readonly fuelMax: number; readonly sentBytesMax: number }
  /** An image was taken, or the machine did to itself what that does (engine/machine.ts, `rest`). */
  | { readonly kind: 'rest' }
  /** The guest refused a call whose arguments are too long; the answer says how long, and nothing else is in it. */
  | { readonly kind: 'refuse'; readonly request: number }
  /**
   * What the program had said was taken from it here, and not between here and the next such entry: the last two places of a
   * guest that ended because it had said too much, so that who repeats it finds out at the same fuel.
   */
  | { readonly kind: 'drain' }

/** Hex of a SHA-256 chain over effects, one link each. */
export type EffectsDigest = string & { readonly brand: 'EffectsDigest' }

/**
 * What reached a program from one place to the next at which a replay can stop: a part of a trace, or of several one behind
 * the other, with an image taken between them a `rest`. `from`: what held at its
 * beginning; of what was said at that very place it counts nothing, unless an image was taken there.
 */
export interface Piece {
  readonly from: Omit<TraceStart, 'effects'>
  readonly inputs: readonly Input[]
  readonly until: Until
}

/** Before the first effect. */
export const NO_EFFECTS = '0'.repeat(64) as EffectsDigest

export type Effect = Extract<GuestEvent, { kind: 'call' | 'console' | 'finished' }>

/**
 * The chain with one effect more: a call that is made for the first time, a line of the console, the result. JSON of texts
 * and whole numbers is the same in every realm.
 */
export function digestEffect(before: EffectsDigest, effect: Effect): EffectsDigest {
  return textSha256(before + JSON.stringify(wordsOf(effect))) as EffectsDigest
}

function wordsOf(effect: Effect): readonly (string | number)[] {
  switch (effect.kind) {
    case 'call': {
      const { request, name, argsJson }: PendingCall = effect.call
      return ['call', request, name, argsJson]
    }
    case 'console':
      return ['console', effect.level, effect.text]
    case 'finished':
      return ['finished', effect.resultJson]
  }
}

/** Two traces of one guest, the second from where the first ended, as one: a freeze in its middle is one more input. */
export function joinTraces(first: Trace, second: Trace): Trace {
  const { fuelUsed, standing } = first.until
  assert(standing !== 'end', 'nothing comes after the end')
  assert(first.effects === second.from.effects, 'the second trace does not go on where the first ended')
  const rest: Input = { fuelUsed, standing, act: { kind: 'rest' } }
  return { ...second, from: first.from, inputs: [...first.inputs, rest, ...second.inputs] }
}

/**
 * Pieces one behind the other, the first from an image on, as what is to be repeated from there. Guests on different hosts may
 * have had different limits: where another one begins, so do its own.
 */
export function joinPieces(first: Piece, ...others: readonly Piece[]): Piece {
  const inputs = [...first.inputs]
  let { fuelMax, sentBytesMax } = limitAfter(first)
  let { until } = first
  for (const piece of others) {
    const { fuelUsed, standing } = until
    assert(standing !== 'end', 'nothing comes after the end')
    const { from } = piece
    if (from.fuelMax !== fuelMax || from.sentBytesMax !== sentBytesMax)
      inputs.push({
        fuelUsed,
        standing,
        act: { kind: 'limit', fuelMax: from.fuelMax, sentBytesMax: from.sentBytesMax },
      })
    for (const input of piece.inputs) inputs.push(input)
    ;({ fuelMax, sentBytesMax } = limitAfter(piece))
    until = piece.until
  }
  return { from: first.from, inputs, until }
}

function limitAfter({ from, inputs }: Piece): Pick<TraceStart, 'fuelMax' | 'sentBytesMax'> {
  const last = inputs.findLast(({ act }) => act.kind === 'limit')?.act
  return last?.kind === 'limit' ? last : from
}
