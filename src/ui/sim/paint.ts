import { curveOf, eased, travelled } from './curve.ts'
import type { Layout, Point } from './layout.ts'
import { paintHosts } from './paint-hosts.ts'
import { BLOOM_MS, type Dot, dotsOf, LETTER_MS, type Scene, TRAIL_MS } from './scene.ts'
import type { Stamps } from './stamps.ts'

/** Draws one instant of a scene. Every state differs in its shape, not in its colour alone. */
export interface Palette {
  readonly panel: string
  readonly sunken: string
  readonly ink: string
  readonly inkQuiet: string
  readonly line: string
  readonly lineStrong: string
  readonly sky: string
  readonly skyWash: string
  readonly ember: string
  readonly leaf: string
  readonly fault: string
}

export interface Marks {
  readonly chosen: number | null
  readonly hovered: number | null
  /** The cut that is being drawn. */
  readonly stroke: readonly [Point, Point] | null
}

type Canvas = CanvasRenderingContext2D

/** `stamps`: made for this palette and this radius of hosts. */
export function paint(
  canvas: Canvas,
  stamps: Stamps,
  scene: Scene,
  layout: Layout,
  marks: Marks,
  palette: Palette,
  at: Instant,
): void {
  const { frame } = scene
  if (!frame) return
  const dots = dotsOf(scene, at.nowMs, at.motion)
  paintCuts(canvas, layout, frame.cutLinks, palette)
  paintLetters(canvas, scene, layout, palette, at)
  paintTrails(canvas, scene, layout, palette, at)
  paintHosts(canvas, stamps, frame.hosts, layout, loadsOf(dots), palette)
  paintBlooms(canvas, scene, layout, palette, at)
  paintAgents(canvas, stamps, dots, layout, palette)
  paintMarks(canvas, marks, layout, palette)
}

export interface Instant {
  readonly nowMs: number
  readonly motion: boolean
}

function loadsOf(dots: readonly Dot[]): ReadonlyMap<number, number> {
  const loads = new Map<number, number>()
  for (const { host, seat } of dots) if (seat) loads.set(host, (loads.get(host) ?? 0) + 1)
  return loads
}

function paintCuts(
  canvas: Canvas,
  { lines, spots }: Layout,
  links: readonly (readonly [number, number])[],
  palette: Palette,
): void {
  canvas.strokeStyle = palette.fault
  canvas.lineCap = 'round'
  canvas.lineWidth = 2
  canvas.setLineDash([1, 7])
  for (const [from, to] of lines) stroke(canvas, from, to)
  canvas.lineWidth = 1.5
  canvas.setLineDash([2, 5])
  for (const [a, b] of links) {
    const [from, to] = [spots[a], spots[b]]
    if (from && to) stroke(canvas, from, to)
  }
  canvas.setLineDash([])
}

function stroke(canvas: Canvas, from: Point, to: Point): void {
  canvas.beginPath()
  canvas.moveTo(from.x, from.y)
  canvas.lineTo(to.x, to.y)
  canvas.stroke()
}

function paintLetters(canvas: Canvas, { letters }: Scene, { spots }: Layout, palette: Palette, at: Instant): void {
  canvas.strokeStyle = palette.lineStrong
  canvas.lineWidth = 1
  for (const letter of letters) {
    const [from, to] = [spots[letter.from], spots[letter.to]]
    const age = (at.nowMs - letter.startMs) / LETTER_MS
    if (!from || !to || age < 0 || age > 1) continue
    canvas.globalAlpha = 0.5 * (1 - age)
    stroke(canvas, from, to)
  }
  canvas.globalAlpha = 1
}

function paintTrails(canvas: Canvas, { journeys }: Scene, { spots }: Layout, palette: Palette, at: Instant): void {
  canvas.lineCap = 'round'
  for (const { from, to, kind, startMs, arriveMs } of journeys) {
    const [a, b] = [spots[from], spots[to]]
    if (!a || !b || at.nowMs < startMs) continue
    const done = at.motion ? eased((at.nowMs - startMs) / (arriveMs - startMs)) : 1
    const faded = Math.max(0, at.nowMs - arriveMs) / TRAIL_MS
    if (faded > 1) continue
    const curve = travelled(curveOf(a, b), done)
    canvas.globalAlpha = 0.75 * (1 - faded)
    canvas.strokeStyle = kind === 'hop' ? palette.sky : palette.ember
    canvas.lineWidth = kind === 'hop' ? 1.6 : 2
    canvas.setLineDash(kind === 'hop' ? [] : [1, 5])
    canvas.beginPath()
    canvas.moveTo(curve.from.x, curve.from.y)
    canvas.quadraticCurveTo(curve.bend.x, curve.bend.y, curve.to.x, curve.to.y)
    canvas.stroke()
  }
  canvas.setLineDash([])
  canvas.globalAlpha = 1
}

