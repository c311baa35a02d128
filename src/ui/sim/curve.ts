import type { Point } from './layout.ts'

/** The way from host to host: a bend to the right of the traveller, so that there and back are two lines. */
export interface Curve {
  readonly from: Point
  readonly bend: Point
  readonly to: Point
}

const BEND = 0.17

export function curveOf(from: Point, to: Point): Curve {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  return { from, bend: { x: (from.x + to.x) / 2 - dy * BEND, y: (from.y + to.y) / 2 + dx * BEND }, to }
}

const between = (a: Point, b: Point, t: number): Point => ({ x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t })

/** The part of it that lies behind a traveller who has done the fraction `t`. */
export function travelled({ from, bend, to }: Curve, t: number): Curve {
  const [before, after] = [between(from, bend, t), between(bend, to, t)]
  return { from, bend: before, to: between(before, after, t) }
}

/** Sets out and arrives gently. */
export const eased = (t: number): number => {
  const bounded = Math.min(1, Math.max(0, t))
  return bounded < 0.5 ? 2 * bounded * bounded : 1 - (2 - 2 * bounded) ** 2 / 2
}
