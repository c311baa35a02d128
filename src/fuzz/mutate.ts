import { integerBelow, type Random } from '../base/random.ts'
import { INPUT_BYTES_MAX } from './limits.ts'

/**
 * One input made of others, as hostile senders make them: bits turned, bytes cut out, doubled and moved, numbers that sit
 * where lengths sit, the head of one joined to the tail of another. All chance is the argument's, so a run can be repeated.
 */
export function mutate(random: Random, one: Uint8Array, other: Uint8Array): Uint8Array {
  let input: Uint8Array = Uint8Array.from(one)
  // Mostly one change: what is wrong in five ways is refused for the first.
  const changes = 1 + (integerBelow(random, 3) === 0 ? integerBelow(random, 6) : 0)
  for (let i = 0; i < changes; i++) input = change(random, input, other)
  return input.subarray(0, INPUT_BYTES_MAX)
}

type Change = (random: Random, input: Uint8Array, other: Uint8Array) => Uint8Array

const change: Change = (random, input, other) => {
  const how = CHANGES[integerBelow(random, CHANGES.length)] ?? turnBit
  return how(random, input, other)
}

const turnBit: Change = (random, input) => {
  const at = integerBelow(random, input.length)
  input[at] = (input[at] ?? 0) ^ (1 << integerBelow(random, 8))
  return input
}

const setByte: Change = (random, input) => {
  input[integerBelow(random, input.length)] = random.bytes(1)[0] ?? 0
  return input
}

/** Numbers at which lengths and counts go wrong, in the widths that formats have. */
const EDGES = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]
const setNumber: Change = (random, input) => {
  const width = [1, 2, 4, 8][integerBelow(random, 4)] ?? 4
  if (input.length < width) return input
  const at = integerBelow(random, input.length - width + 1)
  const value = EDGES[integerBelow(random, EDGES.length)] ?? 0n
  const little = integerBelow(random, 4) === 0
  for (let i = 0; i < width; i++) {
    const shift = BigInt(8 * (little ? i : width - 1 - i))
    input[at + i] = Number((value >> shift) & 0xffn)
  }
  return input
}

/** A byte a little more or less: heads of CBOR and varints are numbers and kinds in one. */
const nudge: Change = (random, input) => {
  const at = integerBelow(random, input.length)
  input[at] = (input[at] ?? 0) + integerBelow(random, 9) - 4
  return input
}

const span = (random: Random, length: number): [number, number] => {
  const from = integerBelow(random, length + 1)
  return [from, Math.min(length, from + 1 + integerBelow(random, 64))]
}

const cutOut: Change = (random, input) => {
  const [from, to] = span(random, input.length)
  return joined(input.subarray(0, from), input.subarray(to))
}

const cutOff: Change = (random, input) => input.slice(0, integerBelow(random, input.length + 1))

const repeat: Change = (random, input) => {
  const [from, to] = span(random, input.length)
  const times = 1 + integerBelow(random, integerBelow(random, 8) === 0 ? 200 : 3)
  return joined(
    input.subarray(0, to),
    ...Array.from({ length: times }, () => input.subarray(from, to)),
    input.subarray(to),
  )
}

const insert: Change = (random, input) => {
  const at = integerBelow(random, input.length + 1)
  return joined(input.subarray(0, at), random.bytes(1 + integerBelow(random, 16)), input.subarray(at))
}

const splice: Change = (random, input, other) =>
  joined(
    input.subarray(0, integerBelow(random, input.length + 1)),
    other.subarray(integerBelow(random, other.length + 1)),
  )

const transplant: Change = (random, input, other) => {
  const [from, to] = span(random, other.length)
  const at = integerBelow(random, input.length + 1)
  return joined(input.subarray(0, at), other.subarray(from, to), input.subarray(at + (to - from)))
}

const CHANGES: readonly Change[] = [
  turnBit,
  setByte,
  setNumber,
  setNumber,
  nudge,
  cutOut,
  cutOff,
  repeat,
  insert,
  splice,
  transplant,
]

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(
    Math.min(
      INPUT_BYTES_MAX,
      parts.reduce((sum, { length }) => sum + length, 0),
    ),
  )
  let at = 0
  for (const part of parts) {
    const room = part.subarray(0, all.length - at)
    all.set(room, at)
    at += room.length
  }
  return all
}
