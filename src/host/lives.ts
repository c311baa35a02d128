import { meanSurvivalMs } from '../allocator/checkpoint-interval.ts'
import { LIFE_WRITE_MS, LIVES_KEPT_MAX } from './limits.ts'
import { forgetLife, writeLife } from './records.ts'
import { persistSoon, type Turn } from './turn.ts'

/**
 * How long this host has lived each time it was started, and whether its agents had been sent away when it ended: from that
 * follows how often its agents are checkpointed (checkpoint-pace.ts). Its own business; no other host is told.
 */
export interface Life {
  readonly age: number
  /** As far as it was written down, once in LIFE_WRITE_MS. */
  readonly livedMs: number
  /** The owner wanted the machine back before it ended. */
  readonly drained: boolean
}

export interface Lives {
  /** Of the newest lives before this one. */
  beforeMs: number
  deaths: number
  /** When this one began, on the host's own clock. */
  readonly sinceMs: number
  writeDueMs: number
}

export const newLives = (sinceMs: number): Lives => ({ beforeMs: 0, deaths: 0, sinceMs, writeDueMs: sinceMs })

export function restoreLives(turn: Turn, records: ReadonlyMap<string, unknown>): void {
  const { state, nowMs } = turn
  const before = [...records].flatMap(([key, value]) => (key.startsWith('life/') ? [value as Life] : []))
  before.sort((one, other) => other.age - one.age)
  const kept = before.slice(0, LIVES_KEPT_MAX)
  for (const { age } of before.slice(LIVES_KEPT_MAX)) persistSoon(turn, forgetLife(age))
  state.lives = newLives(nowMs)
  state.lives.beforeMs = kept.reduce((sum, { livedMs }) => sum + livedMs, 0)
  state.lives.deaths = kept.filter(({ drained }) => !drained).length
}

/** Called each tick. */
export function noteLife(turn: Turn): void {
  const { lives } = turn.state
  if (turn.nowMs < lives.writeDueMs) return
  noteLifeNow(turn)
}

/** At once, where the owner has taken the machine back or given it again. */
export function noteLifeNow(turn: Turn): void {
  const { state, nowMs } = turn
  const { age, evicting, lives } = state
  lives.writeDueMs = nowMs + LIFE_WRITE_MS
  persistSoon(turn, writeLife({ age, livedMs: nowMs - lives.sinceMs, drained: evicting }))
}

/** How long this host lives on average, this life included. */
export const survivalMs = ({ state, nowMs }: Turn): number =>
  meanSurvivalMs(state.kind, {
    totalMs: state.lives.beforeMs + (nowMs - state.lives.sinceMs),
    deaths: state.lives.deaths,
  })
