import type { Did } from '../identity/did.ts'
import type { HoldingReport, Load } from '../wire/messages.ts'
import { loadOf } from './acquaintance.ts'
import { keeperOf } from './charter.ts'
import { HOLD_MS, LOAD_MS } from './limits.ts'
import type { Resident } from './state.ts'
import { type Turn, tell } from './turn.ts'
import { onRoom } from './vacancy.ts'

/**
 * What hosts that have let each other in (inic.ts) go on telling: loads once a second, reports of what is held to each home. What others say of themselves is used for placing only; a lie costs them work, us a refused offer.
 */
export function onLoad(turn: Turn, from: Did, load: Load): void {
  const known = turn.state.acquaintances.get(from)
  if (!known) return
  known.load = load
  known.heardMs = turn.nowMs
  onRoom(turn, load)
}

/** Each second, and at the next tick when a place has become free. */
export function tellLoad(turn: Turn): void {
  const { state } = turn
  if (turn.nowMs < state.loadDueMs) return
  state.loadDueMs = turn.nowMs + LOAD_MS
  const load = loadOf(state)
  for (const [host, { connected }] of state.acquaintances) if (connected) tell(turn, host, 'load', { load })
}

/** Renews the leases of everything held here, one message to each home. */
export function reportHoldings(turn: Turn): void {
  const { state } = turn
  if (turn.nowMs < state.holdDueMs) return
  state.holdDueMs = turn.nowMs + HOLD_MS
  reportTo(turn, state.residents.values())
}

/** Says at once how an agent stands: before it ends, so that its home's last word on it is right. */
export const reportHolding = (turn: Turn, resident: Resident): void => reportTo(turn, [resident])

function reportTo(turn: Turn, residents: Iterable<Resident>): void {
  const { state } = turn
  const byHome = new Map<Did, HoldingReport[]>()
  for (const { agent, brief, arrival, epoch, fuelUsed, progress, note } of residents) {
    if (arrival) continue
    const home = keeperOf(brief)
    const row = state.rows.get(agent)
    if (row) {
      if (row.holder === state.self) Object.assign(row, { heardMs: turn.nowMs, fuelUsed, progress, note })
      continue
    }
    // Where the keeper is away, its other witnesses may know of a later decision.
    const isThere = state.acquaintances.get(home)?.connected ?? false
    for (const to of isThere ? [home] : brief.witnesses) {
      const reports = byHome.get(to) ?? []
      reports.push({ agent, epoch, fuelUsed, progress, note })
      byHome.set(to, reports)
    }
  }
  for (const [home, reports] of byHome) tell(turn, home, 'holding', { reports })
}
