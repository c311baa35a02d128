import { decode as decodeLibrary } from '@ipld/dag-cbor'
import { equalBytes } from '../../base/bytes.ts'
import { decode, encode } from '../../base/codec.ts'
import { CODEC_RAW } from '../../base/digest.ts'
import { seededRandom } from '../../base/random.ts'
import { openBundle } from '../../bundle/open.ts'
import { encodePiece, parsePiece, type RunPiece } from '../../host/pieces.ts'
import { parseSealed } from '../../identity/sealed-value.ts'
import { createSigner, generateSecretKey } from '../../identity/signer.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { verifyPermit } from '../../permit/chain.ts'
import { grantPermit } from '../../permit/delegation.ts'
import { openInvocation, sealInvocation } from '../../permit/invocation.ts'
import { promptDeflate } from '../../platform/node/deflate.ts'
import { parseInputs } from '../../sandbox/inputs.ts'
import { encodeEntry, openPack, sealPack } from '../../wire/pack.ts'
import { mustHold, type Target, verdictOf } from '../target.ts'
import type { Traffic } from '../traffic.ts'

/** Things that are read from bytes of anybody's. */
const verifier = createVerifier()
const people = [1, 2, 3].map((seed) => createSigner(generateSecretKey(seededRandom(seed))))
const [root, author, launcher] = people

const VALUES = [
  null,
  { a: 1, bb: [true, -5, 2 ** 40, 1.5], c: new Uint8Array([1, 2, 3]), d: 'text' },
  [[[[[[1]]]]]],
  { nested: { deep: { list: Array.from({ length: 30 }, (_, i) => i) } } },
]

export const cborTarget = (): Target => ({
  name: 'dag-cbor',
  about: 'canonical DAG-CBOR (base/codec.ts), against the library it is made of',
  cost: 1,
  seeds: VALUES.map((value) => encode(value)),
  judge(input) {
    const decoded = decode(input)
    if (!decoded.ok) return verdictOf(decoded)
    mustHold(equalBytes(encode(decoded.value), input), 'a value that has two encodings')
    decodeLibrary(input)
    return 'taken'
  },
})

export const bundlesTarget = ({ bundle }: Traffic): Target => ({
  name: 'bundles',
  about: 'CAR files, manifests and their signatures (bundle/open.ts)',
  cost: 8,
  seeds: [bundle],
  async judge(input) {
    const opened = await openBundle(input, verifier)
    mustHold(!opened.ok || equalBytes(input, bundle), 'a changed bundle that opens')
    return verdictOf(opened)
  },
})

export async function permitsTarget(): Promise<Target> {
  if (!root || !author || !launcher) throw new Error('no people')
  const nowMs = Date.UTC(2026, 0, 1)
  const grant = { subject: root.did, command: '/agent/run', expiresMs: nowMs + 1_000_000 }
  const first = await grantPermit(root, { ...grant, audience: author.did, policy: [], nonce: new Uint8Array(16) })
  const second = await grantPermit(author, { ...grant, audience: launcher.did, policy: [], nonce: new Uint8Array(12) })
  const invocation = await sealInvocation(launcher, {
    subject: root.did,
    command: '/agent/run',
    argument: { fuel: 1 },
    proofs: [],
    expiresMs: null,
    nonce: new Uint8Array(12),
  })
  const seeds = [encode([first, second]), encode([first]), encode([invocation])]
  const good = seeds[0] ?? new Uint8Array()
  return {
    name: 'permits',
    about: 'delegations, chains and invocations (permit/chain.ts)',
    cost: 30,
    seeds,
    async judge(input) {
      const parts = decode(input)
      if (!parts.ok) return verdictOf(parts)
      const chain = Array.isArray(parts.value) ? parts.value.filter((part) => part instanceof Uint8Array) : []
      const verified = await verifyPermit({
        verifier,
        chain,
        roots: new Set([root.did]),
        audience: launcher.did,
        command: '/agent/run',
        argument: { fuel: 1 },
        nowMs,
        isRevoked: () => false,
      })
      mustHold(!verified.ok || (chain.length === 2 && equalBytes(encode(chain), good)), 'a permit that nobody gave')
      const [last] = chain
      return last ? `${verdictOf(verified)} / ${verdictOf(await openInvocation(verifier, last))}` : verdictOf(verified)
    },
  }
}

