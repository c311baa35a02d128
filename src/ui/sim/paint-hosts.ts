import type { Layout, Point } from './layout.ts'
import type { Palette } from './paint.ts'
import type { HostCondition, SimHost } from './sim-view.ts'

/**
 * Hosts: round for machines that lend places, square for launchers; a blue rim for browser tabs. What is wrong with one is
 * a sign inside it. One path for each look, however many hosts have it.
 */
type Canvas = CanvasRenderingContext2D

export function paintHosts(
  canvas: Canvas,
  hosts: readonly SimHost[],
  { spots, radiusPx }: Layout,
  loads: ReadonlyMap<number, number>,
  palette: Palette,
): void {
  for (const [look, members] of byLook(hosts)) {
    const places = members.flatMap((i) => spots[i] ?? [])
    const [kind, condition] = look
    const outline = new Path2D()
    for (const spot of places) addOutline(outline, spot, kind, radiusPx)
    canvas.setLineDash(condition === 'cut-off' ? [2.5, 2.5] : [])
    canvas.lineCap = 'butt'
    canvas.lineWidth = Math.max(1.1, radiusPx * 0.15)
    canvas.fillStyle = condition === 'up' ? palette.panel : condition === 'frozen' ? palette.skyWash : palette.sunken
    canvas.strokeStyle = rimOf(kind, condition, palette)
    canvas.fill(outline)
    if (condition === 'up') paintLoads(canvas, members, hosts, spots, radiusPx, loads, palette)
    canvas.stroke(outline)
    canvas.setLineDash([])
    paintSigns(canvas, condition, places, radiusPx, palette)
  }
}

type Look = readonly [SimHost['kind'], HostCondition]

function byLook(hosts: readonly SimHost[]): readonly (readonly [Look, readonly number[]])[] {
  const looks = new Map<string, [Look, number[]]>()
  for (const [i, { kind, condition }] of hosts.entries()) {
    const key = `${kind} ${condition}`
    const entry = looks.get(key) ?? [[kind, condition], []]
    entry[1].push(i)
    looks.set(key, entry)
  }
  return [...looks.values()]
}

function addOutline(path: Path2D, { x, y }: Point, kind: SimHost['kind'], radius: number): void {
  if (kind === 'launcher') {
    path.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius * 0.3)
    return
  }
  path.moveTo(x + radius, y)
  path.arc(x, y, radius, 0, 2 * Math.PI)
}

function rimOf(kind: SimHost['kind'], condition: HostCondition, palette: Palette): string {
  if (condition === 'dead') return palette.line
  if (condition === 'cut-off') return palette.fault
  if (condition === 'owner-back') return palette.lineStrong
  return kind === 'tab' ? palette.sky : kind === 'launcher' ? palette.ink : palette.inkQuiet
}

/** The more of its places are taken, the fuller the disc. */
function paintLoads(
  canvas: Canvas,
  members: readonly number[],
  hosts: readonly SimHost[],
  spots: readonly Point[],
  radius: number,
  loads: ReadonlyMap<number, number>,
  palette: Palette,
): void {
  canvas.fillStyle = palette.emberWash
  canvas.beginPath()
  for (const i of members) {
    const [spot, load, slots] = [spots[i], loads.get(i) ?? 0, hosts[i]?.slots ?? 0]
    if (!spot || load === 0 || slots === 0) continue
    const filled = radius * Math.sqrt(Math.min(1, load / slots))
    canvas.moveTo(spot.x + filled, spot.y)
    canvas.arc(spot.x, spot.y, filled, 0, 2 * Math.PI)
  }
  canvas.fill()
}

/** Dead: a cross. Frozen: two upright bars, as on a pause button. The owner is back: one bar across, as on a street sign. */
function paintSigns(
  canvas: Canvas,
  condition: HostCondition,
  places: readonly Point[],
  radius: number,
  palette: Palette,
): void {
  if (condition === 'up' || condition === 'cut-off') return
  const arm = radius * 0.52
  canvas.beginPath()
  for (const { x, y } of places) {
    for (const [ax, ay, bx, by] of SIGNS[condition]) {
      canvas.moveTo(x + ax * arm, y + ay * arm)
      canvas.lineTo(x + bx * arm, y + by * arm)
    }
  }
  canvas.lineCap = 'round'
  canvas.lineWidth = Math.max(1.4, radius * 0.24)
  canvas.strokeStyle = condition === 'dead' ? palette.fault : condition === 'frozen' ? palette.sky : palette.inkQuiet
  canvas.stroke()
}

const SIGNS: Readonly<
  Record<Exclude<HostCondition, 'up' | 'cut-off'>, readonly (readonly [number, number, number, number])[]>
> = {
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
