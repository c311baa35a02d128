import { describe, expect, it } from 'vitest'
import { addTile, type Painting, parseTile, type TileMessage } from '../../src/ui/tile.ts'

const tile = (x: number, y: number, of: object | null = { width: 8, height: 4 }): TileMessage => {
  const parsed = parseTile({ x, y, width: 2, height: 2, pixels: [0, 80, 160, 255], ...(of && { of }) })
  if (!parsed) throw new Error('the fixture is a tile')
  return parsed
}

describe('a tile', () => {
  it('may have one, three or four bytes a pixel', () => {
    const place = { x: 0, y: 0, width: 2, height: 1 }
    expect(parseTile({ ...place, pixels: [0, 255] })?.rgba.slice(0, 4)).toEqual(Uint8ClampedArray.of(10, 22, 34, 255))
    expect(parseTile({ ...place, pixels: [1, 2, 3, 4, 5, 6] })?.rgba).toEqual(
      Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255),
    )
    expect(parseTile({ ...place, pixels: Uint8Array.of(1, 2, 3, 9, 4, 5, 6, 9) })?.rgba[3]).toBe(9)
  })

  it('is refused, without throwing, whatever an agent emits instead', () => {
    const place = { x: 0, y: 0, width: 2, height: 1 }
    const hostile: readonly unknown[] = [
      null,
      7,
      'tile',
      [],
      {},
      { tile: place, pixels: [1, 2] },
      place,
      { ...place, pixels: 'AAAA' },
      { ...place, pixels: [1] },
      { ...place, pixels: [1, 2, 3, 4, 5] },
      { ...place, width: 0, pixels: [] },
      { ...place, width: -2, pixels: [1, 2] },
      { ...place, x: 1.5, pixels: [1, 2] },
      { ...place, x: 16_000, y: 16_000, pixels: [1, 2] },
      { ...place, width: 2 ** 40, pixels: [1, 2] },
      { ...place, x: '0', pixels: [1, 2] },
    ]
    for (const value of hostile) expect(parseTile(value)).toBeNull()
  })

  it('believes a size of the whole only when the tile fits into it', () => {
    expect(tile(0, 0).of).toEqual({ w: 8, h: 4 })
    expect(tile(0, 0, { width: 1, height: 1 }).of).toBeNull()
    expect(tile(0, 0, { width: 1e9, height: 1e9 }).of).toBeNull()
  })
})

describe('paintings', () => {
  it('gather the tiles of one family and take a repeated tile once', () => {
    let paintings: readonly Painting[] = []
    for (const [x, y] of [
      [0, 0],
      [2, 0],
      [0, 0],
    ] as const)
      paintings = addTile(paintings, 'a', 'mandelbrot', tile(x, y))
    expect(paintings).toHaveLength(1)
    expect(paintings[0]).toMatchObject({ key: 'a', width: 8, height: 4 })
    expect(paintings[0]?.tiles).toHaveLength(2)
  })

  it('grow with their tiles where nobody said the size', () => {
    const paintings = addTile(addTile([], 'a', 'm', tile(0, 0, null)), 'a', 'm', tile(6, 2, null))
    expect(paintings[0]).toMatchObject({ width: 8, height: 4 })
  })

  it('are a few at most: the oldest goes', () => {
    let paintings: readonly Painting[] = []
    for (const key of ['a', 'b', 'c', 'd']) paintings = addTile(paintings, key, key, tile(0, 0))
    expect(paintings.map(({ key }) => key)).toEqual(['d', 'c', 'b'])
  })
})
