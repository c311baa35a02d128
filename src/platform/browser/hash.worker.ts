/// <reference lib="webworker" />
import { hashParts } from './hash-parts.ts'

/** A web worker of ours that hashes pages for the page's host. */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope
scope.onmessage = async ({
  data,
}: MessageEvent<{ id: number; bytes: Uint8Array<ArrayBuffer>; lengths: Uint32Array }>) => {
  const { id } = data
  try {
    const digests = await hashParts(data.bytes, data.lengths)
    scope.postMessage({ id, digests }, [digests.buffer])
  } catch {
    scope.postMessage({ id, digests: null })
  }
}
