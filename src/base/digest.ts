import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { Bytes } from './bytes.ts'
import { accept, type Result, refuse } from './result.ts'

/** A content identifier, CIDv1 in base32 text ("bafy…", "bafk…"): sha2-256 only, codec DAG-CBOR or raw. */
export type Cid = string & { readonly brand: 'Cid' }

/** Multicodec numbers: https://github.com/multiformats/multicodec/blob/master/table.csv */
export const CODEC_RAW = 0x55
export const CODEC_DAG_CBOR = 0x71
const SHA2_256 = 0x12
const SHA2_256_BYTES = 32

export const sha256 = (bytes: Uint8Array): Bytes => nobleSha256(bytes) as Bytes

export const cidOfDigest = (digest: Uint8Array, codec: number): Cid =>
  CID.createV1(codec, createDigest(SHA2_256, digest)).toString() as Cid

export const rawCid = (bytes: Uint8Array): Cid => cidOfDigest(sha256(bytes), CODEC_RAW)

export const cborCid = (bytes: Uint8Array): Cid => cidOfDigest(sha256(bytes), CODEC_DAG_CBOR)

/** Refuses every hash but a whole sha2-256: identity and truncated digests would let bytes lie about their name. */
export function parseCid(text: unknown): Result<{ cid: Cid; codec: number; digest: Bytes }, 'CID'> {
  if (typeof text !== 'string' || text.length > 80) return refuse('CID', 'cid is not a text of at most 80 characters')
  let parsed: CID
  try {
    parsed = CID.parse(text)
  } catch {
    return refuse('CID', `cid "${text}" does not parse`)
  }
  if (parsed.version !== 1) return refuse('CID', `cid version ${parsed.version} != 1`)
  if (parsed.code !== CODEC_RAW && parsed.code !== CODEC_DAG_CBOR)
    return refuse('CID', `cid codec ${parsed.code} is not raw or dag-cbor`)
  if (parsed.multihash.code !== SHA2_256 || parsed.multihash.digest.length !== SHA2_256_BYTES)
    return refuse('CID', 'cid hash is not a whole sha2-256')
  if (parsed.toString() !== text) return refuse('CID', 'cid is not in canonical base32 form')
  return accept({ cid: text as Cid, codec: parsed.code, digest: Uint8Array.from(parsed.multihash.digest) })
}
