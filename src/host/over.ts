import { exceeds } from '../permit/quota.ts'
import { lapse } from './license.ts'
import { kill } from './orders.ts'
import { bury, onEnded } from './residence.ts'
import type { HomeRow, Resident } from './state.ts'
import { tellStory } from './story.ts'
import { log, type Turn } from './turn.ts'

/**
 * Agents whose time is over: the lifetime has passed, the permit by which they run has expired or been revoked. Where they
 * are they are stopped at the next tick and their home is told why; home does the same from its own row, should the host
 * that has them not. Home also ends what has used more than its share: of a fork only home knows how it was divided.
 */
export function endWhenOver(turn: Turn, resident: Resident): void {
  const overMs = turn.wallMs - resident.brief.launchedMs - resident.quota.lifetimeMs
  if (overMs > 0 && resident.ended) return bury(turn, resident)
  if (resident.arrival || resident.ended) return
  if (overMs > 0) return endHere(turn, resident, 'QUOTA', `lifetimeMs exceeded by ${overMs}`)
  const lapsed = lapse(turn.state, resident.license, turn.wallMs)
  if (lapsed) endHere(turn, resident, lapsed.code, lapsed.reason)
}

export function endHere(turn: Turn, resident: Resident, code: string, reason: string): void {
  if (resident.guest !== 'none') turn.effects.push({ kind: 'terminate', agent: resident.agent })
  onEnded(turn, resident, 'failure', JSON.stringify({ code, reason }), resident.fuelUsed)
}

/** Home's own look at the permits of what it launched. */
export function endLapsed(turn: Turn): void {
  for (const row of turn.state.rows.values()) {
    if (row.outcome) continue
    const lapsed = lapse(turn.state, row.license, turn.wallMs)
    if (lapsed) end(turn, row, lapsed)
  }
}

export function endOverdrawn(turn: Turn, row: HomeRow): void {
  const { allowance, fuelUsed, sentBytes, messages } = row
  const over = exceeds({ ...allowance, fuel: fuelUsed, sentBytes, messages }, allowance)
  if (over) end(turn, row, { code: 'QUOTA', reason: `its share is used up: ${over}` })
}

function end(turn: Turn, row: HomeRow, why: { code: string; reason: string }): void {
  log(turn, 'warn', `ended: ${why.code}: ${why.reason}`, row.agent)
  tellStory(turn, row, 'failure', why)
  kill(turn, row, why)
}
