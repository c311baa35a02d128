import { type Cut, type Field, hostAt, type Layout, layoutHosts, type Point } from './layout.ts'
import { dotAt, type Marks, type Palette, paint } from './paint.ts'
import { dotsOf, isMoving, NO_SCENE, type Scene, takeFrame } from './scene.ts'
import type { SimAgent, SimFrame } from './sim-view.ts'
import { Stamps } from './stamps.ts'

/**
 * A canvas that shows the newest frame. It draws only while something on it moves or has changed, at most once for each
 * frame of the screen, and gives hosts a moment to walk to their new places when the cluster is parted or healed.
 */
const WALK_MS = 450
/** A screen of more points for each of ours than this shows no more of it. */
const PIXELS_PER_POINT_MAX = 3
const NO_MARKS: Marks = { chosen: null, hovered: null, stroke: null }

export class Stage {
  readonly #element: HTMLCanvasElement
  readonly #canvas: CanvasRenderingContext2D
  readonly #watches: readonly (() => void)[]
  #palette: Palette
  #motion: boolean
  #scene: Scene = NO_SCENE
  #field: Field = { widthPx: 0, heightPx: 0 }
  #cuts: readonly Cut[] = []
  #marks: Marks = NO_MARKS
  #layout: Layout = { spots: [], radiusPx: 0, lines: [] }
  #scale = 1
  #stamps = new Stamps(1)
  /** Where hosts set out from, and when. */
  #walk: { readonly from: readonly Point[]; readonly startMs: number } | null = null
  #asked = 0

  constructor(element: HTMLCanvasElement, canvas: CanvasRenderingContext2D) {
    this.#element = element
    this.#canvas = canvas
    this.#palette = paletteOf(element)
    const calm = matchMedia('(prefers-reduced-motion: reduce)')
    this.#motion = !calm.matches
    this.#watches = [
      watch(calm, () => {
        this.#motion = !calm.matches
        this.#ask()
      }),
      watch(matchMedia('(prefers-color-scheme: dark)'), () => {
        this.#palette = paletteOf(element)
        this.#stamps = new Stamps(this.#scale)
        this.#ask()
      }),
    ]
  }

  take(frame: SimFrame): void {
    const count = this.#scene.frame?.hosts.length
    const isAnother = frame.nowMs < (this.#scene.frame?.nowMs ?? 0)
    this.#scene = takeFrame(isAnother ? NO_SCENE : this.#scene, frame, performance.now())
    if (count !== frame.hosts.length) this.#arrange(false)
    this.#ask()
  }

  resize(field: Field): void {
    if (field.widthPx === this.#field.widthPx && field.heightPx === this.#field.heightPx) return
    this.#field = field
    const scale = Math.min(PIXELS_PER_POINT_MAX, devicePixelRatio || 1)
    this.#scale = scale
    this.#element.width = Math.round(field.widthPx * scale)
    this.#element.height = Math.round(field.heightPx * scale)
    this.#canvas.setTransform(scale, 0, 0, scale, 0, 0)
    this.#arrange(false)
    // An emptied canvas is drawn before anybody sees it.
    this.#draw()
  }

  part(cuts: readonly Cut[]): void {
    if (cuts === this.#cuts) return
    this.#cuts = cuts
    this.#arrange(this.#motion)
    this.#ask()
  }

  mark(marks: Marks): void {
    this.#marks = marks
    this.#ask()
  }

  get field(): Field {
    return this.#field
  }

  get spots(): readonly Point[] {
    return this.#layout.spots
  }

  hostAt(point: Point): number | null {
    return hostAt(point, this.#layout)
  }

  agentAt(point: Point): SimAgent | null {
    const layout = this.#standing(performance.now())
    for (const dot of dotsOf(this.#scene, performance.now(), this.#motion)) {
      const at = dotAt(dot, layout)
      if (at && Math.hypot(at.x - point.x, at.y - point.y) < AGENT_REACH_PX) return dot.agent
    }
    return null
  }

  close(): void {
    cancelAnimationFrame(this.#asked)
    for (const unwatch of this.#watches) unwatch()
  }

  #arrange(walk: boolean): void {
    const nowMs = performance.now()
    const from = this.#standing(nowMs).spots
    this.#layout = layoutHosts(this.#scene.frame?.hosts.length ?? 0, this.#field, this.#cuts)
    this.#stamps = new Stamps(this.#scale)
    this.#walk = walk && from.length === this.#layout.spots.length ? { from, startMs: nowMs } : null
  }

  #standing(nowMs: number): Layout {
    if (!this.#walk) return this.#layout
    const t = Math.min(1, (nowMs - this.#walk.startMs) / WALK_MS)
    const done = 1 - (1 - t) ** 3
    const { from } = this.#walk
    const spots = this.#layout.spots.map(({ x, y }, i) => {
      const start = from[i] ?? { x, y }
      return { x: start.x + (x - start.x) * done, y: start.y + (y - start.y) * done }
    })
    if (t >= 1) this.#walk = null
    return { ...this.#layout, spots }
  }

  #ask(): void {
    if (this.#asked === 0) this.#asked = requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    cancelAnimationFrame(this.#asked)
    this.#asked = 0
    const nowMs = performance.now()
    const { widthPx, heightPx } = this.#field
    this.#canvas.clearRect(0, 0, widthPx, heightPx)
    const instant = { nowMs, motion: this.#motion }
    const layout = this.#standing(nowMs)
    paint(this.#canvas, this.#stamps, this.#scene, layout, this.#marks, this.#palette, instant)
    if (this.#walk || isMoving(this.#scene, nowMs)) this.#ask()
  }
}

const AGENT_REACH_PX = 6

function watch(query: MediaQueryList, run: () => void): () => void {
  query.addEventListener('change', run)
  return () => query.removeEventListener('change', run)
}

/** The colours of the page, as its style sheets have them now. */
function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element)
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    panel: colour('panel'),
    sunken: colour('sunken'),
    ink: colour('ink'),
    inkQuiet: colour('ink-quiet'),
    line: colour('line'),
    lineStrong: colour('line-strong'),
    sky: colour('sky'),
    skyWash: colour('sky-wash'),
    ember: colour('ember-bright'),
    leaf: colour('leaf'),
    fault: colour('fault'),
  }
}
