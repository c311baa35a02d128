import { IMAGE_PAGE_BYTES } from '../../engine/limits.ts'
import { copyPages, differingPages, pageDiffers, type TakePages, wordsOf } from '../../engine/pages.ts'
import { isReference } from '../../sandbox/image-delta.ts'
import { REFERENCE_BYTES_MAX } from '../../sandbox/limits.ts'

/**
 * A program's memory as its last image had it, so that the next image needs to carry only the pages that have changed
 * since. Exact: bytes are compared with bytes, no digest stands for them. It takes as much memory as the program has;
 * small images are quicker sent whole, and of enormous ones no second copy is kept.
 */
export class PageReference {
  /** Of the last take: pages that had been in the image before and are as in the base again; null for a whole image. */
  gone: readonly number[] | null = null
  #copy: Uint8Array | null = null
  /** Bytes of the memory that the copy is of; the copy itself may be longer, and is zero there. */
  #length = 0
  /** For each page whether the last image has it. */
  #imaged = new Uint8Array(0)
  /** How many those are. */
  #count = 0

  readonly take: TakePages = (memory, base, untouched) => {
    const copy = this.#copy
    if (copy === null || memory.length < this.#length) {
      const pages = differingPages(memory, base, untouched)
      this.note(memory, [...pages.keys()])
      this.gone = null
      return pages
    }
    const { changed, gone } = this.#compare(memory, base, copy)
    const pages = copyPages(memory, changed)
    this.follow(memory, changed, gone)
    this.gone = gone
    return pages
  }

  /** The memory as it is now, with these pages in its image, is what the next take compares with. */
  note(memory: Uint8Array, imaged: ArrayLike<number> & Iterable<number>): void {
    this.#forget()
    if (!isReference(imaged.length, memory.length)) return
    this.#copy = memory.slice()
    this.#length = memory.length
    this.#count = imaged.length
    this.#imaged = new Uint8Array(memory.length / IMAGE_PAGE_BYTES)
    for (const page of imaged) this.#imaged[page] = 1
  }

  #forget(): void {
    this.#copy = null
    this.#length = 0
    this.#imaged = new Uint8Array(0)
  }

  #compare(memory: Uint8Array, base: Uint8Array, copy: Uint8Array): { changed: number[]; gone: number[] } {
    const now = wordsOf(memory)
    const last = wordsOf(copy.subarray(0, this.#length))
    const first = wordsOf(base)
    const changed: number[] = []
    const gone: number[] = []
    for (let page = 0; page < memory.length / IMAGE_PAGE_BYTES; page++) {
      if (!pageDiffers(now, last, page)) continue
      if (pageDiffers(now, first, page)) changed.push(page)
      else if (this.#imaged[page] === 1) gone.push(page)
    }
    return { changed, gone }
  }

  /** Makes the copy what the memory is, which differs from it in these pages; nothing where there is no copy. */
  follow(memory: Uint8Array, changed: readonly number[], gone: readonly number[]): void {
    if (this.#copy === null) return
    let imaged = changed.length
    for (const page of changed) imaged -= this.#imaged[page] ?? 0
    this.#count += imaged - gone.length
    if (!isReference(this.#count, memory.length)) return this.#forget()
    if (this.#imaged.length < memory.length / IMAGE_PAGE_BYTES) {
      const imaged = new Uint8Array(memory.length / IMAGE_PAGE_BYTES)
      imaged.set(this.#imaged)
      this.#imaged = imaged
    }
    if (this.#copy.length < memory.length) {
      // A growing program grows again: an eighth of room ahead saves most of these copies.
      const room = Math.min(memory.length + (memory.length >> 3), REFERENCE_BYTES_MAX)
      this.#copy = new Uint8Array(room - (room % IMAGE_PAGE_BYTES))
      this.#copy.set(memory)
    } else {
      for (const pages of [changed, gone])
        for (const page of pages) {
          const from = page * IMAGE_PAGE_BYTES
          this.#copy.set(memory.subarray(from, from + IMAGE_PAGE_BYTES), from)
        }
    }
    this.#length = memory.length
    for (const page of changed) this.#imaged[page] = 1
    for (const page of gone) this.#imaged[page] = 0
  }
}
