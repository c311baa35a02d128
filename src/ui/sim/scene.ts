import type { SimAgent, SimFrame, SimHop } from './sim-view.ts'

/**
 * From frames to what is drawn: who sits where, who is under way, what has just ended. A frame may come late or carry
 * many hops; the picture takes its own time over each, so that the eye can follow. Pure: `nowMs` is the picture's clock.
 */
export interface Scene {
  readonly frame: SimFrame | null
  /** Agents by the place that they keep on their host while they are there. */
  readonly seats: ReadonlyMap<string, Seat>
  readonly journeys: readonly Journey[]
  readonly blooms: readonly Bloom[]
  readonly letters: readonly Letter[]
}

export interface Seat {
  readonly host: number
  readonly place: number
}

export interface Journey extends SimHop {
  readonly startMs: number
  readonly arriveMs: number
}

/** A ring that grows and fades: an agent has ended right, or has come back. */
export interface Bloom {
  readonly host: number
  readonly kind: 'end' | 'recovery'
  readonly startMs: number
}

export interface Letter {
  readonly from: number
  readonly to: number
  readonly startMs: number
}

export const NO_SCENE: Scene = { frame: null, seats: new Map(), journeys: [], blooms: [], letters: [] }

export const HOP_MS = 650
export const RECOVERY_MS = 1_100
/** What an arrived agent leaves behind it fades within this. */
export const TRAIL_MS = 900
export const BLOOM_MS = 1_000
export const LETTER_MS = 500

/** More would be a tangle, and slow; of a cluster that runs as fast as it goes only the newest are drawn. */
export const JOURNEYS_MAX = 240
const BLOOMS_MAX = 120
const LETTERS_MAX = 160

export function takeFrame(before: Scene, frame: SimFrame, nowMs: number): Scene {
  const journeys = journeysOf(before.journeys, frame.hops, nowMs)
  const returned = frame.hops.filter(({ kind }) => kind === 'recovery')
  const ended = frame.agents.filter(({ condition }) => condition === 'ended')
  const blooms: Bloom[] = [
    ...before.blooms.filter(({ startMs }) => nowMs - startMs < BLOOM_MS),
    ...returned.map(({ to }): Bloom => ({ host: to, kind: 'recovery', startMs: nowMs + RECOVERY_MS })),
    ...ended.map(({ host }): Bloom => ({ host, kind: 'end', startMs: nowMs })),
  ]
  const letters = [
    ...before.letters.filter(({ startMs }) => nowMs - startMs < LETTER_MS),
    ...frame.letters.map((letter): Letter => ({ ...letter, startMs: nowMs })),
  ]
  return {
    frame,
    seats: seatsOf(before.seats, frame.agents),
    journeys,
    blooms: blooms.slice(-BLOOMS_MAX),
    letters: letters.slice(-LETTERS_MAX),
  }
}

/** An agent that hops again before the picture has shown the last hop sets out from there a moment later. */
function journeysOf(before: readonly Journey[], hops: readonly SimHop[], nowMs: number): readonly Journey[] {
  const journeys = before.filter(({ arriveMs }) => nowMs - arriveMs < TRAIL_MS)
  const free = new Map(journeys.map(({ agent, arriveMs }) => [agent, arriveMs]))
  for (const hop of hops.slice(-JOURNEYS_MAX)) {
    if (hop.from === hop.to) continue
    const startMs = Math.max(nowMs, Math.min(free.get(hop.agent) ?? nowMs, nowMs + HOP_MS))
    const arriveMs = startMs + (hop.kind === 'hop' ? HOP_MS : RECOVERY_MS)
    free.set(hop.agent, arriveMs)
    journeys.push({ ...hop, startMs, arriveMs })
  }
  return journeys.slice(-JOURNEYS_MAX)
}

/** Whoever stays keeps its place; who comes takes the first free one. */
function seatsOf(before: ReadonlyMap<string, Seat>, agents: readonly SimAgent[]): ReadonlyMap<string, Seat> {
  const seats = new Map<string, Seat>()
  const taken = new Map<number, Set<number>>()
  const takenOn = (host: number): Set<number> => {
    const places = taken.get(host) ?? new Set()
    taken.set(host, places)
    return places
  }
  const here = agents.filter(({ condition }) => condition !== 'ended')
  for (const { id, host } of here) {
    const seat = before.get(id)
    if (seat?.host !== host) continue
    seats.set(id, seat)
    takenOn(host).add(seat.place)
  }
  for (const { id, host } of here) {
    if (seats.has(id)) continue
    const places = takenOn(host)
    let place = 0
    while (places.has(place)) place += 1
    places.add(place)
    seats.set(id, { host, place })
  }
  return seats
}

/** A dot to draw: an agent on its host's rim, or on its way. */
export interface Dot {
  readonly agent: SimAgent
  readonly host: number
  /** Which of `places` round its host; null while it travels. */
  readonly seat: { readonly place: number; readonly places: number } | null
  readonly journey: { readonly from: number; readonly to: number; readonly done: number } | null
}

/** Where every agent is drawn at `nowMs`. Without motion nobody is seen travelling. */
export function dotsOf({ frame, seats, journeys }: Scene, nowMs: number, motion: boolean): readonly Dot[] {
  if (!frame) return []
  const under = new Map<string, Journey>()
  if (motion) {
    // The first leg that is not over counts: later ones wait for it.
    for (const journey of journeys) {
      if (journey.arriveMs > nowMs && !under.has(journey.agent)) under.set(journey.agent, journey)
    }
  }
  const crowd = new Map<number, number>()
  for (const { host, place } of seats.values()) crowd.set(host, Math.max(crowd.get(host) ?? 0, place + 1))
  return frame.agents.flatMap((agent): Dot[] => {
    const journey = under.get(agent.id)
    if (journey) {
      const done = Math.max(0, (nowMs - journey.startMs) / (journey.arriveMs - journey.startMs))
      return [{ agent, host: journey.to, seat: null, journey: { from: journey.from, to: journey.to, done } }]
    }
    const seat = seats.get(agent.id)
    if (!seat) return []
    const places = Math.max(frame.hosts[seat.host]?.slots ?? 1, crowd.get(seat.host) ?? 1, 3)
    return [{ agent, host: seat.host, seat: { place: seat.place, places }, journey: null }]
  })
}

/** Whether anything would look different a moment later without a new frame. */
export const isMoving = ({ journeys, blooms, letters }: Scene, nowMs: number): boolean =>
  journeys.some(({ arriveMs }) => nowMs - arriveMs < TRAIL_MS) ||
  blooms.some(({ startMs }) => nowMs - startMs < BLOOM_MS) ||
  letters.some(({ startMs }) => nowMs - startMs < LETTER_MS)
