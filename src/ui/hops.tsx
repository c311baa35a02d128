import { useState } from 'preact/hooks'
import { bytesText, durationText } from '../base/amounts.ts'
import type { HopSnapshot, HostSnapshot } from '../host/snapshot.ts'
import { agoText, type Direction, directionOf, hostName, reasonText } from './wording.ts'

/** The newest hops in and out as a live list. A few rows, always of the same height; the rest on request. */
const HOPS_AT_FIRST = 6

export function Hops({ host, nowMs }: { readonly host: HostSnapshot; readonly nowMs: number }) {
  const [all, setAll] = useState(false)
  const hops = all ? host.hops : host.hops.slice(0, HOPS_AT_FIRST)
  return (
    <section class="panel" aria-labelledby="hops-title">
      <h2 id="hops-title">Hops</h2>
      <ol class="hops">
        {hops.map((hop) => (
          <HopRow key={`${hop.agent} ${hop.to} ${hop.atMs}`} hop={hop} host={host} nowMs={nowMs} />
        ))}
        {hops.length === 0 && (
          <li class="empty">No agent has come or gone yet. Each arrival and departure is listed here.</li>
        )}
      </ol>
      {host.hops.length > HOPS_AT_FIRST && (
        <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show the newest only' : `Show all ${host.hops.length}`}
        </button>
      )}
    </section>
  )
}

function HopRow({
  hop,
  host,
  nowMs,
}: {
  readonly hop: HopSnapshot
  readonly host: HostSnapshot
  readonly nowMs: number
}) {
  const direction = directionOf(hop, host.id)
  const way =
    direction === 'in'
      ? `from ${hostName(hop.from, host)}`
      : direction === 'out'
        ? `to ${hostName(hop.to, host)}`
        : `${hostName(hop.from, host)} to ${hostName(hop.to, host)}`
  const details = [
    reasonText(hop.reason, direction),
    hop.tookMs === null ? '' : durationText(hop.tookMs),
    hop.bytes > 0 ? bytesText(hop.bytes) : '',
  ]
  return (
    <li class={`hop hop-${direction}`}>
      <Arrow direction={direction} />
      <p class="hop-way">
        <strong>{hop.name}</strong> {way}
      </p>
      <p class="hop-why">{details.filter(Boolean).join(' · ')}</p>
      <time class="hop-time" dateTime={new Date(hop.atMs).toISOString()}>
        {agoText(nowMs - hop.atMs)}
      </time>
    </li>
  )
}

const ARROWS: Readonly<Record<Direction, { readonly path: string; readonly word: string }>> = {
  in: { path: 'M17 3L7 13M7 5v8h8M4 17.5h13', word: 'Arrived:' },
  out: { path: 'M6 13L16 3M8 3h8v8M4 17.5h13', word: 'Left:' },
  by: { path: 'M3 10h14M12 5l5 5-5 5', word: 'Moved:' },
}

function Arrow({ direction }: { readonly direction: Direction }) {
  return (
    <svg class="arrow" width="20" height="20" viewBox="0 0 20 20" role="img" aria-label={ARROWS[direction].word}>
      <path d={ARROWS[direction].path} />
    </svg>
  )
}
