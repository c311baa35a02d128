import { decode, encode } from '../base/codec.ts'
import { type Result, refuse } from '../base/result.ts'
import { bytes, list, oneOf, reading, record, text, tuple, whole } from '../base/shape.ts'
import { ASSET_PATH_CHARS_MAX } from '../bundle/limits.ts'
import { inputFields, readInputs, STANDINGS } from '../sandbox/inputs.ts'
import { INPUTS_MAX } from '../sandbox/limits.ts'
import { joinPieces, type Piece } from '../sandbox/trace.ts'
import { PIECE_BYTES_MAX } from '../wire/history-limits.ts'

/**
 * One piece of a durable agent's history as bytes: what reached its program up to a place at which it can be stopped, or a
 * letter that came into its mailbox. Canonical DAG-CBOR, so that one piece has one hash; read back as what a stranger sent.
 */
export type HistoryPiece = RunPiece | { readonly kind: 'mail'; readonly letter: Uint8Array }

export interface RunPiece extends Piece {
  readonly kind: 'run'
  /** Of answers that are files of the bundle, by request: their text is left out here, and every host has it. */
  readonly assets: ReadonlyMap<number, string>
}

export const encodePiece = (piece: HistoryPiece): Uint8Array =>
  encode(piece.kind === 'mail' ? { ...HEAD, kind: 'mail', letter: piece.letter } : { ...HEAD, ...runFields(piece) })

const HEAD = { type: 'sojourn/piece', version: 1 }

function runFields({ from, inputs, until, assets }: RunPiece) {
  return {
    kind: 'run',
    from: [from.fuelMax, from.sentBytesMax, from.sentBytes],
    inputs: inputFields(inputs),
    until: [until.fuelUsed, until.standing],
    assets: [...assets],
  }
}

export function parsePiece(encoded: Uint8Array): Result<HistoryPiece, 'ENCODING' | 'PIECE'> {
  if (encoded.length > PIECE_BYTES_MAX)
    return refuse('PIECE', `piece bytes ${encoded.length} > PIECE_BYTES_MAX ${PIECE_BYTES_MAX}`)
  const decoded = decode(encoded)
  if (!decoded.ok) return decoded
  return reading('PIECE', () => readPiece(decoded.value))
}

function readPiece(value: unknown): HistoryPiece {
  const kind = oneOf(Object(value).kind, 'kind', ['run', 'mail'])
  const head = ['type', 'version', 'kind'] as const
  if (kind === 'mail') {
    const piece = record(value, 'piece', [...head, 'letter'])
    checkHead(piece)
    return { kind, letter: bytes(piece.letter, 'letter', PIECE_BYTES_MAX) }
  }
  const piece = record(value, 'piece', [...head, 'from', 'inputs', 'until', 'assets'])
  checkHead(piece)
  const amount = (one: unknown, what: string): number => whole(one, what, 0, Number.MAX_SAFE_INTEGER)
  const [fuelMax, sentBytesMax, sentBytes] = tuple(piece.from, 'from', 3)
  const inputs = readInputs(piece.inputs)
  const [fuelUsed, standing] = tuple(piece.until, 'until', 2)
  return {
    kind,
    from: {
      fuelMax: amount(fuelMax, 'fuelMax'),
      sentBytesMax: amount(sentBytesMax, 'sentBytesMax'),
      sentBytes: amount(sentBytes, 'sentBytes'),
    },
    inputs,
    until: {
      fuelUsed: whole(fuelUsed, 'until fuelUsed', inputs.at(-1)?.fuelUsed ?? 0, Number.MAX_SAFE_INTEGER),
      standing: oneOf(standing, 'until standing', [...STANDINGS, 'end']),
    },
    assets: new Map(
      list(piece.assets, 'assets', INPUTS_MAX).map((one) => {
        const [request, name] = tuple(one, 'asset', 2)
        return [amount(request, 'asset request'), text(name, 'asset name', ASSET_PATH_CHARS_MAX)]
      }),
    ),
  }
}

function checkHead({ type, version }: Readonly<Record<'type' | 'version', unknown>>): void {
  oneOf(type, 'type', [HEAD.type])
  whole(version, 'version', HEAD.version, HEAD.version)
}

/** Two pieces of one run as one. */
export const mergeRuns = (first: RunPiece, second: RunPiece): RunPiece => ({
  kind: 'run',
  ...joinPieces(first, second),
  assets: new Map([...first.assets, ...second.assets]),
})

/** Roughly what it takes, without encoding it. */
export const runBytes = ({ inputs, assets }: RunPiece): number =>
  64 + 64 * assets.size + inputs.reduce((sum, input) => sum + inputBytes(input), 0)

function inputBytes({ act }: Piece['inputs'][number]): number {
  if (act.kind !== 'deliver') return INPUT_BYTES
  const { outcome } = act.delivery
  return INPUT_BYTES + 3 * (outcome.ok ? outcome.valueJson.length : outcome.reason.length)
}

const INPUT_BYTES = 64

/** As bytes, cut where it would be too long: at the places of inputs a program can be stopped, too. */
export function encodeRun(piece: RunPiece): Uint8Array[] {
  const whole = runBytes(piece) <= PIECE_BYTES_MAX ? encodePiece(piece) : null
  if (whole && whole.length <= PIECE_BYTES_MAX) return [whole]
  const { inputs } = piece
  const at = Math.floor(inputs.length / 2)
  const middle = inputs[at]
  if (at === 0 || !middle) return [encodePiece(piece)]
  const { fuelUsed, standing } = middle
  const first: RunPiece = { ...piece, inputs: inputs.slice(0, at), until: { fuelUsed, standing } }
  // What may be used from the middle on is what the first half has come to: said again there, it changes nothing.
  const limit = first.inputs.findLast(({ act }) => act.kind === 'limit')?.act
  const from = limit?.kind === 'limit' ? { ...piece.from, ...pick(limit) } : piece.from
  return [...encodeRun(first), ...encodeRun({ ...piece, from, inputs: inputs.slice(at) })]
}

const pick = ({ fuelMax, sentBytesMax }: { readonly fuelMax: number; readonly sentBytesMax: number }) => ({
  fuelMax,
  sentBytesMax,
})
