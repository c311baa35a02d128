import { PAGE_BYTES } from '../checkpoint/limits.ts'
import { REFERENCE_BYTES_MAX, REFERENCE_BYTES_MIN } from './limits.ts'

/**
 * A large image crosses between guest and host once; after that only what has changed since does. Both sides keep the
 * image before, by the same rule, and neither believes that the other did.
 */
type Pages = ReadonlyMap<number, Uint8Array>

/** Whether an image of so many pages, of a memory of so many bytes, is kept as what the next one is a change of. */
export const isReference = (pages: number, memoryBytes: number): boolean =>
  pages * PAGE_BYTES >= REFERENCE_BYTES_MIN && memoryBytes <= REFERENCE_BYTES_MAX

/**
 * The whole image after a change, ascending; or the violated condition. Pages that have not changed are the same objects
 * as before, which is how sealing knows them; those that have are copied out of the message's buffer, so that one of them
 * that stays for long does not keep the rest alive.
 */
export function mergePages(before: Pages, changed: Pages, gone: Uint32Array): Pages | string {
  for (const page of gone) {
    if (!before.has(page)) return `gone page ${page} was not in the image before`
    if (changed.has(page)) return `page ${page} is both changed and gone`
  }
  const dropped = new Set(gone)
  const merged = new Map<number, Uint8Array>()
  const kept = before.entries()
  let next = kept.next()
  for (const [index, bytes] of changed) {
    for (; !next.done && next.value[0] <= index; next = kept.next())
      if (next.value[0] < index && !dropped.has(next.value[0])) merged.set(next.value[0], next.value[1])
    merged.set(index, bytes.slice())
  }
  for (; !next.done; next = kept.next()) if (!dropped.has(next.value[0])) merged.set(next.value[0], next.value[1])
  return merged
}

/** What a guest that has `before` lacks of `after`; a page that is the same object is the same. */
export function changesBetween(before: Pages, after: Pages): { readonly changed: Pages; readonly gone: Uint32Array } {
  const changed = new Map<number, Uint8Array>()
  for (const [index, bytes] of after) if (before.get(index) !== bytes) changed.set(index, bytes)
  return { changed, gone: Uint32Array.from([...before.keys()].filter((index) => !after.has(index))) }
}
