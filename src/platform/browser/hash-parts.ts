/**
 * What the web worker of hash.worker.ts does: many parts in one buffer, so that one message brings them all, and their
 * digests in another. By the browser's own SHA-256.
 */
export const DIGEST_BYTES = 32

/** The digests, one after another, of parts that lie one after another. */
export async function hashParts(
  bytes: Uint8Array<ArrayBuffer>,
  lengths: Uint32Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const digests = new Uint8Array(lengths.length * DIGEST_BYTES)
  let at = 0
  await Promise.all(
    Array.from(lengths, async (length, i) => {
      const part = bytes.subarray(at, at + length)
      at += length
      digests.set(new Uint8Array(await crypto.subtle.digest('SHA-256', part)), i * DIGEST_BYTES)
    }),
  )
  return digests
}
