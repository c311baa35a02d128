import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cid } from '../../src/base/digest.ts'
import type { HashedPages } from '../../src/checkpoint/hashed.ts'
import { Counterparts, KnownTables, type Placed, placesOf } from '../../src/checkpoint/places.ts'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import { manyPages, page, smallImage } from './images.ts'

const WASM_PAGES = 80
const from = (blocks: ReadonlyMap<Cid, Uint8Array>) => async (cid: Cid) => blocks.get(cid) ?? null
const plain = (placed: readonly Placed[]) => placed.map(({ place, cid, bytes }) => ({ place, cid, bytes }))

async function placed(
  { root, blocks }: ReturnType<typeof sealCheckpoint>,
  tables?: KnownTables,
): Promise<readonly Placed[]> {
  const places = await placesOf(root, from(blocks), tables)
  if (!places.ok) throw new Error(places.reason)
  return places.value
}

describe('the places of a checkpoint', () => {
  test('are the same whether its tables are known from earlier ones or not, whatever has changed since', async () => {
    const anyChange = fc.tuple(fc.nat(900), fc.constantFrom('other', 'zeros', 'gone'), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyChange, { maxLength: 12 }), { maxLength: 5 }), async (rounds) => {
        const tables = new KnownTables()
        const pages = new Map(manyPages(600))
        let hashed: HashedPages | undefined
        for (const changes of [[], ...rounds]) {
          for (const [index, what, fill] of changes)
            if (what === 'gone') pages.delete(index)
            else pages.set(index, page(what === 'zeros' ? 0 : fill))
          const ascending = new Map([...pages].sort(([a], [b]) => a - b))
          const sealed = sealCheckpoint(smallImage({ memoryPages: WASM_PAGES, pages: ascending }), hashed)
          hashed = sealed.hashed
          expect(plain(await placed(sealed, tables))).toEqual(plain(await placed(sealed)))
        }
      }),
      { numRuns: 5 },
    )
  })

  test('are the same objects where nothing has changed, also in a table that has', async () => {
    const tables = new KnownTables()
    const seal = (pages: ReadonlyMap<number, Uint8Array>) =>
      sealCheckpoint(smallImage({ memoryPages: WASM_PAGES, pages }))
    const before = await placed(seal(manyPages(600)), tables)
    const after = await placed(seal(new Map(manyPages(600)).set(300, page(9))), tables)
    const known = new Set(before)
    expect(after.filter((one) => !known.has(one)).map(({ place }) => place)).toEqual(['root', '0 1', '0 1 44'])
  })
})

describe('the counterpart of a place', () => {
  test('is found in any order, and is nothing where nothing was', () => {
    const at = (place: string): Placed => ({ place, cid: `cid of ${place}` as Cid, bytes: 1 })
    const before = new Counterparts(['root', 'a', 'b', 'c'].map(at))
    expect(['root', 'new', 'b', 'c', 'a', 'b', 'root'].map((place) => before.at(place))).toEqual([
      0,
      null,
      2,
      3,
      1,
      2,
      0,
    ])
  })
})
