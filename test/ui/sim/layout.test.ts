import { describe, expect, it } from 'vitest'
import {
  type Cut,
  cutOfLine,
  type Field,
  groupsOf,
  hostAt,
  layoutHosts,
  neighbourOf,
} from '../../../src/ui/sim/layout.ts'

const DESK: Field = { widthPx: 820, heightPx: 600 }
const PHONE: Field = { widthPx: 296, heightPx: 374 }
/** From top to bottom, through the middle. */
const UPRIGHT: Cut = { from: { x: 0.02, y: -1 }, to: { x: 0.02, y: 1 } }
const LEVEL: Cut = { from: { x: -1, y: 0.02 }, to: { x: 1, y: 0.02 } }

const distances = (spots: readonly { x: number; y: number }[]): number[] =>
  spots.map((a, i) => Math.min(...spots.filter((_, k) => k !== i).map((b) => Math.hypot(a.x - b.x, a.y - b.y))))

describe('hosts in the picture', () => {
  it.each([
    ['a desk', DESK, [1, 2, 12, 60, 300]],
    ['a phone', PHONE, [1, 2, 12, 60, 300]],
  ] as const)('stand inside of it and apart from each other, on %s', (_, field, counts) => {
    for (const count of counts)
      for (const cuts of [[], [UPRIGHT], [UPRIGHT, LEVEL]]) {
        const { spots, radiusPx } = layoutHosts(count, field, cuts)
        expect(spots).toHaveLength(count)
        for (const { x, y } of spots) {
          expect(Math.min(x, field.widthPx - x), `${count} hosts`).toBeGreaterThan(radiusPx + 2)
          expect(Math.min(y, field.heightPx - y), `${count} hosts`).toBeGreaterThan(radiusPx + 2)
        }
        if (count > 1) expect(Math.min(...distances(spots)), `${count} hosts`).toBeGreaterThan(2 * radiusPx)
      }
  })

  it('are parted by a cut into who can still reach each other, nobody left out', () => {
    const two = groupsOf(100, [UPRIGHT])
    expect(two).toHaveLength(2)
    expect(two.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    for (const group of two) expect(group.length).toBeGreaterThan(35)
    expect(groupsOf(100, [UPRIGHT, LEVEL])).toHaveLength(4)
    expect(groupsOf(100, [])).toHaveLength(1)
  })

  it('draw apart along the cut, and only across it', () => {
    const [whole, parted] = [layoutHosts(100, DESK, []), layoutHosts(100, DESK, [UPRIGHT])]
    const [left = [], right = []] = groupsOf(100, [UPRIGHT]).map((group) => group.map((i) => parted.spots[i]?.x ?? 0))
    const [a, b] = Math.max(...left) < Math.min(...right) ? [left, right] : [right, left]
    expect(Math.min(...b) - Math.max(...a)).toBeGreaterThan(30)
    // All of it shrinks a little to make room; nobody is pushed along the cut.
    for (const [i, spot] of parted.spots.entries())
      expect(Math.abs(spot.y - (whole.spots[i]?.y ?? Number.NaN))).toBeLessThan(18)
    expect(parted.lines).toHaveLength(1)
  })

  it('are cut by a line that somebody draws, wherever the picture stands; one that parts nobody is no cut', () => {
    const cut = cutOfLine({ x: 430, y: 30 }, { x: 420, y: 580 }, 100, DESK, [])
    expect(cut && groupsOf(100, [cut])).toHaveLength(2)
    expect(cutOfLine({ x: 2, y: 2 }, { x: 2, y: 590 }, 100, DESK, [])).toBeNull()
    expect(cutOfLine({ x: 400, y: 300 }, { x: 405, y: 303 }, 100, DESK, [])).toBeNull()
  })

  it('are found under a finger, and not between', () => {
    const layout = layoutHosts(40, PHONE, [])
    for (const [i, { x, y }] of layout.spots.entries()) expect(hostAt({ x: x + 4, y: y - 3 }, layout)).toBe(i)
    expect(hostAt({ x: 1, y: 1 }, layout)).toBeNull()
  })

  it('are all reached by arrow keys', () => {
    const { spots } = layoutHosts(60, DESK, [])
    const ways = [
      { x: 1, y: 0 },
      { x: -1, y: 0 },
      { x: 0, y: 1 },
      { x: 0, y: -1 },
    ]
    const reached = new Set([0])
    for (const at of reached) for (const way of ways) reached.add(neighbourOf(at, way, spots))
    expect(reached.size).toBe(60)
    const right = neighbourOf(0, { x: 1, y: 0 }, spots)
    expect(spots[right]?.x).toBeGreaterThan(spots[0]?.x ?? 0)
  })
})
