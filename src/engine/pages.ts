/** Memory as 4 KiB pages: what differs from a base, and putting it back. Knows nothing of engines and kernels. */
import { IMAGE_PAGE_BYTES } from './limits.ts'

const WORDS = IMAGE_PAGE_BYTES / 4

/** Addresses between which a memory is known to be as its base: nobody need look there. */
export interface Untouched {
  readonly from: number
  readonly to: number
}

/** How an image gets its pages out of a memory; the bytes it returns are the image's own. Both lengths are whole pages. */
export type TakePages = (memory: Uint8Array, base: Uint8Array, untouched?: Untouched) => Map<number, Uint8Array>

/** The pages of `memory` that differ from `base` (zero behind its end), copied. */
export const differingPages: TakePages = (memory, base, { from, to } = { from: 0, to: 0 }) => {
  const now = wordsOf(memory)
  const then = wordsOf(base)
  const first = Math.ceil(from / IMAGE_PAGE_BYTES)
  const behind = Math.floor(to / IMAGE_PAGE_BYTES)
  const indexes: number[] = []
  for (let page = 0; page < memory.length / IMAGE_PAGE_BYTES; page++) {
    const known = page >= first && page < behind
    if (!known && pageDiffers(now, then, page)) indexes.push(page)
  }
  return copyPages(memory, indexes)
}

/** Into one buffer, in the order given: a message can then move all of them at once. */
export function copyPages(memory: Uint8Array, indexes: readonly number[]): Map<number, Uint8Array> {
  const all = new Uint8Array(indexes.length * IMAGE_PAGE_BYTES)
  const pages = new Map<number, Uint8Array>()
  indexes.forEach((index, i) => {
    const page = all.subarray(i * IMAGE_PAGE_BYTES, (i + 1) * IMAGE_PAGE_BYTES)
    page.set(memory.subarray(index * IMAGE_PAGE_BYTES, (index + 1) * IMAGE_PAGE_BYTES))
    pages.set(index, page)
  })
  return pages
}

export const wordsOf = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)

/** Whether a page of one memory differs from the same page of another, which is zero behind its end. */
export function pageDiffers(now: Uint32Array, then: Uint32Array, page: number): boolean {
  const from = page * WORDS
  return from < then.length ? differ(now, then, from) : notZero(now, from)
}

/** Four words a turn: a heap of 50 MB is looked through while its program stands still. */
function differ(now: Uint32Array, then: Uint32Array, from: number): boolean {
  for (let i = from; i < from + WORDS; i += 4) {
    const one = word(now, i) ^ word(then, i)
    const two = word(now, i + 1) ^ word(then, i + 1)
    const three = word(now, i + 2) ^ word(then, i + 2)
    const four = word(now, i + 3) ^ word(then, i + 3)
    if ((one | two | three | four) !== 0) return true
  }
  return false
}

const word = (words: Uint32Array, i: number): number => words[i] as number

function notZero(now: Uint32Array, from: number): boolean {
  for (let i = from; i < from + WORDS; i++) if (now[i] !== 0) return true
  return false
}

export function putPages(memory: Uint8Array, pages: ReadonlyMap<number, Uint8Array>): void {
  for (const [page, bytes] of pages) memory.set(bytes, page * IMAGE_PAGE_BYTES)
}

/** Makes pages what they are in `base`, or zero behind its end; indexes outside the memory are left out. */
export function resetPages(memory: Uint8Array, base: Uint8Array, indexes: Iterable<number>): void {
  for (const page of indexes) {
    const from = page * IMAGE_PAGE_BYTES
    const to = from + IMAGE_PAGE_BYTES
    if (to <= base.length) memory.set(base.subarray(from, to), from)
    else memory.fill(0, from, to)
  }
}
