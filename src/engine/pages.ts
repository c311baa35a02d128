/** Memory as 4 KiB pages: what differs from a base, and putting it back. Knows nothing of engines and kernels. */
import { IMAGE_PAGE_BYTES } from './limits.ts'

const WORDS = IMAGE_PAGE_BYTES / 4

/** The pages of `memory` that differ from `base` (zero behind its end), copied. Both lengths are whole pages. */
export function differingPages(memory: Uint8Array, base: Uint8Array): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>()
  const now = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4)
  const then = new Uint32Array(base.buffer, base.byteOffset, base.length / 4)
  for (let page = 0; page < memory.length / IMAGE_PAGE_BYTES; page++) {
    const from = page * WORDS
    const differs = from < then.length ? differ(now, then, from) : notZero(now, from)
    if (differs) pages.set(page, memory.slice(page * IMAGE_PAGE_BYTES, (page + 1) * IMAGE_PAGE_BYTES))
  }
  return pages
}

function differ(now: Uint32Array, then: Uint32Array, from: number): boolean {
  for (let i = from; i < from + WORDS; i++) if (now[i] !== then[i]) return true
  return false
}

function notZero(now: Uint32Array, from: number): boolean {
  for (let i = from; i < from + WORDS; i++) if (now[i] !== 0) return true
  return false
}

export function putPages(memory: Uint8Array, pages: ReadonlyMap<number, Uint8Array>): void {
  for (const [page, bytes] of pages) memory.set(bytes, page * IMAGE_PAGE_BYTES)
}
