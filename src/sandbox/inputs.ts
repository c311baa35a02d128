import { decode, encode } from '../base/codec.ts'
import { type Result, refuse } from '../base/result.ts'
import { list, misshapen, oneOf, reading, record, text, tuple, whole } from '../base/shape.ts'
import { CLOCK_MS_MAX, NAME_LENGTH_MAX } from '../checkpoint/limits.ts'
import type { Delivery } from '../engine/image.ts'
import { ANSWER_LENGTH_MAX, INPUTS_BYTES_MAX, INPUTS_MAX } from './limits.ts'
import type { Act, Input } from './trace.ts'

/**
 * A trace's inputs as bytes: canonical DAG-CBOR, so that equal inputs have equal bytes and a digest of them says which they
 * were. Read back as what a stranger sent. Whether a program could have had them only a replay can tell.
 */
export const encodeInputs = (inputs: readonly Input[]): Uint8Array =>
  encode({
    type: 'sojourn/inputs',
    version: VERSION,
    inputs: inputFields(inputs),
  })

/** Inputs inside another encoding. */
export const inputFields = (inputs: readonly Input[]): (string | number)[][] =>
  inputs.map(({ fuelUsed, standing, act }) => [fuelUsed, standing, act.kind, ...fieldsOf(act)])

const VERSION = 1
export const STANDINGS = ['turn', 'interrupt', 'kernel', 'call'] as const
const KINDS = ['deliver', 'clock', 'limit', 'rest', 'refuse', 'drain'] as const satisfies readonly Act['kind'][]

function fieldsOf(act: Act): readonly (string | number)[] {
  switch (act.kind) {
    case 'deliver': {
      const { request, outcome } = act.delivery
      return outcome.ok ? [request, 'ok', outcome.valueJson] : [request, 'no', outcome.code, outcome.reason]
    }
    case 'clock':
      return [act.ms]
    case 'limit':
      return [act.fuelMax, act.sentBytesMax]
    case 'refuse':
      return [act.request]
    case 'rest':
    case 'drain':
      return []
  }
}

export function parseInputs(bytes: Uint8Array): Result<readonly Input[], 'ENCODING' | 'INPUTS'> {
  if (bytes.length > INPUTS_BYTES_MAX)
    return refuse('INPUTS', `inputs bytes ${bytes.length} > INPUTS_BYTES_MAX ${INPUTS_BYTES_MAX}`)
  const decoded = decode(bytes)
  if (!decoded.ok) return decoded
  return reading('INPUTS', () => {
    const log = record(decoded.value, 'inputs', ['type', 'version', 'inputs'])
    oneOf(log.type, 'type', ['sojourn/inputs'])
    whole(log.version, 'version', VERSION, VERSION)
    return readInputs(log.inputs)
  })
}

/** Places ascend, since fuel does: nothing that was done can be put before something that came earlier. Throws a Misshape. */
export function readInputs(value: unknown): Input[] {
  let [lastFuel, lastMs] = [0, 0]
  return list(value, 'inputs', INPUTS_MAX).map((one, i) => {
    const what = `inputs[${i}]`
    const [allegedFuel, allegedStanding, allegedKind, ...fields] = list(one, what, 7)
    const fuelUsed = whole(allegedFuel, `${what} fuelUsed`, lastFuel, Number.MAX_SAFE_INTEGER)
    lastFuel = fuelUsed
    const standing = oneOf(allegedStanding, `${what} standing`, STANDINGS)
    const act = readAct(oneOf(allegedKind, `${what} kind`, KINDS), fields, what)
    if (act.kind === 'clock') {
      if (act.ms <= lastMs) misshapen(`${what} clock ${act.ms} does not ascend from ${lastMs}`)
      lastMs = act.ms
    }
    return { fuelUsed, standing, act }
  })
}

function readAct(kind: Act['kind'], fields: readonly unknown[], what: string): Act {
  const fuel = (value: unknown, name: string): number => whole(value, `${what} ${name}`, 0, Number.MAX_SAFE_INTEGER)
  const request = (value: unknown): number => whole(value, `${what} request`, 1, Number.MAX_SAFE_INTEGER)
  switch (kind) {
    case 'deliver':
      return { kind, delivery: readDelivery(fields, request(fields[0]), what) }
    case 'clock': {
      const [ms] = tuple(fields, what, 1)
      return { kind, ms: whole(ms, `${what} clock`, 0, CLOCK_MS_MAX) }
    }
    case 'limit': {
      const [fuelMax, sentBytesMax] = tuple(fields, what, 2)
      return { kind, fuelMax: fuel(fuelMax, 'fuelMax'), sentBytesMax: fuel(sentBytesMax, 'sentBytesMax') }
    }
    case 'refuse':
      return { kind, request: request(tuple(fields, what, 1)[0]) }
    case 'rest':
    case 'drain':
      tuple(fields, what, 0)
      return { kind }
  }
}

function readDelivery(fields: readonly unknown[], request: number, what: string): Delivery {
  if (oneOf(fields[1], `${what} outcome`, ['ok', 'no']) === 'ok') {
    const [, , value] = tuple(fields, what, 3)
    return { request, outcome: { ok: true, valueJson: text(value, `${what} value`, ANSWER_LENGTH_MAX) } }
  }
  const [, , code, reason] = tuple(fields, what, 4)
  return {
    request,
    outcome: {
      ok: false,
      code: text(code, `${what} code`, NAME_LENGTH_MAX),
      reason: text(reason, `${what} reason`, ANSWER_LENGTH_MAX),
    },
  }
}