function paintBlooms(canvas: Canvas, { blooms }: Scene, layout: Layout, palette: Palette, at: Instant): void {
  canvas.lineWidth = 2
  for (const { host, kind, startMs } of blooms) {
    const spot = layout.spots[host]
    const age = (at.nowMs - startMs) / BLOOM_MS
    if (!spot || age < 0 || age > 1) continue
    canvas.globalAlpha = 1 - age
    canvas.strokeStyle = kind === 'end' ? palette.leaf : palette.ember
    circle(canvas, spot, layout.radiusPx * (1.2 + (at.motion ? 1.6 * eased(age) : 0.6)))
    canvas.stroke()
  }
  canvas.globalAlpha = 1
}

function circle(canvas: Canvas, at: Point, radius: number): void {
  canvas.beginPath()
  canvas.arc(at.x, at.y, radius, 0, 2 * Math.PI)
}

/** Where on the picture an agent's dot is. */
export function dotAt({ host, seat, journey }: Dot, { spots, radiusPx }: Layout): Point | null {
  if (journey) {
    const [from, to] = [spots[journey.from], spots[journey.to]]
    return from && to ? travelled(curveOf(from, to), eased(journey.done)).to : null
  }
  const spot = spots[host]
  if (!spot || !seat) return null
  const angle = -Math.PI / 2 + (2 * Math.PI * seat.place) / seat.places
  // A crowd stands in a wider ring.
  const ring = Math.max(radiusPx, (1.15 * dotRadius(radiusPx) * seat.places) / Math.PI)
  return { x: spot.x + ring * Math.cos(angle), y: spot.y + ring * Math.sin(angle) }
}

const dotRadius = (radiusPx: number): number => Math.max(1.9, radiusPx * 0.33)

function paintAgents(canvas: Canvas, stamps: Stamps, dots: readonly Dot[], layout: Layout, palette: Palette): void {
  const radius = dotRadius(layout.radiusPx)
  for (const dot of dots) {
    const at = dotAt(dot, layout)
    if (!at) continue
    const look = dot.agent.condition === 'orphaned' ? 'silent' : dot.journey ? 'travelling' : 'seated'
    stamps.press(canvas, look, radius * 1.3 + 2, at, (picture) => drawAgent(picture, look, radius, palette))
  }
}

/** Round the origin. Whom nobody runs now is hollow; who travels is a little larger. */
function drawAgent(
  canvas: Canvas,
  look: 'silent' | 'travelling' | 'seated',
  radius: number,
  { ember, panel }: Palette,
): void {
  const [rim, inside] = look === 'silent' ? [ember, panel] : [panel, ember]
  circle(canvas, { x: 0, y: 0 }, look === 'travelling' ? radius * 1.3 : radius)
  canvas.strokeStyle = rim
  canvas.fillStyle = inside
  canvas.lineWidth = look === 'silent' ? Math.max(1.1, radius * 0.4) : Math.min(2, radius * 0.7)
  if (look === 'silent') canvas.fill()
  canvas.stroke()
  if (look !== 'silent') canvas.fill()
}

function paintMarks(canvas: Canvas, { chosen, hovered, stroke: line }: Marks, layout: Layout, palette: Palette): void {
  for (const [host, width] of [
    [hovered, 1.5],
    [chosen, 3],
  ] as const) {
    const spot = host === null ? undefined : layout.spots[host]
    if (!spot) continue
    canvas.strokeStyle = palette.ink
    canvas.lineWidth = width
    circle(canvas, spot, layout.radiusPx + dotRadius(layout.radiusPx) + 4)
    canvas.stroke()
  }
  if (!line) return
  canvas.strokeStyle = palette.fault
  canvas.lineWidth = 2.5
  canvas.setLineDash([8, 6])
  stroke(canvas, ...line)
  canvas.setLineDash([])
}
