import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IMAGE_PAGE_BYTES } from '../../src/engine/limits.ts'
import { differingPages } from '../../src/engine/pages.ts'
import { PageReference } from '../../src/platform/guest/page-reference.ts'
import { isReference, mergePages } from '../../src/sandbox/image-delta.ts'
import { REFERENCE_BYTES_MAX, REFERENCE_BYTES_MIN } from '../../src/sandbox/limits.ts'
import { page } from '../checkpoint/images.ts'

const LARGE = REFERENCE_BYTES_MIN / IMAGE_PAGE_BYTES

/** A base of three pages, under a memory that is otherwise new. */
const base = new Uint8Array(3 * IMAGE_PAGE_BYTES).fill(7)
const large = (pages: number): Uint8Array => {
  const memory = new Uint8Array(pages * IMAGE_PAGE_BYTES).fill(9)
  memory.set(base)
  return memory
}

/** What a program does to its memory between two images: grows, writes pages, makes pages what they were at first. */
const anyTurn = fc.record({
  grow: fc.nat(40),
  writes: fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 255 })), { maxLength: 12 }),
  resets: fc.array(fc.nat(400), { maxLength: 6 }),
})

function live(memory: Uint8Array, { grow, writes, resets }: typeof anyTurn extends fc.Arbitrary<infer T> ? T : never) {
  const grown = new Uint8Array(memory.length + grow * IMAGE_PAGE_BYTES)
  grown.set(memory)
  const count = grown.length / IMAGE_PAGE_BYTES
  for (const [at, fill] of writes) grown[(at % count) * IMAGE_PAGE_BYTES + fill] = fill
  for (const at of resets) {
    const from = (at % count) * IMAGE_PAGE_BYTES
    grown.fill(from < base.length ? 7 : 0, from, from + IMAGE_PAGE_BYTES)
  }
  return grown
}

describe('a guest that sends what has changed, and a warden that puts it together', () => {
  test('agree with a look at the whole memory, whatever the program does', () => {
    fc.assert(
      fc.property(fc.array(anyTurn, { minLength: 1, maxLength: 6 }), (turns) => {
        const reference = new PageReference()
        let memory = large(LARGE + 60)
        let before: ReadonlyMap<number, Uint8Array> = reference.take(memory, base)
        expect(reference.gone).toBeNull()
        for (const turn of turns) {
          memory = live(memory, turn)
          const changed = reference.take(memory, base)
          const { gone } = reference
          const whole = gone === null ? changed : mergePages(before, changed, Uint32Array.from(gone))
          expect(isDeepStrictEqual(whole, differingPages(memory, base))).toBe(true)
          before = whole as ReadonlyMap<number, Uint8Array>
        }
      }),
      { numRuns: 30 },
    )
  })

  test('send one page of many when one has changed, and keep the others as they were', () => {
    const reference = new PageReference()
    const memory = large(LARGE + 3)
    const before = reference.take(memory, base)
    memory[5 * IMAGE_PAGE_BYTES] = 1
    const changed = reference.take(memory, base)
    expect([...changed.keys()]).toEqual([5])
    const merged = mergePages(before, changed, Uint32Array.from(reference.gone ?? []))
    if (typeof merged === 'string') throw new Error(merged)
    for (const [index, bytes] of merged) if (index !== 5) expect(bytes).toBe(before.get(index))
    expect(merged.get(5)?.buffer.byteLength).toBe(IMAGE_PAGE_BYTES)
  })

  test('send a small image whole each time, and keep no copy of an enormous memory', () => {
    const reference = new PageReference()
    for (let i = 0; i < 2; i++) {
      expect(reference.take(large(LARGE), base).size).toBe(LARGE - 3)
      expect(reference.gone).toBeNull()
    }
    expect(isReference(LARGE, REFERENCE_BYTES_MAX)).toBe(true)
    expect(isReference(LARGE, REFERENCE_BYTES_MAX + 1)).toBe(false)
    expect(isReference(LARGE - 1, REFERENCE_BYTES_MAX)).toBe(false)
  })

  test('go on from an image that the guest was thawed from', () => {
    const reference = new PageReference()
    const memory = large(LARGE + 3)
    reference.note(memory, [...differingPages(memory, base).keys()])
    memory.fill(0, 4 * IMAGE_PAGE_BYTES, 5 * IMAGE_PAGE_BYTES)
    expect(reference.take(memory, base).size).toBe(0)
    expect(reference.gone).toEqual([4])
  })
})

describe('a change does not fit', () => {
  const before = new Map([
    [1, page(1)],
    [2, page(2)],
  ])
  test('where it takes a page away that was not there', () => {
    expect(mergePages(before, new Map(), Uint32Array.of(3))).toBe('gone page 3 was not in the image before')
  })
  test('where it changes a page and takes it away', () => {
    expect(mergePages(before, new Map([[2, page(3)]]), Uint32Array.of(2))).toBe('page 2 is both changed and gone')
  })
})
