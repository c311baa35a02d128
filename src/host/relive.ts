import { base64pad } from 'multiformats/bases/base64'
import type { Cid } from '../base/digest.ts'
import type { VerifiedBundle } from '../bundle/open.ts'
import { PAGE_BYTES } from '../checkpoint/limits.ts'
import { openAfter } from '../checkpoint/open.ts'
import { sealCheckpoint } from '../checkpoint/seal.ts'
import type { MachineImage, PendingCall } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import type { Quota } from '../permit/quota.ts'
import type { Sandbox } from '../sandbox/port.ts'
import { replaySegment } from '../sandbox/replay.ts'
import { joinPieces, NO_EFFECTS, type Trace } from '../sandbox/trace.ts'
import type { Brief } from '../wire/messages.ts'
import type { BundleShelf } from './bundle-shelf.ts'
import { type Fault, NOTHING_PUSHED } from './events.ts'
import { parsePiece, type RunPiece } from './pieces.ts'
import { TABLE_SHARE } from './transfer-limits.ts'
import type { Transfers } from './transfers.ts'
import type { Vault } from './vault.ts'

/**
 * The rim's part of a durable agent's recovery: what its last holder did since the checkpoint is done once more, in a guest
 * that is told everything by the log and asked nothing, up to where the log ends. What it says on the way comes out again.
 */
export interface RelivePowers {
  readonly sandbox: Sandbox
  readonly vault: Vault
  readonly transfers: Transfers
  readonly shelf: BundleShelf
  readonly engineId: string
}

export interface Past {
  readonly brief: Brief
  readonly checkpoint: Cid | null
  readonly pieces: readonly Uint8Array[]
  /** Who has the checkpoint, where it is not here. */
  readonly from: Did | null
  readonly quota: Quota
  readonly authors: readonly Did[]
}

/** What it said, in order; of a call, what it had been answered by the end. */
export type Said =
  | { readonly kind: 'call'; readonly call: PendingCall; readonly answered: 'yes' | 'no' | 'open' }
  | { readonly kind: 'console'; readonly level: string; readonly text: string }

export interface Relived {
  readonly said: readonly Said[]
  /** What was done, as whoever signs for it tells it. */
  readonly trace: Trace
  readonly fuelFrom: number
  readonly fuelUsed: number
  readonly end:
    | { readonly kind: 'stands'; readonly checkpoint: Cid; readonly stateBytes: number }
    | { readonly kind: 'result' | 'failure'; readonly valueJson: string }
}

export async function relive(powers: RelivePowers, past: Past): Promise<Relived | Fault> {
  const { brief, checkpoint, from, authors } = past
  const bundle = await powers.shelf.open(brief.bundle, from, authors)
  if (!bundle.ok) return bundle
  const image = checkpoint === null ? null : await imageOf(powers, past, checkpoint)
  if (image && 'code' in image) return image
  const runs = runsOf(past.pieces, bundle.value)
  if ('code' in runs) return runs
  return replay(powers, past, bundle.value, image, runs)
}

async function imageOf(
  { transfers, engineId }: RelivePowers,
  { brief, from, quota }: Past,
  checkpoint: Cid,
): Promise<MachineImage | Fault> {
  const bytesMax = quota.memoryBytes * TABLE_SHARE
  const brought = await transfers.bringCheckpoint(brief.agent, checkpoint, from, bytesMax, NOTHING_PUSHED)
  if (!brought.ok) return brought
  const { get, checked, kept } = brought.value
  const durable = await kept
  if (!durable.ok) return durable
  const opened = await openAfter(checkpoint, get, { checked })
  if (!opened.ok) return { code: 'REFUSED', reason: `checkpoint: ${opened.code}: ${opened.reason}` }
  const { image } = opened.value
  return image.engineId === engineId ? image : { code: 'ENGINE', reason: `engine ${image.engineId} is not here` }
}

/** The runs among the pieces, with the files of the bundle in their places. */
function runsOf(pieces: readonly Uint8Array[], bundle: VerifiedBundle): RunPiece[] | Fault {
  const runs: RunPiece[] = []
  for (const encoded of pieces) {
    const piece = parsePiece(encoded)
    if (!piece.ok) return { code: 'BAD_MESSAGE', reason: `piece: ${piece.reason}` }
    if (piece.value.kind === 'run') runs.push(withAssets(piece.value, bundle))
  }
  return runs
}

function withAssets(run: RunPiece, { assets }: VerifiedBundle): RunPiece {
  if (run.assets.size === 0) return run
  const inputs = run.inputs.map((input) => {
    if (input.act.kind !== 'deliver') return input
    const { request } = input.act.delivery
    const asset = assets.get(run.assets.get(request) ?? '')
    if (!asset) return input
    const outcome = { ok: true, valueJson: assetJson(asset.bytes) } as const
    return { ...input, act: { kind: 'deliver', delivery: { request, outcome } } as const }
  })
  return { ...run, inputs }
}

/** A file as the answer to a call. */
export const assetJson = (bytes: Uint8Array): string => `{"$bytes":"${base64pad.baseEncode(bytes)}"}`

async function replay(
  { sandbox, vault, engineId }: RelivePowers,
  { brief, quota }: Past,
  bundle: VerifiedBundle,
  image: MachineImage | null,
  runs: readonly RunPiece[],
): Promise<Relived | Fault> {
  const [first, ...others] = runs
  if (!first) return { code: 'REFUSED', reason: 'there is nothing to live again' }
  const joined = joinPieces(first, ...others)
  const trace = { ...joined, from: { ...joined.from, effects: NO_EFFECTS } }
  const answers = new Map<number, 'yes' | 'no'>()
  for (const { act } of joined.inputs) {
    if (act.kind === 'deliver') answers.set(act.delivery.request, act.delivery.outcome.ok ? 'yes' : 'no')
    if (act.kind === 'refuse') answers.set(act.request, 'no')
  }
  const program = {
    label: brief.agent,
    engineId,
    code: bundle.code,
    kernels: bundle.kernels,
    inputJson: brief.inputJson,
    seed: brief.seed,
    startMs: brief.launchedMs,
    memoryBytesMax: quota.memoryBytes,
    depth: bundle.manifest.needs.depth,
  }
  const said: Said[] = []
  const outcome = await replaySegment(
    sandbox,
    { program, image, trace },
    {
      onWord: (word) =>
        said.push(
          word.kind === 'console'
            ? { kind: 'console', level: word.level, text: word.text }
            : { kind: 'call', call: word.call, answered: answers.get(word.call.request) ?? 'open' },
        ),
    },
  )
  const { fuelUsed, effects } = outcome
  const done = { said, fuelFrom: Number(image?.fuelUsed ?? 0n), fuelUsed, trace: { ...trace, effects } }
  if (outcome.kind === 'finished') return { ...done, end: { kind: 'result', valueJson: outcome.resultJson } }
  if (outcome.kind === 'failed') {
    const { code, reason } = outcome
    if (code === 'ASTRAY') return { code: 'CONFLICT', reason: `the log is not of this program: ${reason}` }
    if (code === 'UNRESPONSIVE' || code === 'BREACH' || code === 'LOAD')
      return { code: 'BUSY', reason: `${code}: ${reason}` }
    return { ...done, end: { kind: 'failure', valueJson: JSON.stringify({ code, reason }) } }
  }
  const { root: checkpoint, blocks } = sealCheckpoint(outcome.image)
  await vault.keepCheckpoint(brief.agent, checkpoint, blocks)
  return { ...done, end: { kind: 'stands', checkpoint, stateBytes: outcome.image.pages.size * PAGE_BYTES } }
}