export async function packsTarget(): Promise<Target> {
  const page = (fill: number): Uint8Array => new Uint8Array(4096).fill(fill)
  const before = page(7)
  const changed = Uint8Array.from(before)
  changed[100] = 1
  const entries = [
    encodeEntry({ codec: CODEC_RAW, bytes: page(1), before: null }),
    encodeEntry(null),
    encodeEntry({ codec: CODEC_RAW, bytes: changed, before: { index: 0, bytes: before } }),
  ]
  const packs = [await sealPack(entries, promptDeflate), await sealPack(entries.slice(1), null)]
  return {
    name: 'packs',
    about: 'packs of blocks, their differences and their compression (wire/pack.ts)',
    cost: 6,
    seeds: packs.map((pack) => encode(pack)),
    async judge(input) {
      const decoded = decode(input)
      if (!decoded.ok) return verdictOf(decoded)
      const pack = decoded.value as { byteLength?: unknown; deflated?: unknown; bytes?: unknown } | null
      const { byteLength, deflated, bytes } = pack ?? {}
      if (
        !Number.isSafeInteger(byteLength) ||
        typeof deflated !== 'boolean' ||
        !(bytes instanceof Uint8Array) ||
        (byteLength as number) < 0
      )
        return 'no pack'
      const bounds = { blockBytesMax: 65_536, entriesMax: 64, bytesMax: 262_144 }
      const opened = await openPack(
        { byteLength: byteLength as number, deflated, bytes },
        async (index) => (index === 0 ? before : null),
        bounds,
        promptDeflate,
      )
      if (!opened.ok) return verdictOf(opened)
      const total = opened.value.reduce((sum, block) => sum + (block?.bytes.length ?? 0), 0)
      mustHold(total <= bounds.bytesMax && opened.value.length <= bounds.entriesMax, 'more than was allowed')
      return 'taken'
    },
  }
}

const SEALED = {
  $sealed: {
    about: 'input',
    box: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    key: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    to: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
  },
}

export const sealedTarget = (): Target => ({
  name: 'sealed',
  about: 'values that are sealed to a reader (identity/sealed-value.ts)',
  cost: 1,
  seeds: [new TextEncoder().encode(JSON.stringify(SEALED))],
  judge(input) {
    try {
      return verdictOf(parseSealed(JSON.parse(new TextDecoder().decode(input))))
    } catch (error) {
      if (error instanceof SyntaxError) return 'no JSON'
      throw error
    }
  },
})

export const logsTarget = (): Target => ({
  name: 'input-logs',
  about: 'logs of what reached a program (sandbox/inputs.ts)',
  cost: 1,
  seeds: [
    encode({
      type: 'sojourn/inputs',
      version: 1,
      inputs: [
        [10, 'turn', 'deliver', 1, 'ok', '"x"'],
        [20, 'interrupt', 'deliver', 2, 'no', 'DENIED', 'no'],
        [20, 'turn', 'clock', 1_000],
        [30, 'call', 'limit', 100, 200],
        [40, 'kernel', 'rest'],
      ],
    }),
  ],
  judge: (input) => verdictOf(parseInputs(input)),
})

const RUN: RunPiece = {
  kind: 'run',
  from: { fuelMax: 100, sentBytesMax: 50, sentBytes: 3 },
  inputs: [
    {
      fuelUsed: 1,
      standing: 'turn',
      act: { kind: 'deliver', delivery: { request: 1, outcome: { ok: true, valueJson: '1' } } },
    },
    { fuelUsed: 4, standing: 'call', act: { kind: 'clock', ms: 7 } },
  ],
  until: { fuelUsed: 5, standing: 'interrupt' },
  assets: new Map([[1, 'data.json']]),
}

export const piecesTarget = (): Target => ({
  name: 'history-pieces',
  about: 'pieces of the history of a durable agent (host/pieces.ts)',
  cost: 1,
  seeds: [encodePiece(RUN), encodePiece({ kind: 'mail', letter: Uint8Array.of(1, 2, 3) })],
  judge: (input) => verdictOf(parsePiece(input)),
})
