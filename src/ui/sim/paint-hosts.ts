import type { Layout } from './layout.ts'
import type { Palette } from './paint.ts'
import type { HostCondition, SimHost } from './sim-view.ts'
import type { Stamps } from './stamps.ts'

/**
 * Hosts: round for machines that lend places, square for launchers; a blue rim for browser tabs. What is wrong with one is
 * a sign inside it. One stamp for each look, however many hosts have it.
 */
type Canvas = CanvasRenderingContext2D

export function paintHosts(
  canvas: Canvas,
  stamps: Stamps,
  hosts: readonly SimHost[],
  { spots, radiusPx }: Layout,
  loads: ReadonlyMap<number, number>,
  palette: Palette,
): void {
  const reach = radiusPx + rimWidth(radiusPx)
  for (const [i, host] of hosts.entries()) {
    const spot = spots[i]
    if (!spot) continue
    const { kind, condition, slots } = host
    const load = condition === 'up' ? Math.min(loads.get(i) ?? 0, slots) : 0
    stamps.press(canvas, `${kind} ${condition} ${load}/${slots}`, reach, spot, (picture) =>
      drawHost(picture, host, load, radiusPx, palette),
    )
  }
}

const rimWidth = (radius: number): number => Math.max(1.1, radius * 0.15)

/** Seen on a light ground and on a dark one, and yet quieter than an agent. */
const LOAD_ALPHA = 0.3

/** Round the origin. */
function drawHost(
  canvas: Canvas,
  { kind, condition, slots }: SimHost,
  load: number,
  radius: number,
  palette: Palette,
): void {
  outline(canvas, kind, radius)
  canvas.fillStyle = condition === 'up' ? palette.panel : condition === 'frozen' ? palette.skyWash : palette.sunken
  canvas.fill()
  if (load > 0) {
    // The more of its places are taken, the fuller the disc.
    canvas.fillStyle = palette.ember
    canvas.globalAlpha = LOAD_ALPHA
    canvas.beginPath()
    canvas.arc(0, 0, radius * Math.sqrt(load / slots), 0, 2 * Math.PI)
    canvas.fill()
    canvas.globalAlpha = 1
  }
  outline(canvas, kind, radius)
  canvas.setLineDash(condition === 'cut-off' ? [2.5, 2.5] : [])
  canvas.lineWidth = rimWidth(radius)
  canvas.strokeStyle = rimOf(kind, condition, palette)
  canvas.stroke()
  canvas.setLineDash([])
  if (condition !== 'up' && condition !== 'cut-off') drawSign(canvas, condition, radius, palette)
}

function outline(canvas: Canvas, kind: SimHost['kind'], radius: number): void {
  canvas.beginPath()
  if (kind === 'launcher') canvas.roundRect(-radius, -radius, 2 * radius, 2 * radius, radius * 0.3)
  else canvas.arc(0, 0, radius, 0, 2 * Math.PI)
}

function rimOf(kind: SimHost['kind'], condition: HostCondition, palette: Palette): string {
  if (condition === 'dead') return palette.line
  if (condition === 'cut-off') return palette.fault
  if (condition === 'owner-back') return palette.lineStrong
  return kind === 'tab' ? palette.sky : kind === 'launcher' ? palette.ink : palette.inkQuiet
}

type Sign = Exclude<HostCondition, 'up' | 'cut-off'>

/** Dead: a cross. Frozen: two upright bars, as on a pause button. The owner is back: one bar across, as on a street sign. */
function drawSign(canvas: Canvas, condition: Sign, radius: number, palette: Palette): void {
  const arm = radius * 0.52
  canvas.beginPath()
  for (const [ax, ay, bx, by] of SIGNS[condition]) {
    canvas.moveTo(ax * arm, ay * arm)
    canvas.lineTo(bx * arm, by * arm)
  }
  canvas.lineCap = 'round'
  canvas.lineWidth = Math.max(1.4, radius * 0.24)
  canvas.strokeStyle = condition === 'dead' ? palette.fault : condition === 'frozen' ? palette.sky : palette.inkQuiet
  canvas.stroke()
}

const SIGNS: Readonly<Record<Sign, readonly (readonly [number, number, number, number])[]>> = {
  dead: [
    [-1, -1, 1, 1],
    [-1, 1, 1, -1],
  ],
  frozen: [
    [-0.5, -0.9, -0.5, 0.9],
    [0.5, -0.9, 0.5, 0.9],
  ],
  'owner-back': [[-1, 0, 1, 0]],
}
