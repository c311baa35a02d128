import { addBlock, blockLength, close, createWriter, headerLength } from '@ipld/car/buffer-writer'
import { CID } from 'multiformats/cid'
import { decode } from '../base/codec.ts'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW, cidOfDigest } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { BLOCK_BYTES_MAX, CAR_BYTES_MAX } from './limits.ts'

/**
 * A bundle as one file: CAR version 1 (https://ipld.io/specs/transport/car/carv1/), which any IPLD tool opens. Writing is
 * the library's. Reading is ours, because the library's reader takes version 2 files with offsets of the sender's
 * choosing, CIDs with any hash, and reads Node's `fs`; ours knows exactly what a bundle may hold and names what is wrong.
 * It does not check that bytes have their hash: open.ts does, once, for blocks from a file and from the wire alike.
 */
export interface Car {
  readonly root: Cid
  /** In the order of the file; the bytes are views of it. */
  readonly blocks: ReadonlyMap<Cid, Uint8Array>
}

export function writeCar(root: Cid, blocks: ReadonlyMap<Cid, Uint8Array>): Uint8Array<ArrayBuffer> {
  const roots = [CID.parse(root)]
  const sections = [...blocks].map(([cid, bytes]) => ({ cid: CID.parse(cid), bytes }))
  const headerSize = headerLength({ roots })
  const buffer = new ArrayBuffer(sections.reduce((sum, section) => sum + blockLength(section), headerSize))
  const writer = createWriter(buffer, { roots, headerSize })
  for (const section of sections) addBlock(writer, section)
  return new Uint8Array(buffer, 0, close(writer).byteLength)
}

/** CIDv1, codec, sha2-256, 32 bytes: the only names a bundle's blocks can have. */
const CID_HEAD_BYTES = 4
const CID_BYTES = CID_HEAD_BYTES + 32

/** The header names one root: 58 bytes; a longer one is of another kind. */
const HEADER_BYTES_MAX = 256

/** `bytesMax`: of the file, where it is another than a bundle. */
export function readCar(car: Uint8Array, bytesMax: number = CAR_BYTES_MAX): Result<Car, 'SIZE' | 'CAR'> {
  if (car.length > bytesMax) return refuse('SIZE', `carBytes ${car.length} > CAR_BYTES_MAX ${bytesMax}`)
  const header = section(car, 0, HEADER_BYTES_MAX, 'header')
  if (!header.ok) return header
  const root = readHeader(header.value.bytes)
  if (!root.ok) return root
  const blocks = new Map<Cid, Uint8Array>()
  let at = header.value.end
  while (at < car.length) {
    const next = section(car, at, CID_BYTES + BLOCK_BYTES_MAX, `block ${blocks.size}`)
    if (!next.ok) return next
    const { bytes, end } = next.value
    const [version, codec, hash, length] = bytes
    if (
      bytes.length < CID_BYTES ||
      version !== 1 ||
      (codec !== CODEC_RAW && codec !== CODEC_DAG_CBOR) ||
      hash !== 0x12 ||
      length !== 32
    ) {
      return refuse('CAR', `block ${blocks.size} has no CIDv1 with raw or dag-cbor and sha2-256`)
    }
    const cid = cidOfDigest(bytes.subarray(CID_HEAD_BYTES, CID_BYTES), codec)
    if (blocks.has(cid)) return refuse('CAR', `block ${cid} comes twice`)
    blocks.set(cid, bytes.subarray(CID_BYTES))
    at = end
  }
  return accept({ root: root.value, blocks })
}

function readHeader(bytes: Uint8Array): Result<Cid, 'CAR'> {
  const header = decode(bytes)
  if (!header.ok) return refuse('CAR', `header: ${header.reason}`)
  const { version, roots } = Object(header.value)
  if (version !== 1) return refuse('CAR', `version ${version} != 1`)
  if (!Array.isArray(roots)) return refuse('CAR', 'header has no list of roots')
  if (roots.length !== 1) return refuse('CAR', `roots ${roots.length} != 1`)
  const root = CID.asCID(roots[0])
  if (
    root?.version !== 1 ||
    root.code !== CODEC_DAG_CBOR ||
    root.multihash.code !== 0x12 ||
    root.multihash.size !== 32
  ) {
    return refuse('CAR', 'root is not a CIDv1 with dag-cbor and sha2-256')
  }
  return accept(cidOfDigest(root.multihash.digest, CODEC_DAG_CBOR))
}

/** One length-prefixed section; the length is an unsigned LEB128 of at most 4 bytes, without padding. */
function section(
  car: Uint8Array,
  start: number,
  bytesMax: number,
  what: string,
): Result<{ bytes: Uint8Array; end: number }, 'CAR'> {
  let length = 0
  let at = start
  for (let shift = 0; ; shift += 7) {
    if (at >= car.length) return refuse('CAR', `file ends inside the length of ${what}`)
    const byte = car[at++] ?? 0
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      if (byte === 0 && shift > 0) return refuse('CAR', `length of ${what} is padded`)
      break
    }
    if (shift === 21) return refuse('CAR', `length of ${what} has more than 4 bytes`)
  }
  if (length === 0) return refuse('CAR', `${what} is empty`)
  if (length > bytesMax) return refuse('CAR', `${what} bytes ${length} > ${bytesMax}`)
  if (at + length > car.length) return refuse('CAR', `file ends inside ${what}`)
  return accept({ bytes: car.subarray(at, at + length), end: at + length })
}
