/**
 * What goes between the suite and a realm: a head in JSON and the bytes beside it. Plain on purpose: it has to be read by
 * engine shells without a library, and nothing hostile sends it.
 */
import { concatBytes, fromUtf8, utf8 } from '../base/bytes.ts'

const LENGTH_BYTES = 4

export interface Frame<Head> {
  readonly head: Head
  readonly parts: readonly Uint8Array[]
}

export function packFrame<Head>({ head, parts }: Frame<Head>): Uint8Array {
  const text = utf8(JSON.stringify({ head, lengths: parts.map((part) => part.length) }))
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, text.length)
  return concatBytes(length, text, ...parts)
}

/** The parts are copies: a view would keep the whole frame. */
export function openFrame<Head>(bytes: Uint8Array): Frame<Head> {
  const textLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  let at = LENGTH_BYTES + textLength
  const { head, lengths } = JSON.parse(fromUtf8(bytes.subarray(LENGTH_BYTES, at))) as { head: Head; lengths: number[] }
  const parts = lengths.map((length) => {
    at += length
    return bytes.slice(at - length, at)
  })
  return { head, parts }
}
