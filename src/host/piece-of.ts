import { utf8Length } from '../base/bytes.ts'
import type { Delivery } from '../engine/image.ts'
import type { Input, Piece } from '../sandbox/trace.ts'
import { DURABLE_ANSWER_BYTES_MAX, DURABLE_ANSWERS_BYTES_MAX } from '../wire/history-limits.ts'
import type { Lodger } from './lodger.ts'
import type { RunPiece } from './pieces.ts'

/**
 * What a guest tells, in the words of its agent's history: amounts of the agent's life instead of the guest's, for the next
 * guest counts from another place; and files of the bundle by name, for every host has them.
 */
export function asPiece({ from, inputs, until }: Piece, { sentBefore, assets }: Lodger): RunPiece {
  const named = new Map<number, string>()
  return {
    kind: 'run',
    from: { ...from, sentBytesMax: from.sentBytesMax + sentBefore, sentBytes: from.sentBytes + sentBefore },
    inputs: inputs.map((input) => inputOf(input, sentBefore, assets, named)),
    until,
    assets: named,
  }
}

function inputOf(input: Input, sentBefore: number, assets: Map<number, string>, named: Map<number, string>): Input {
  const { act } = input
  if (act.kind === 'limit') return { ...input, act: { ...act, sentBytesMax: act.sentBytesMax + sentBefore } }
  if (act.kind !== 'deliver') return input
  const { request } = act.delivery
  const name = assets.get(request)
  if (name === undefined) return input
  assets.delete(request)
  named.set(request, name)
  return { ...input, act: { kind: 'deliver', delivery: { request, outcome: { ok: true, valueJson: '' } } } }
}

/** An answer that the log of a durable agent has room for, or the refusal that takes its place. */
export function loggable(delivery: Delivery, lodger: Pick<Lodger, 'answeredBytes'>): Delivery {
  const { request, outcome } = delivery
  const bytes = utf8Length(outcome.ok ? outcome.valueJson : outcome.reason)
  const all = lodger.answeredBytes + bytes
  const fault =
    bytes > DURABLE_ANSWER_BYTES_MAX
      ? `answerBytes ${bytes} > DURABLE_ANSWER_BYTES_MAX ${DURABLE_ANSWER_BYTES_MAX} of a durable agent`
      : all > DURABLE_ANSWERS_BYTES_MAX
        ? `answerBytes since its checkpoint ${all} > DURABLE_ANSWERS_BYTES_MAX ${DURABLE_ANSWERS_BYTES_MAX} of a durable agent`
        : null
  if (fault !== null) return { request, outcome: { ok: false, code: 'QUOTA', reason: fault } }
  lodger.answeredBytes = all
  return delivery
}
