import { decode, encode } from '../base/codec.ts'
import { type Cid, cborCid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { bytes, list, oneOf, reading, record, text, whole } from '../base/shape.ts'
import { readCar, writeCar } from '../bundle/car.ts'
import { bundleBlocks, openBundleBlocks } from '../bundle/open.ts'
import { type GetBlock, openCheckpoint } from '../checkpoint/open.ts'
import { placesOf } from '../checkpoint/places.ts'
import type { MachineImage } from '../engine/image.ts'
import type { Verifier } from '../identity/verifier.ts'
import type { Sandbox } from '../sandbox/port.ts'
import type { Authority } from '../wire/authority.ts'
import { CLAIMS_MAX, ENVELOPE_BYTES_MAX, JSON_CHARS_MAX, LOG_BYTES_MAX } from '../wire/limits.ts'
import type { Rerun } from '../wire/proofs.ts'
import type { Claim, Receipt, Sealed } from '../wire/statements.ts'
import { PROOF_BYTES_MAX } from './limits.ts'
import { receiptCid } from './receipt.ts'
import { agrees, type Finding, rerunSegment } from './rerun.ts'

/**
 * A fraud proof as one file: a CAR whose root names the maker's receipt, the log, what the program began with and the maker's
 * claims along the way, if any, and which holds every block of the bundle and of the checkpoint that the segment begins at.
 * It accuses nobody by itself. Whoever has it runs the segment again, off line, and sees: so a proof that somebody has made up
 * against an honest host comes to what that host has signed for, or does not fit the receipt.
 */
export interface Proof {
  readonly rerun: Rerun
  readonly claims: readonly Sealed<Claim>[]
  readonly get: GetBlock
}

export type ProofFault = 'SIZE' | 'CAR' | 'BLOCK' | 'PROOF' | 'SIGNATURE'

const TYPE = 'sojourn/proof'
const VERSION = 1

/** Every block comes from `get`; null where one is missing. */
export async function sealProof({ rerun, claims, get }: Proof): Promise<Uint8Array | null> {
  const { receipt, log, inputJson, seed, launchedMs } = rerun
  const rootBytes = encode({
    type: TYPE,
    version: VERSION,
    receipt: receipt.envelope,
    log,
    inputJson,
    seed,
    launchedMs,
    claims: claims.map(({ envelope }) => envelope),
  })
  const root = cborCid(rootBytes)
  const blocks = new Map<Cid, Uint8Array>([[root, rootBytes]])
  for (const cid of await proofBlocks(receipt.statement, get)) {
    const block = await get(cid)
    if (!block) return null
    blocks.set(cid, block)
  }
  return writeCar(root, blocks)
}

/** The blocks of a proof as far as they are known by those that are here: bundle, then checkpoint. */
export async function proofBlocks({ bundle, from }: Receipt, get: GetBlock): Promise<readonly Cid[]> {
  const manifest = await get(bundle)
  const named = manifest && bundleBlocks(manifest)
  const placed = from === null ? null : await placesOf(from, get)
  return [bundle, ...(named?.ok ? named.value.cids : []), ...(placed?.ok ? placed.value.map(({ cid }) => cid) : [])]
}

/** Whether a file means to be a fraud proof; says nothing about what it proves. */
export function isProof(file: Uint8Array): boolean {
  const car = readCar(file, PROOF_BYTES_MAX)
  const root = car.ok && car.value.blocks.get(car.value.root)
  const decoded = root && decode(root)
  return decoded ? decoded.ok && Object(decoded.value).type === TYPE : false
}

/** Reads a file and verifies its signatures; what it proves, if anything, `judge` says. */
export async function openProof(
  file: Uint8Array,
  authority: Pick<Authority, 'open'>,
): Promise<Result<Proof, ProofFault>> {
  const car = readCar(file, PROOF_BYTES_MAX)
  if (!car.ok) return car
  const { root, blocks } = car.value
  const rootBytes = blocks.get(root)
  if (!rootBytes || cborCid(rootBytes) !== root) return refuse('BLOCK', 'the root is not what its name says')
  const decoded = decode(rootBytes)
  if (!decoded.ok) return refuse('PROOF', decoded.reason)
  const parts = reading('PROOF', () => readRoot(decoded.value))
  if (!parts.ok) return parts
  const { envelope, envelopes, ...rest } = parts.value
  const receipt = await authority.open<Receipt>(envelope, 'receipt')
  if (!receipt.ok) return refuse('SIGNATURE', `receipt: ${receipt.reason}`)
  const claims: Sealed<Claim>[] = []
  for (const one of envelopes) {
    const claim = await authority.open<Claim>(one, 'claim')
    if (!claim.ok) return refuse('SIGNATURE', `claim: ${claim.reason}`)
    claims.push(claim.value)
  }
  return accept({ rerun: { receipt: receipt.value, ...rest }, claims, get: async (cid) => blocks.get(cid) ?? null })
}

const KEYS = ['type', 'version', 'receipt', 'log', 'inputJson', 'seed', 'launchedMs', 'claims'] as const

function readRoot(value: unknown) {
  const root = record(value, 'proof', KEYS)
  oneOf(root.type, 'type', [TYPE])
  whole(root.version, 'version', VERSION, VERSION)
  return {
    envelope: bytes(root.receipt, 'receipt', ENVELOPE_BYTES_MAX),
    log: bytes(root.log, 'log', LOG_BYTES_MAX),
    inputJson: text(root.inputJson, 'inputJson', JSON_CHARS_MAX),
    seed: whole(root.seed, 'seed', 0, 2 ** 32 - 1),
    launchedMs: whole(root.launchedMs, 'launchedMs', 0, Number.MAX_SAFE_INTEGER),
    envelopes: list(root.claims, 'claims', CLAIMS_MAX).map((one, i) => bytes(one, `claims[${i}]`, ENVELOPE_BYTES_MAX)),
  }
}

/** What running it again says about the maker. */
export interface Judgement {
  readonly proven: boolean
  /** Why nothing is proven. */
  readonly reason: string | null
  readonly truth: Finding | null
  /** The fuel between which it went another way, as far as its maker has said where it stood. */
  readonly step: { readonly after: number; readonly upTo: number }
}

/** Runs the segment again. It trusts the file for nothing: bundle and checkpoint are checked against the names in the receipt. */
export async function judge(
  proof: Proof,
  { sandbox, verifier, engineId }: { sandbox: Sandbox; verifier: Verifier; engineId: string },
): Promise<Judgement> {
  const { rerun, claims, get } = proof
  const { statement, signer } = rerun.receipt
  let step = { after: statement.fuelFrom, upTo: statement.fuelTo }
  const nothing = (reason: string): Judgement => ({ proven: false, reason, truth: null, step })
  if (statement.engine !== engineId) return nothing(`it ran on engine ${statement.engine}, and this is ${engineId}`)
  const bundle = await openBundleBlocks(statement.bundle, get, verifier)
  if (!bundle.ok) return nothing(`the bundle is not whole: ${bundle.reason}`)
  let image: MachineImage | null = null
  if (statement.from !== null) {
    const opened = await openCheckpoint(statement.from, get)
    if (!opened.ok) return nothing(`the checkpoint is not whole: ${opened.reason}`)
    image = opened.value
  }
  const own = claims
    .filter((claim) => claim.signer === signer && claim.statement.receipt === receiptCid(statement))
    .map((claim) => claim.statement)
    .sort((a, b) => a.fuel - b.fuel)
  let isApart = false
  const found = await rerunSegment(sandbox, rerun, bundle.value, image, {
    marks: own.map(({ fuel }) => fuel),
    onSight({ mark, root }) {
      if (isApart) return
      const claim = own.find(({ fuel }) => fuel === mark)
      isApart = claim !== undefined && claim.root !== root
      step = isApart ? { ...step, upTo: mark } : { ...step, after: mark }
    },
  })
  if (!found.ok)
    return nothing(found.code === 'EVIDENCE' ? `it does not fit the receipt: ${found.reason}` : found.reason)
  if (!agrees(statement, found.value)) return { proven: true, reason: null, truth: found.value, step }
  return { ...nothing(`${signer} has signed for what is so`), truth: found.value }
}
