import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Cut, cutOfLine, neighbourOf, type Point } from './layout.ts'
import type { SimFrame } from './sim-view.ts'
import { agentSentence, hostSentence } from './sim-wording.ts'
import { Stage } from './stage.ts'

/**
 * The cluster as a picture that can be pointed at. A click pins a host; a line drawn across parts the cluster along it;
 * arrow keys go from host to host. What it shows stands beside it in words.
 */
interface Props {
  readonly frames: ReadonlySignal<SimFrame | null>
  readonly cuts: readonly Cut[]
  readonly chosen: number | null
  /** What a click or a line means now. */
  readonly tool: Tool
  onChoose(host: number | null): void
  onCut(cut: Cut): void
}

export type Tool =
  | 'look'
  /** The next line parts the cluster. */
  | 'cut'
  /** The next host that is clicked is the other end of a link. */
  | 'link'

const HINTS: Readonly<Record<Tool, string>> = {
  look: 'Click a host to hold it fast and to do something to it. Drag across the picture to cut the cluster in two.',
  cut: 'Draw a line across the picture, or click two places: it cuts the cluster in two.',
  link: 'Click the other host, or press Escape to let the link be.',
}

export function Picture({ frames, cuts, chosen, tool, onChoose, onCut }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const element = useRef<HTMLCanvasElement>(null)
  const stage = useRef<Stage | null>(null)
  const [hint, setHint] = useState<string | null>(null)
  const pointer = useRef<{ hovered: number | null; from: Point | null; to: Point | null }>({
    hovered: null,
    from: null,
    to: null,
  })

  useEffect(() => {
    const canvas = element.current?.getContext('2d')
    if (!element.current || !canvas || !box.current) return
    const here = new Stage(element.current, canvas)
    stage.current = here
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry?.contentRect ?? { width: 0, height: 0 }
      here.resize({ widthPx: Math.floor(width), heightPx: Math.floor(height) })
    })
    observer.observe(box.current)
    const forget = frames.subscribe((frame) => frame && here.take(frame))
    return () => {
      forget()
      observer.disconnect()
      here.close()
      stage.current = null
    }
  }, [frames])

  const mark = (): void => {
    const { hovered, from, to } = pointer.current
    stage.current?.mark({ chosen, hovered, stroke: from && to ? [from, to] : null })
  }
  useEffect(mark, [chosen])
  useEffect(() => stage.current?.part(cuts), [cuts])
  useEffect(() => {
    pointer.current = { ...pointer.current, from: null, to: null }
    mark()
  }, [tool])

  const pointOf = (event: PointerEvent): Point => {
    const { left, top } = element.current?.getBoundingClientRect() ?? { left: 0, top: 0 }
    return { x: event.clientX - left, y: event.clientY - top }
  }

  /** With a mouse a line can be drawn at any time; a finger scrolls, unless the tool says that it draws. */
  const draws = (event: PointerEvent): boolean => tool === 'cut' || (tool === 'look' && event.pointerType === 'mouse')

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return
    const at = pointOf(event)
    if (!draws(event)) return
    element.current?.setPointerCapture(event.pointerId)
    // The second of two clicks ends the line that the first began.
    pointer.current.from ??= at
    pointer.current.to = at
  }

  const move = (event: PointerEvent): void => {
    const at = pointOf(event)
    const here = stage.current
    if (!here) return
    if (pointer.current.from) pointer.current.to = at
    const hovered = pointer.current.from ? null : here.hostAt(at)
    pointer.current.hovered = hovered
    const frame = frames.peek()
    const agent = hovered === null || tool !== 'look' ? null : here.agentAt(at)
    if (frame) setHint(agent ? agentSentence(agent, frame) : hovered === null ? null : hostSentence(hovered, frame))
    mark()
  }

  const up = (event: PointerEvent): void => {
    const here = stage.current
    const at = pointOf(event)
    const { from } = pointer.current
    if (!here || event.button !== 0) return
    const count = here.spots.length
    const cut = from ? cutOfLine(from, at, count, here.field, cuts) : null
    if (cut) onCut(cut)
    else if (tool !== 'cut') onChoose(here.hostAt(at))
    // With the tool for it, a click is one end of a line.
    if (cut || tool !== 'cut') pointer.current = { ...pointer.current, from: null, to: null }
    mark()
  }

  const leave = (): void => {
    pointer.current.hovered = null
    setHint(null)
    mark()
  }

  const key = (event: KeyboardEvent): void => {
    const direction = ARROWS[event.key]
    const spots = stage.current?.spots ?? []
    if (direction) {
      event.preventDefault()
      onChoose(chosen === null ? 0 : neighbourOf(chosen, direction, spots))
    } else if (event.key === 'Escape') onChoose(null)
  }

  return (
    <div class="sim-picture">
      <div class={`sim-canvas sim-canvas-${tool}`} ref={box}>
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: arrow keys walk on it, so a screen reader must pass them on */}
        <canvas
          ref={element}
          role="application"
          aria-roledescription="picture of the cluster"
          aria-label="All hosts, and the agents on them. Arrow keys go from host to host."
          tabIndex={0}
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onPointerLeave={leave}
          onPointerCancel={leave}
          onKeyDown={key}
        />
      </div>
      <p class="sim-hint">{hint ?? HINTS[tool]}</p>
    </div>
  )
}

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}
