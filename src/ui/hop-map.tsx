import { useEffect, useRef, useState } from 'preact/hooks'
import type { HostSnapshot } from '../host/snapshot.ts'
import { layoutMap, type MapArc, type MapDot } from './hop-map-layout.ts'
import { agentsText, kindText } from './wording.ts'

/**
 * The small live picture: hosts as dots on a line, hops as arcs (above: to this tab, below: away from it). It repeats
 * what the lists say in words, so it is hidden from screen readers but for one sentence. The travelling dot is CSS and
 * stands still under prefers-reduced-motion.
 */
const HEIGHT_PX = 208
const LABEL_CHARS = 11

export function HopMap({
  host,
  nowMs,
  lit,
}: {
  readonly host: HostSnapshot
  readonly nowMs: number
  readonly lit: boolean
}) {
  const frame = useRef<HTMLDivElement>(null)
  const [widthPx, setWidthPx] = useState(0)
  useEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => setWidthPx(Math.floor(entry?.contentRect.width ?? 0)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const shown = lit ? host : { ...host, acquaintances: [], hops: [] }
  const { dots, arcs, unseen } = layoutMap(shown, widthPx, HEIGHT_PX, nowMs)
  const others = shown.acquaintances.length
  return (
    <div class="map" ref={frame}>
      {widthPx > 0 && (
        <svg
          width={widthPx}
          height={HEIGHT_PX}
          role="img"
          aria-label={`This tab and ${others} other hosts; ${arcs.length} recent hops.`}
        >
          <line class="map-line" x1="12" x2={widthPx - 12} y1={HEIGHT_PX / 2} y2={HEIGHT_PX / 2} />
          {others === 0 && <path class="map-ghost" d={ghostPath(widthPx)} />}
          {arcs.map((arc) => (
            <Arc key={arc.key} arc={arc} />
          ))}
          {dots.map((dot) => (
            <Dot key={dot.id} dot={dot} agents={dot.self ? host.agents.length : null} lit={lit} />
          ))}
        </svg>
      )}
      <p class="map-caption">{captionText(lit, others, unseen)}</p>
    </div>
  )
}

/** Off line the map shows where hops would be: one in, one out. */
function ghostPath(widthPx: number): string {
  const [x, y, reach] = [widthPx / 2, HEIGHT_PX / 2, Math.min(170, widthPx / 2 - 24)]
  return `M${x - reach} ${y}C${x - reach} ${y - 76} ${x} ${y - 76} ${x} ${y}C${x} ${y + 76} ${x + reach} ${y + 76} ${x + reach} ${y}`
}

function captionText(lit: boolean, others: number, unseen: number): string {
  if (!lit) return 'Off line: no other host sees this tab.'
  if (others === 0) return 'No other host is on line yet. Agents come when one is.'
  const legend = 'The orange dot is this tab. Arcs above the line arrive, arcs below leave.'
  return unseen > 0 ? `${legend} ${unseen} more hosts are not drawn.` : legend
}

function Arc({ arc }: { readonly arc: MapArc }) {
  return (
    <g class={`map-arc map-arc-${arc.direction}`} opacity={arc.opacity}>
      <title>{arc.name}</title>
      <path d={arc.path} class="map-arc-path" />
      {arc.fresh && <path d={arc.path} class="map-arc-traveller" pathLength={1} />}
    </g>
  )
}

function Dot({ dot, agents, lit }: { readonly dot: MapDot; readonly agents: number | null; readonly lit: boolean }) {
  const y = HEIGHT_PX / 2
  const label = dot.name.length > LABEL_CHARS ? `${dot.name.slice(0, LABEL_CHARS - 1)}…` : dot.name
  return (
    <g class={dot.self ? `map-dot map-dot-self${lit ? '' : ' map-dot-dark'}` : `map-dot map-dot-${dot.kind}`}>
      <title>{agents === null ? `${dot.name}, ${kindText(dot.kind)}` : `this tab, ${agentsText(agents)}`}</title>
      <circle cx={dot.x} cy={y} r={dot.radius} />
      {agents !== null && agents > 0 && (
        <text class="map-count" x={dot.x} y={y + 4}>
          {agents}
        </text>
      )}
      {dot.labelRow !== null && (
        <text class="map-label" x={dot.x} y={y + 27 + dot.labelRow * 15}>
          {label}
        </text>
      )}
    </g>
  )
}
