import { integerBelow, type Random } from '../base/random.ts'
import { stepOn } from './cheap-image.ts'
import { type CheapLetter, countOf, hasMail } from './cheap-mail.ts'
import { type CheapProgram, cheapTruth } from './cheap-sandbox.ts'

/** What simulated agents do, drawn from a seed, and what each of them must come to: the same whatever befalls it. */
export interface Expected {
  readonly ok: boolean
  /** What it is told differs between hosts and moments: only how far it came is known. */
  readonly isLoose: boolean
  /** Of its result; of a failure nothing but that. */
  readonly value: unknown
  /** In order. */
  readonly emits: readonly { readonly done: number; readonly hash: number }[]
}

/** How long one computes, in steps of a millisecond. */
const STEPS_MIN = 3_000
const STEPS_RANGE = 30_000
const FORK_N = 3

/** What a program that forks has in place of its index where the fork is refused. */
export const FORK_REFUSED = -2

const KINDS = [
  'computing',
  'moving',
  'forking',
  'sleeping',
  'failing',
  'wandering',
  'large',
  'moving',
  'computing',
  'forking',
  'wandering',
  'sleeping',
] as const

export function drawProgram(random: Random, index: number): CheapProgram {
  const kind = KINDS[index % KINDS.length] ?? 'computing'
  const steps = STEPS_MIN + integerBelow(random, STEPS_RANGE)
  const program: CheapProgram = { steps, emitEvery: 500 + integerBelow(random, 3_000) }
  const at = (share: number): number => Math.max(1, Math.floor(steps * share))
  switch (kind) {
    case 'computing':
      return program
    case 'moving':
      return {
        ...program,
        moves: [
          { at: at(0.2), where: 'anywhere' },
          { at: at(0.5), where: 'anywhere' },
          { at: at(0.8), where: { home: true } },
        ],
      }
    case 'wandering':
      return { ...program, moves: Array.from({ length: 8 }, (_, i) => ({ at: at((i + 1) / 10), where: 'anywhere' })) }
    case 'forking':
      return { ...program, forks: [{ at: at(0.4), n: FORK_N }] }
    case 'sleeping':
      return {
        ...program,
        sleeps: [0.3, 0.6].map((share) => ({ at: at(share), ms: 2_000 + integerBelow(random, 9_000) })),
      }
    case 'failing':
      return { ...program, fail: 'it is meant to fail' }
    case 'large':
      return { ...program, large: true, moves: [{ at: at(0.5), where: 'anywhere' }] }
  }
}

/** Of the agent that the program was launched as, or of the one that was given these indices at its forks. */
export function expectedOf(
  program: CheapProgram,
  indices: readonly number[],
  letters: readonly CheapLetter[] = [],
): Expected {
  const { forks = [], fail } = program
  // One that was made of another says only what comes after.
  const lastMade = indices.findLastIndex((index) => index > 0)
  const from = lastMade < 0 ? 0 : (forks[lastMade]?.at ?? 0)
  const emits = cheapEmits(program, indices).filter(({ done }) => done > from)
  const isLoose = (program.lookEvery ?? 0) > 0
  const mail = hasMail(program) ? { mail: countOf(letters) } : {}
  return fail === undefined
    ? { ok: true, isLoose, value: { ...cheapTruth(program, indices), ...mail }, emits }
    : { ok: false, isLoose, value: null, emits }
}

/** A durable one may depend on where and when it is told something. */
export const looking = (program: CheapProgram): CheapProgram =>
  hasMail(program) || program.forks ? program : { ...program, lookEvery: 1_700 }

/** One that writes to a name and one that waits for what is written. */
export function drawCorrespondents(random: Random, name: string): readonly [CheapProgram, CheapProgram] {
  const count = 3 + integerBelow(random, 8)
  const everyMs = 300 + integerBelow(random, 2_000)
  const sends = Array.from({ length: count }, (_, i) => ({ at: everyMs * (i + 1), to: name }))
  const writer = { steps: everyMs * (count + 1), emitEvery: 0, as: 1, sends }
  const steps = 500 + integerBelow(random, 5_000)
  const reader = { steps, emitEvery: 0, registers: [{ at: 1, name }], receives: [{ at: steps, count }] }
  return [writer, reader]
}

/** Whether an emit is what is expected as the next. */
export const isExpected = (
  valueJson: string,
  wanted: Expected['emits'][number] | undefined,
  isLoose: boolean,
): boolean =>
  wanted !== undefined && (isLoose ? JSON.parse(valueJson).done === wanted.done : valueJson === JSON.stringify(wanted))

/** Whether a result is. */
export const isExpectedEnd = (valueJson: string, { value, isLoose }: Expected): boolean =>
  isLoose
    ? JSON.parse(valueJson).steps === (value as { steps: number } | null)?.steps
    : valueJson === JSON.stringify(value)

/** What it says on the way, in order, from the top; given to the one that was given these indices. */
function cheapEmits(
  program: CheapProgram,
  indices: readonly number[] = [],
): readonly { readonly done: number; readonly hash: number }[] {
  const { steps, emitEvery, forks = [] } = program
  const emits: { done: number; hash: number }[] = []
  for (let i = 0, hash = 0; i < steps; i++) {
    hash = stepOn(hash, i)
    if (emitEvery > 0 && (i + 1) % emitEvery === 0) emits.push({ done: i + 1, hash })
    for (const [k, { at }] of forks.entries()) if (at === i + 1) hash = stepOn(hash, indices[k] ?? FORK_REFUSED)
  }
  return emits
}
