import { integerBelow, type Random } from '../base/random.ts'
import { CORPUS_INPUT_BYTES_MAX, CORPUS_MAX } from './limits.ts'
import { mutate } from './mutate.ts'
import type { Target } from './target.ts'

/** What came of so many inputs to one target. */
export interface Report {
  readonly target: string
  inputs: number
  /** How often each verdict was given. */
  readonly verdicts: Map<string, number>
  /** Inputs that were judged as none before, with the verdict. */
  readonly fresh: { readonly input: Uint8Array; readonly verdict: string }[]
  /** The first input that broke something. */
  fault: { readonly input: Uint8Array; readonly reason: string } | null
}

export interface Campaign {
  readonly target: Target
  /** What earlier runs found. */
  readonly corpus: readonly Uint8Array[]
  readonly random: Random
  readonly inputs: number
  /** Before each input, so that somebody can see which one never ended. */
  readonly onInput?: (input: Uint8Array, index: number) => void
}

/**
 * Feeds a target: first its seeds and its corpus as they are, then what becomes of them. An input that is judged in a way
 * that was new is worth changing further, which leads deeper into a decoder than chance alone. Stops at the first fault.
 */
export async function run({ target, corpus, random, inputs, onInput }: Campaign): Promise<Report> {
  const report: Report = { target: target.name, inputs: 0, verdicts: new Map(), fresh: [], fault: null }
  const parents = [...target.seeds, ...corpus]
  const known = [...parents]
  while (report.inputs < inputs) {
    const input = known[report.inputs] ?? mutate(random, pick(random, parents), pick(random, parents))
    onInput?.(input, report.inputs)
    const isKnown = report.inputs < known.length
    report.inputs += 1
    try {
      const verdict = await target.judge(Uint8Array.from(input))
      const before = report.verdicts.get(verdict) ?? 0
      report.verdicts.set(verdict, before + 1)
      if (before > 0 || isKnown || input.length > CORPUS_INPUT_BYTES_MAX || parents.length >= CORPUS_MAX) continue
      report.fresh.push({ input, verdict })
      parents.push(input)
    } catch (error) {
      report.fault = { input, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }
      return report
    }
  }
  return report
}

const NOTHING = new Uint8Array(1)

const pick = (random: Random, inputs: readonly Uint8Array[]): Uint8Array => {
  const input = inputs[integerBelow(random, inputs.length)]
  return input && input.length > 0 ? input : NOTHING
}
