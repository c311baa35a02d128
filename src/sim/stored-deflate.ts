import { concatBytes } from '../base/bytes.ts'
import type { Deflate } from '../base/deflate.ts'
import { accept, refuse } from '../base/result.ts'

/**
 * DEFLATE without compression: stored blocks only (RFC 1951 section 3.2.4). The same bytes in every realm, which native
 * compressors do not promise, and at once. Reads nothing but what it has written.
 */
const BLOCK_BYTES_MAX = 65_535
const HEAD_BYTES = 5

export const storedDeflate: Deflate = {
  async deflate(bytes) {
    const parts: Uint8Array[] = []
    for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_BYTES_MAX) {
      const block = bytes.subarray(at, at + BLOCK_BYTES_MAX)
      const isLast = at + BLOCK_BYTES_MAX >= bytes.length
      const { length } = block
      parts.push(Uint8Array.of(isLast ? 1 : 0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), block)
    }
    return concatBytes(...parts)
  },
  async inflate(bytes, bytesMax) {
    const parts: Uint8Array[] = []
    let room = bytesMax
    for (let at = 0, isLast = false; !isLast; ) {
      const [head = 2, low = 0, high = 0, notLow = 0, notHigh = 0] = bytes.subarray(at, at + HEAD_BYTES)
      const length = low | (high << 8)
      if (head > 1 || (length ^ 0xffff) !== (notLow | (notHigh << 8)))
        return refuse('DEFLATE', 'the data are not stored')
      const block = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
      if (block.length < length) return refuse('DEFLATE', 'the data end in the middle')
      room -= length
      if (room < 0) return refuse('DEFLATE', `inflatedBytes > ${bytesMax}`)
      parts.push(block)
      at += HEAD_BYTES + length
      isLast = head === 1
      if (isLast && at < bytes.length) return refuse('DEFLATE', `${bytes.length - at} bytes follow the end of the data`)
    }
    return accept(concatBytes(...parts))
  },
}
