import type { Deflate } from '../../base/deflate.ts'
import { accept, type Result, refuse } from '../../base/result.ts'

/**
 * The browser's own DEFLATE (https://compression.spec.whatwg.org/). Works in the realm it is called in: whoever must not
 * stall for it calls it in a web worker.
 */
export const browserDeflate: Deflate = {
  async deflate(bytes) {
    const out = await collect(bytes, new CompressionStream('deflate-raw'), Number.POSITIVE_INFINITY)
    if (!out.ok) throw new Error(out.reason)
    return out.value
  },
  inflate: (bytes, bytesMax) => collect(bytes, new DecompressionStream('deflate-raw'), bytesMax),
}

/** Chunk by chunk, and no further than `bytesMax`. The specification makes garbage, a missing end and a tail TypeErrors. */
async function collect(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  bytesMax: number,
): Promise<Result<Uint8Array, 'DEFLATE'>> {
  const writer = stream.writable.getWriter()
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader()
  // What fails here fails in the reader too, which is where it is seen.
  void writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => undefined)
  void writer.close().catch(() => undefined)
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length
      if (length > bytesMax) {
        await reader.cancel()
        return refuse('DEFLATE', `inflatedBytes > ${bytesMax}`)
      }
      chunks.push(next.value)
    }
  } catch (error) {
    return refuse('DEFLATE', error instanceof Error ? error.message : 'the data are not DEFLATE')
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return accept(whole)
}
