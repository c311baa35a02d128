import type { HashAll } from '../../base/digest.ts'
import { DIGEST_BYTES } from './hash-parts.ts'

/**
 * Hashing in a web worker of ours, so that the page's own thread stays free: a checkpoint has hundreds of pages, a large one
 * ten thousand. The parts are copied once, on their way there.
 */
export interface BrowserHasher {
  readonly hashAll: HashAll
  close(): void
}

export function openBrowserHasher(): BrowserHasher {
  const worker = new Worker(new URL('./hash.worker.ts', import.meta.url), { type: 'module', name: 'hash' })
  const waiting = new Map<number, { resolve: (digests: Uint8Array) => void; reject: (error: Error) => void }>()
  let fault: Error | null = null
  let next = 0
  const fail = (reason: string): void => {
    fault ??= new Error(reason)
    for (const { reject } of waiting.values()) reject(fault)
    waiting.clear()
  }
  worker.onmessage = ({ data }: MessageEvent<{ id: number; digests: Uint8Array | null }>) => {
    const asked = waiting.get(data.id)
    waiting.delete(data.id)
    if (data.digests) asked?.resolve(data.digests)
    else asked?.reject(new Error('the pages could not be hashed'))
  }
  worker.onerror = (event) => fail(`the web worker that hashes failed: ${event.message}`)
  return {
    async hashAll(parts) {
      if (fault) throw fault
      if (parts.length === 0) return []
      const lengths = Uint32Array.from(parts, ({ length }) => length)
      const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0))
      let at = 0
      for (const part of parts) {
        bytes.set(part, at)
        at += part.length
      }
      const digests = await new Promise<Uint8Array>((resolve, reject) => {
        const id = next++
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, bytes, lengths }, [bytes.buffer, lengths.buffer])
      })
      return parts.map((_, i) => digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES))
    },
    close() {
      fail('the hasher is closed')
      worker.terminate()
    },
  }
}
