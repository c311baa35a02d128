import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { drop } from './arrival.ts'
import { takeBack } from './home.ts'
import { hangUp } from './inic.ts'
import { banOf } from './notices.ts'
import { forgetResident, writeRow } from './records.ts'
import { bury, onEnded } from './residence.ts'
import type { HomeRow, Resident } from './state.ts'
import { tellStory } from './story.ts'
import { deny, log, persist, type Turn } from './turn.ts'

/**
 * What bans do at the moment they become known: the sessions with those keys end, and agents that they wrote or launched
 * end where they are, with a reason that their homes are told. What they hold of ours is taken back at the next tick
 * (home.ts); that nothing comes from them afterwards is seen to where things come in.
 */
export function banish(turn: Turn, subjects: Iterable<Did>): void {
  const { state } = turn
  const gone = new Map<Did, string>()
  for (const did of subjects) gone.set(did, banOf(state, did) ?? 'banned')
  for (const [did, reason] of gone) {
    log(turn, 'warn', `${did} is ${reason}`)
    state.acquaintances.delete(did)
    hangUp(turn, did, 'banned')
  }
  for (const resident of state.residents.values()) {
    const home = homeOf(resident.agent)
    const why = gone.get(home) ?? gone.get(resident.author) ?? gone.get(resident.license.order.signer)
    if (why !== undefined) endHere(turn, resident, gone.has(home), why)
  }
  for (const row of state.rows.values()) {
    const why = gone.get(row.author) ?? gone.get(row.launcher)
    if (why !== undefined) endAtHome(turn, row, why)
  }
}

/** A home that is banned is told nothing more. */
function endHere(turn: Turn, resident: Resident, isHomeGone: boolean, reason: string): void {
  const { arrival } = resident
  if (arrival) {
    if (arrival.handle !== null) deny(turn, arrival.handle, 'BANNED', reason)
    if (arrival.state === 'ready') persist(turn, forgetResident(resident.agent))
    return drop(turn, resident)
  }
  if (resident.ended) return
  if (resident.guest !== 'none') turn.effects.push({ kind: 'terminate', agent: resident.agent })
  if (isHomeGone) return bury(turn, resident)
  onEnded(turn, resident, 'failure', JSON.stringify({ code: 'BANNED', reason }), resident.fuelUsed)
}

/** Ends like one that is killed: home decides the next epoch for itself and runs nothing in it. */
function endAtHome(turn: Turn, row: HomeRow, reason: string): void {
  if (row.outcome) return
  row.state = 'killed'
  row.outcome = { ok: false, valueJson: JSON.stringify({ code: 'BANNED', reason }) }
  tellStory(turn, row, 'failure', { code: 'BANNED', reason })
  persist(turn, writeRow(row))
  takeBack(turn, row)
  row.checkpoint = null
  turn.effects.push({ kind: 'forget', agent: row.agent, keep: null })
}
