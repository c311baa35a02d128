import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Description, HoldingReport, Load } from '../wire/messages.ts'
import type { Answer } from './events.ts'
import { HOLD_MS, LOAD_MS } from './limits.ts'
import { isBanned } from './notices.ts'
import { reconcile } from './reconcile.ts'
import { descriptionOf, loadOf, type Resident } from './state.ts'
import { answer, ask, type Turn, tell } from './turn.ts'
import { onRoom } from './vacancy.ts'

/**
 * Who else is there: INIC when a session opens (the paper's first message), loads once a second, reports of what is held
 * to each home. What others say of themselves is used for placing only; a lie costs them work, us a refused offer.
 */
export function onConnected(turn: Turn, host: Did, age: number): void {
  // It will hear of the ban when it says who it is; from us nothing comes before.
  if (isBanned(turn.state, host)) return
  const known = turn.state.acquaintances.get(host)
  if (known) {
    known.connected = true
    known.age = age
    known.lostMs = null
    known.heardMs = turn.nowMs
  }
  ask(turn, host, 'inic', { description: descriptionOf(turn.state) }, { for: 'inic', host })
  turn.state.holdDueMs = turn.nowMs
}

export function onDisconnected(turn: Turn, host: Did): void {
  const known = turn.state.acquaintances.get(host)
  if (!known) return
  known.connected = false
  known.lostMs = turn.nowMs
}

export function onInic(turn: Turn, from: Did, handle: number, description: Description): void {
  meet(turn, from, description)
  answer(turn, handle, 'inic', { description: descriptionOf(turn.state) })
}

export function onInicAnswered(turn: Turn, host: Did, outcome: Answer): void {
  if (!outcome.ok) return
  meet(turn, host, (outcome.body as { description: Description }).description)
  reconcile(turn, host)
}

function meet(turn: Turn, host: Did, description: Description): void {
  const age = turn.state.acquaintances.get(host)?.age ?? 0
  turn.state.acquaintances.set(host, {
    description,
    age,
    connected: true,
    heardMs: turn.nowMs,
    lostMs: null,
    offered: 0,
  })
}

export function onLoad(turn: Turn, from: Did, load: Load): void {
  const known = turn.state.acquaintances.get(from)
  if (!known) return
  known.description = { ...known.description, load }
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
  for (const { agent, arrival, epoch, fuelUsed, progress, note } of residents) {
    const home = homeOf(agent)
    if (arrival) continue
    const row = state.rows.get(agent)
    if (row) {
      if (row.holder === state.self) Object.assign(row, { heardMs: turn.nowMs, fuelUsed, progress, note })
      continue
    }
    const reports = byHome.get(home) ?? []
    reports.push({ agent, epoch, fuelUsed, progress, note })
    byHome.set(home, reports)
  }
  for (const [home, reports] of byHome) tell(turn, home, 'holding', { reports })
}
