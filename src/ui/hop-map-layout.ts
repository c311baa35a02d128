import type { HopSnapshot, HostKind, HostSnapshot } from '../host/snapshot.ts'
import type { Did } from '../identity/did.ts'
import { type Direction, directionOf } from './wording.ts'

/**
 * Where the dots and arcs of the hop map stand: an arc diagram. Hosts stand on one line with this tab in the middle;
 * hops to this tab swing above the line, hops from it below. Pure geometry; hop-map.tsx draws it.
 */

/** A hop stays on the map this long, fading. */
export const HOP_FADE_MS = 45_000

/** A hop younger than this is shown on its way, with a travelling dot. */
export const HOP_FRESH_MS = 2_500

const MARGIN_PX = 24
/** Labels closer than this would run into each other. */
const LABEL_PX = 72
const GAP_MIN_PX = 26
const GAP_MAX_PX = 190

export interface MapDot {
  readonly id: Did
  readonly name: string
  readonly kind: HostKind
  readonly x: number
  readonly radius: number
  /** 0 or 1: two rows of labels under the line; null hides the label. */
  readonly labelRow: 0 | 1 | null
  readonly self: boolean
}

export interface MapArc {
  readonly key: string
  readonly path: string
  readonly direction: Direction
  readonly opacity: number
  readonly fresh: boolean
  readonly name: string
}

export interface MapLayout {
  readonly dots: readonly MapDot[]
  readonly arcs: readonly MapArc[]
  /** Hosts on line that found no room on the line. */
  readonly unseen: number
}

export function layoutMap(host: HostSnapshot, widthPx: number, heightPx: number, nowMs: number): MapLayout {
  const hops = host.hops.filter((hop) => nowMs - hop.atMs < HOP_FADE_MS)
  const travelled = new Set(hops.flatMap((hop) => [hop.from, hop.to]))
  const room = Math.max(2, Math.floor((widthPx - 2 * MARGIN_PX) / GAP_MIN_PX))
  const others = [...host.acquaintances]
    .sort((a, b) => Number(travelled.has(b.id)) - Number(travelled.has(a.id)) || (a.id < b.id ? -1 : 1))
    .slice(0, room)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const middle = Math.ceil(others.length / 2)
  const line = [
    ...others.slice(0, middle),
    { id: host.id, name: 'this tab', kind: host.kind, agents: host.agents.length, slots: host.slots },
    ...others.slice(middle),
  ]
  const dots = line.map((member, i) => dotOf(member, i, middle, line.length, host.id, widthPx))
  const byId = new Map(dots.map((dot) => [dot.id, dot.x]))
  const arcs = hops.flatMap((hop): MapArc[] => {
    const [from, to] = [byId.get(hop.from), byId.get(hop.to)]
    if (from === undefined || to === undefined || from === to) return []
    return [arcOf(hop, from, to, host.id, heightPx, nowMs)]
  })
  return { dots, arcs: arcs.reverse(), unseen: host.acquaintances.length - others.length }
}

type Member = Omit<HostSnapshot['acquaintances'][number], 'ground'>

function dotOf(member: Member, i: number, middle: number, n: number, self: Did, widthPx: number): MapDot {
  const gap = gapOf(n, widthPx)
  const mine = member.id === self
  return {
    id: member.id,
    name: member.name,
    kind: member.kind,
    x: Math.round(widthPx / 2 + (i - (n - 1) / 2) * gap),
    radius: mine ? 10 : 4.5 + Math.min(3.5, Math.sqrt(member.slots)),
    labelRow: mine || gap * 2 < LABEL_PX ? null : gap >= LABEL_PX ? 0 : ((Math.abs(i - middle) % 2) as 0 | 1),
    self: mine,
  }
}

const gapOf = (n: number, widthPx: number): number =>
  n > 1 ? Math.min(GAP_MAX_PX, (widthPx - 2 * MARGIN_PX) / (n - 1)) : 0

function arcOf(hop: HopSnapshot, from: number, to: number, self: Did, heightPx: number, nowMs: number): MapArc {
  const direction = directionOf(hop, self)
  const above = direction !== 'out'
  const rise = Math.min(heightPx / 2 - 14, 20 + Math.abs(to - from) * 0.45)
  const y = heightPx / 2
  const bend = y + (above ? -1 : 1) * rise * 1.33
  const elapsedMs = Math.max(0, nowMs - hop.atMs)
  return {
    key: `${hop.agent} ${hop.to} ${hop.atMs}`,
    path: `M${from} ${y}C${from} ${bend.toFixed(1)} ${to} ${bend.toFixed(1)} ${to} ${y}`,
    direction,
    opacity: Number((1 - 0.85 * (elapsedMs / HOP_FADE_MS)).toFixed(2)),
    fresh: elapsedMs < HOP_FRESH_MS,
    name: hop.name,
  }
}
