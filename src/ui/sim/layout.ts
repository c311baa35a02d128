/**
 * Where hosts stand in the picture: like the seeds of a sunflower, so that any number of them fills the room evenly. A cut
 * is a straight line through the picture; the hosts on its two sides draw apart. Pure geometry, in pixels but for cuts.
 */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A line that parts the cluster, by two points of the unit circle in which all hosts stand. */
export interface Cut {
  readonly from: Point
  readonly to: Point
}

export interface Field {
  readonly widthPx: number
  readonly heightPx: number
}

export interface Layout {
  readonly spots: readonly Point[]
  /** Of a host's circle. */
  readonly radiusPx: number
  /** The lines of the cuts, from edge to edge. */
  readonly lines: readonly (readonly [Point, Point])[]
}

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5))
const MARGIN_PX = 22
/** Much wider than high, the flower would be a ribbon. */
const ASPECT_MAX = 1.75
const GAP_PX = 34
const RADIUS_MIN_PX = 3.2
const RADIUS_MAX_PX = 15

export function layoutHosts(count: number, field: Field, cuts: readonly Cut[]): Layout {
  const { middle, rx, ry } = frameOf(field, cuts.length > 0)
  const spacing = Math.sqrt((Math.PI * rx * ry) / Math.max(1, count))
  const spots = Array.from({ length: count }, (_, i) => {
    const seat = seatOf(i, count)
    let [x, y] = [middle.x + seat.x * rx, middle.y + seat.y * ry]
    for (const cut of cuts) {
      const push = (sideOf(seat, cut) * GAP_PX) / 2
      const normal = normalOf(cut, rx, ry)
      x += normal.x * push
      y += normal.y * push
    }
    return { x, y }
  })
  const radiusPx = Math.min(RADIUS_MAX_PX, Math.max(RADIUS_MIN_PX, spacing * 0.27))
  const lines = cuts.map((cut) => lineOf(cut, middle, rx, ry))
  return { spots, radiusPx, lines }
}

/** In the unit circle, the first in the middle. */
function seatOf(i: number, count: number): Point {
  const distance = count < 2 ? 0 : Math.sqrt((i + 0.35) / count)
  return { x: distance * Math.cos(i * GOLDEN_ANGLE), y: distance * Math.sin(i * GOLDEN_ANGLE) }
}

function frameOf({ widthPx, heightPx }: Field, parted: boolean): { middle: Point; rx: number; ry: number } {
  const margin = MARGIN_PX + (parted ? GAP_PX / 2 : 0)
  const [freeX, freeY] = [Math.max(20, widthPx / 2 - margin), Math.max(20, heightPx / 2 - margin)]
  const middle = { x: widthPx / 2, y: heightPx / 2 }
  return { middle, rx: Math.min(freeX, freeY * ASPECT_MAX), ry: Math.min(freeY, freeX * ASPECT_MAX) }
}

/** 1 or -1: on which side of the line the point lies. */
const sideOf = (point: Point, { from, to }: Cut): 1 | -1 =>
  (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x) >= 0 ? 1 : -1

/** Of length one in pixels, towards the side that `sideOf` calls 1. */
function normalOf({ from, to }: Cut, rx: number, ry: number): Point {
  const [dx, dy] = [(to.x - from.x) * rx, (to.y - from.y) * ry]
  const length = Math.hypot(dx, dy) || 1
  return { x: -dy / length, y: dx / length }
}

/** The cut drawn out to where it leaves the flower. */
function lineOf({ from, to }: Cut, middle: Point, rx: number, ry: number): readonly [Point, Point] {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy) || 1
  const along = -(from.x * dx + from.y * dy) / length
  const foot = { x: from.x + (dx / length) * along, y: from.y + (dy / length) * along }
  const reach = Math.sqrt(Math.max(0.04, 1.12 - foot.x ** 2 - foot.y ** 2))
  const at = (by: number): Point => ({
    x: middle.x + (foot.x + (dx / length) * by) * rx,
    y: middle.y + (foot.y + (dy / length) * by) * ry,
  })
  return [at(-reach), at(reach)]
}

/** The cut that a line drawn on the picture makes; null where it leaves every host on one side. */
export function cutOfLine(a: Point, b: Point, count: number, field: Field, cuts: readonly Cut[]): Cut | null {
  if (Math.hypot(b.x - a.x, b.y - a.y) < LINE_PX_MIN) return null
  const { middle, rx, ry } = frameOf(field, cuts.length > 0)
  const unit = (point: Point): Point => ({ x: (point.x - middle.x) / rx, y: (point.y - middle.y) / ry })
  const cut = { from: unit(a), to: unit(b) }
  return groupsOf(count, [cut]).length > 1 ? cut : null
}

/** Shorter is a click with an unsteady hand. */
const LINE_PX_MIN = 24

/** Who is still together when all cuts are made; the larger groups first. */
export function groupsOf(count: number, cuts: readonly Cut[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  for (let i = 0; i < count; i++) {
    const sides = cuts.map((cut) => sideOf(seatOf(i, count), cut)).join()
    groups.set(sides, [...(groups.get(sides) ?? []), i])
  }
  return [...groups.values()].sort((a, b) => b.length - a.length)
}

/** The nearest host in a direction, for arrow keys: what lies askew counts as further away. */
export function neighbourOf(at: number, direction: Point, spots: readonly Point[]): number {
  const here = spots[at]
  if (!here) return at
  let [best, bestCost] = [at, Number.POSITIVE_INFINITY]
  for (const [i, spot] of spots.entries()) {
    const [dx, dy] = [spot.x - here.x, spot.y - here.y]
    const ahead = dx * direction.x + dy * direction.y
    const aside = Math.abs(dx * direction.y - dy * direction.x)
    if (ahead <= 0.5 || aside > ahead * 1.5) continue
    const cost = Math.hypot(dx, dy) + aside
    if (cost < bestCost) [best, bestCost] = [i, cost]
  }
  return best
}

/** The host under a point, or null. */
export function hostAt(point: Point, { spots, radiusPx }: Layout): number | null {
  const reach = Math.max(radiusPx * 1.7, 12)
  let [best, bestPx] = [null as number | null, reach]
  for (const [i, spot] of spots.entries()) {
    const px = Math.hypot(spot.x - point.x, spot.y - point.y)
    if (px < bestPx) [best, bestPx] = [i, px]
  }
  return best
}
