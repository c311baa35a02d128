import { concatBytes } from '../base/bytes.ts'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW, cidOfDigest, parseCid } from '../base/digest.ts'

/**
 * Many block names in one byte string, 33 bytes each: the codec and the SHA-256 digest. As texts they would be twice as
 * long and a large heap has thousands. A name of 33 zeros is none.
 */
export const NAME_BYTES = 33
const NONE = new Uint8Array(NAME_BYTES)

export function writeNames(cids: readonly (Cid | null)[]): Uint8Array {
  return concatBytes(
    ...cids.map((cid) => {
      const parsed = cid === null ? null : parseCid(cid)
      return parsed?.ok ? concatBytes(Uint8Array.of(parsed.value.codec), parsed.value.digest) : NONE
    }),
  )
}

/** Of bytes whose form `namesFault` has judged. */
export function readNames(names: Uint8Array): (Cid | null)[] {
  return Array.from({ length: names.length / NAME_BYTES }, (_, i) => {
    const [codec = 0] = names.subarray(i * NAME_BYTES)
    return codec === 0 ? null : cidOfDigest(names.subarray(i * NAME_BYTES + 1, (i + 1) * NAME_BYTES), codec)
  })
}

/** What is wrong with them; null where nothing is. */
export function namesFault(names: Uint8Array, countMax: number): string | null {
  if (names.length % NAME_BYTES !== 0) return `nameBytes ${names.length} is no multiple of ${NAME_BYTES}`
  if (names.length > countMax * NAME_BYTES) return `names ${names.length / NAME_BYTES} > ${countMax}`
  for (let at = 0; at < names.length; at += NAME_BYTES) {
    const codec = names[at]
    if (
      codec !== CODEC_RAW &&
      codec !== CODEC_DAG_CBOR &&
      !names.subarray(at, at + NAME_BYTES).every((byte) => byte === 0)
    )
      return `name ${at / NAME_BYTES} has codec ${codec}`
  }
  return null
}
