import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { type Bytes, toHex, utf8 } from './bytes.ts'
import { accept, type Result, refuse } from './result.ts'

/** A content identifier, CIDv1 in base32 text ("bafy…", "bafk…"): sha2-256 only, codec DAG-CBOR or raw. */
export type Cid = string & { readonly brand: 'Cid' }

/** Multicodec numbers: https://github.com/multiformats/multicodec/blob/master/table.csv */
export const CODEC_RAW = 0x55
export const CODEC_DAG_CBOR = 0x71
const SHA2_256 = 0x12
const SHA2_256_BYTES = 32

let hash: (bytes: Uint8Array) => Bytes = (bytes) => nobleSha256(bytes) as Bytes

/** A platform with a faster SHA-256 lends it once, at its start: some ten times in Node. The function is the same. */
export function lendSha256(native: (bytes: Uint8Array) => Bytes): void {
  hash = native
}

let hashText = (text: string): string => toHex(sha256(utf8(text)))

/** The same of a text's UTF-8, as hex: of thousands of short ones, most of the time goes into what is around the hash. */
export function lendTextSha256(native: (text: string) => string): void {
  hashText = native
}

/** Hex. The text is well-formed: no half of a surrogate pair stands alone in it. */
export const textSha256 = (text: string): string => hashText(text)

/** SHA-256 of each of many byte strings, computed elsewhere than on the caller's thread; in the same order. */
export type HashAll = (parts: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>

export const sha256 = (bytes: Uint8Array): Bytes => hash(bytes)

/** A CID in binary is version, codec, hash function, hash length, hash; all four numbers are one byte here. */
const HEAD_BYTES = 4

export function cidOfDigest(digest: Uint8Array, codec: number): Cid {
  const bytes = new Uint8Array(HEAD_BYTES + SHA2_256_BYTES)
  bytes.set([1, codec, SHA2_256, SHA2_256_BYTES])
  bytes.set(digest, HEAD_BYTES)
  return `b${encodeBase32(bytes)}` as Cid
}

/** What a name says of its block, without taking it apart: in base32 the codec is among the first seven characters. */
export const codecOf = (cid: Cid): number => (cid.startsWith('bafkrei') ? CODEC_RAW : CODEC_DAG_CBOR)

export const rawCid = (bytes: Uint8Array): Cid => cidOfDigest(sha256(bytes), CODEC_RAW)

export const cborCid = (bytes: Uint8Array): Cid => cidOfDigest(sha256(bytes), CODEC_DAG_CBOR)

/** Refuses every hash but a whole sha2-256: identity and truncated digests would let bytes lie about their name. */
export function parseCid(text: unknown): Result<{ cid: Cid; codec: number; digest: Bytes }, 'CID'> {
  if (typeof text !== 'string' || text.length > 80) return refuse('CID', 'cid is not a text of at most 80 characters')
  const common = parseCommon(text)
  if (common) return accept(common)
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

/** The one form that is accepted, quickly; null sends the rest to the library, which says what is wrong with it. */
function parseCommon(text: string): { cid: Cid; codec: number; digest: Bytes } | null {
  if (text.length !== CID_CHARS || text[0] !== 'b') return null
  const bytes = decodeBase32(text.slice(1))
  if (bytes === null) return null
  const [version, codec, algorithm, length] = bytes
  if (
    version !== 1 ||
    algorithm !== SHA2_256 ||
    length !== SHA2_256_BYTES ||
    bytes.length !== HEAD_BYTES + SHA2_256_BYTES
  )
    return null
  if (codec !== CODEC_RAW && codec !== CODEC_DAG_CBOR) return null
  return { cid: text as Cid, codec, digest: bytes.slice(HEAD_BYTES) }
}

/** The multibase letter and 36 bytes, five bits a character. */
const CID_CHARS = 1 + Math.ceil(((HEAD_BYTES + SHA2_256_BYTES) * 8) / 5)
