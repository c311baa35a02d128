import { utf8 } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { type Cid, cborCid, rawCid } from '../base/digest.ts'
import type { Receipt, SegmentEnd } from '../wire/statements.ts'

/**
 * The names in a receipt, and whether one follows another. A receipt is named by the payload that is signed, so its name is
 * known before anybody signs it, and whoever signs it again makes no second one.
 */
export const receiptCid = (receipt: Receipt): Cid => cborCid(encode(receipt))

export const textCid = (text: string): Cid => rawCid(utf8(text))

/** What a program begins with: an input named by its bytes, and what fixes its chance and its clock. */
export const startCid = (inputJson: string, seed: number, launchedMs: number): Cid =>
  cborCid(encode({ input: textCid(inputJson), seed, launchedMs }))

/**
 * Failures that say the same wherever they happen. Of the others only the code is compared: the words of a trap are those of
 * the realm's WebAssembly.
 */
const WORDS_OF_REALM: readonly string[] = ['TRAP', 'LOAD', 'DEADLOCK']

export const failureEnd = (code: string, reason: string): SegmentEnd => ({
  kind: 'failure',
  code,
  value: textCid(WORDS_OF_REALM.includes(code) ? '' : reason),
})

export const resultEnd = (valueJson: string): SegmentEnd => ({ kind: 'result', value: textCid(valueJson) })

export function sameEnd(a: SegmentEnd, b: SegmentEnd): boolean {
  if (a.kind === 'checkpoint') return b.kind === 'checkpoint' && a.checkpoint === b.checkpoint
  if (a.kind === 'result') return b.kind === 'result' && a.value === b.value
  return b.kind === 'failure' && a.code === b.code && a.value === b.value
}

/** How far home has receipts for: where the next one must begin. */
export interface Vouched {
  readonly epoch: number
  /** Receipts in this epoch so far. */
  readonly number: number
  readonly at: Cid | null
  /** Null where nobody has vouched for it. */
  readonly fuel: number | null
  /** The newest receipt's name, and what it went on from: one that replaces it must go on from there too. */
  readonly newest: { readonly name: Cid; readonly receipt: Receipt } | null
  /**
   * Another host has kept the row, or the holder went on in a new epoch where it stood: where it began its next segment is its
   * own word, until the first receipt is here.
   */
  readonly isLoose: boolean
}

/** Why this receipt does not follow; null when it does. */
export function sequenceFault(vouched: Vouched, receipt: Receipt): string | null {
  const { epoch, number, previous, from, fuelFrom, fuelTo } = receipt
  if (fuelTo < fuelFrom) return `fuelTo ${fuelTo} < fuelFrom ${fuelFrom}`
  if (vouched.isLoose && (epoch === vouched.epoch || epoch === vouched.epoch - 1)) return null
  if (epoch !== vouched.epoch) return `epoch ${epoch} != ${vouched.epoch}`
  const { newest } = vouched
  if (newest && number === vouched.number) {
    // The holder did not hear that the last one had been taken, and has gone on from the same start.
    if (previous !== newest.receipt.previous || from !== newest.receipt.from || fuelFrom !== newest.receipt.fuelFrom)
      return `receipt ${number} begins elsewhere than the one it replaces`
    return fuelTo < newest.receipt.fuelTo ? `receipt ${number} goes less far than the one it replaces` : null
  }
  if (number !== vouched.number + 1) return `number ${number} != ${vouched.number + 1}`
  if (previous !== (newest?.name ?? null)) return `receipt ${number} does not follow the one before`
  if (from !== vouched.at) return `receipt ${number} begins at ${from ?? 'the top'}, not at ${vouched.at ?? 'the top'}`
  if (vouched.fuel !== null && fuelFrom !== vouched.fuel) return `fuelFrom ${fuelFrom} != ${vouched.fuel}`
  return null
}
