import { integerBelow } from '../base/random.ts'
import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import { type Certificate, type Holding, sameWitnesses } from '../wire/statements.ts'
import { quorumOf } from './ballots.ts'
import { keeperOf } from './charter.ts'
import type { Answer } from './events.ts'
import { askAfterSilent } from './former.ts'
import { askEnrol } from './founding.ts'
import { leaseMs } from './lease.ts'
import { TAKEOVER_STAGGER_MS, WITNESS_GONE_MS, WITNESSES_AGAIN_MS } from './limits.ts'
import { inStep, letGoOfMirroring, mergeHops, mirroringOf, standOf } from './mirror.ts'
import { isBanned } from './notices.ts'
import { propose } from './proposer.ts'
import { writeRow } from './records.ts'
import type { HomeRow, Register } from './state.ts'
import { tellStory } from './story.ts'
import { ask, log, persist, type Turn } from './turn.ts'
import { nothingVouched } from './vouchers.ts'
import { candidates } from './witnesses.ts'

/**
 * Who keeps the row of an agent. Its witnesses watch the keeper; when it has been silent for its lease, one of them has the
 * others decide that it keeps the row now, and goes on from what a majority of them has. The keeper in turn replaces
 * witnesses that are gone, and gives the row back when the agent's home has returned: a home that comes back is a host of a
 * higher age with the same key, so the agents that it launched are its own again, and those that it launches get other names.
 */
export function watchKeepers(turn: Turn): void {
  const { state, nowMs } = turn
  for (const [agent, row] of state.mirrors) {
    const register = state.registers.get(agent)
    if (!register || row.outcome || !row.isFounded || state.proposals.has(agent)) continue
    if (!register.witnesses.includes(state.self)) continue
    const keeper = keeperOf(register)
    if (keeper === state.self) continue
    const rank = register.witnesses.indexOf(state.self)
    const overMs = heardOf(turn, keeper, row) + leaseMs(turn, keeper) + (rank - 1) * TAKEOVER_STAGGER_MS
    if (nowMs < overMs && !isBanned(state, keeper)) continue
    log(turn, 'warn', `the keeper of its row, ${keeper}, is silent; proposing ourselves`, agent)
    propose(turn, agent, register.epoch + 1, register, {
      ...holdingNow(turn, row, register),
      witnesses: [state.self, ...register.witnesses.filter((did) => did !== state.self && did !== keeper), keeper],
    })
  }
}

/** Who is there goes on with it; otherwise it is ours, from the newest checkpoint that is here. */
function holdingNow({ state }: Turn, row: HomeRow, { holder, witnesses }: Register): Holding {
  const isThere = holder !== state.self && (state.acquaintances.get(holder)?.connected ?? false)
  return { holder: isThere ? holder : state.self, checkpoint: row.checkpoint, witnesses, history: null }
}

/** When it was heard of last, by this row or as a neighbour. */
const heardOf = ({ state }: Turn, host: Did, row: HomeRow): number =>
  Math.max(row.heardMs, state.acquaintances.get(host)?.heardMs ?? 0)

/** It is decided who keeps the row: this host begins to, or ceases. */
export function onCharter(turn: Turn, register: Register, before: readonly Did[], certificate: Certificate): void {
  const { state } = turn
  const { agent, epoch } = certificate
  const isKeeper = keeperOf(register) === state.self
  const kept = state.rows.get(agent)
  const mirror = state.mirrors.get(agent)
  if (kept && !isKeeper) {
    state.rows.delete(agent)
    state.mirrors.set(agent, kept)
    letGoOfMirroring(turn, agent)
  } else if (mirror && isKeeper) {
    state.mirrors.delete(agent)
    state.rows.set(agent, mirror)
    Object.assign(mirror, { tenure: epoch, since: mirror.storyNext, heardMs: turn.nowMs })
    mirror.vouched = { ...nothingVouched(epoch, mirror.checkpoint, null), isLoose: true }
    persist(turn, writeRow(mirror))
    tellStory(turn, mirror, 'keeper', { from: before[0], to: state.self, witnesses: register.witnesses })
    // Where it runs here as well, nobody asks for an answer that the others would have to have.
    mirroringOf(turn, agent)
  } else if (kept && !sameWitnesses(before, register.witnesses))
    tellStory(turn, kept, 'keeper', { from: state.self, to: state.self, witnesses: register.witnesses })
}

/** Called each tick: the keeper looks after the witnesses of its agents. */
export function pursueWitnesses(turn: Turn): void {
  const { state, nowMs } = turn
  if (nowMs < state.witnessesDueMs) return
  state.witnessesDueMs = nowMs + WITNESSES_AGAIN_MS
  askAfterSilent(turn)
  for (const [agent, row] of state.rows) {
    const register = state.registers.get(agent)
    if (register && standOf(row).epoch < row.epoch) askForHops(turn, row, register)
    if (!register || state.proposals.has(agent) || state.founding.has(agent)) continue
    if (register.witnesses.length === 1 && row.origin.witnesses.length === 1) continue
    const refusedMs = state.mirroring.get(agent)?.refusedMs ?? null
    // One that has ended needs no other witnesses.
    const next = row.outcome ? null : successors(turn, row, register)
    // Somebody has begun to decide and was not heard of again: then the same is decided anew, or the end would never be told.
    if (next || (refusedMs !== null && nowMs - refusedMs > WITNESSES_AGAIN_MS)) {
      const { holder, witnesses } = register
      const holding = { holder, checkpoint: row.checkpoint, witnesses: next ?? witnesses, history: null }
      propose(turn, agent, register.epoch + 1, register, holding)
    }
  }
}

/** A decision that was not heard of here when it was made, or what proves it: one of the others has it. */
function askForHops(turn: Turn, row: HomeRow, { witnesses }: Register): void {
  const others = witnesses.filter((did) => did !== turn.state.self && isThere(turn, did))
  const from = others[integerBelow(turn.random, others.length)]
  if (from) ask(turn, from, 'estate', { agent: row.agent, after: standOf(row) }, { for: 'hops', agent: row.agent })
}

export function onHops(turn: Turn, agent: AgentId, outcome: Answer): void {
  const row = turn.state.rows.get(agent)
  if (row && outcome.ok) mergeHops(turn, row, (outcome.body as Requests['estate']['answer']).estate.itinerary)
}

/** Who should be its witnesses instead, once those that are new have all that there is; null where nothing is to change. */
function successors(turn: Turn, row: HomeRow, register: Register): readonly Did[] | null {
  const { state } = turn
  const home = homeOf(row.agent)
  const wanted = new Set(register.witnesses)
  const { stands: told, asked } = mirroringOf(turn, row.agent)
  const gone = register.witnesses.filter((did) => isGone(turn, did))
  const back = home !== state.self && isThere(turn, home)
  if (back && !wanted.has(home)) replace(wanted, gone[0] ?? register.witnesses.at(-1), home)
  else if (gone.length > 0) {
    const begun = [...told.keys()].find((did) => !wanted.has(did) && isThere(turn, did))
    replace(wanted, gone[0], begun ?? candidates(turn, 1, [...wanted])[0])
  }
  for (const did of wanted)
    if (!register.witnesses.includes(did) && !told.has(did)) {
      if (!asked.has(did)) askEnrol(turn, row, register, did, asked)
      return null
    }
  const order = back && wanted.has(home) && inStep(turn, row, [home]) === 1 ? [home, state.self] : [state.self]
  const next = [...new Set([...order, ...wanted])]
  if (sameWitnesses(next, register.witnesses) || !isFirstOrMember(register, next)) return null
  return inStep(turn, row, next) >= quorumOf(next) ? next : null
}

/** Only what changes who they are, or gives home its place back. */
const isFirstOrMember = ({ witnesses }: Register, next: readonly Did[]): boolean =>
  next[0] !== witnesses[0] || next.some((did) => !witnesses.includes(did))

function replace(set: Set<Did>, old: Did | undefined, by: Did | undefined): void {
  if (old === undefined || by === undefined) return
  set.delete(old)
  set.add(by)
}

const isThere = ({ state }: Turn, did: Did): boolean => state.acquaintances.get(did)?.connected ?? false

export function isGone(turn: Turn, did: Did, afterMs = WITNESS_GONE_MS): boolean {
  const { state, nowMs } = turn
  if (did === state.self) return false
  if (isBanned(state, did)) return true
  const known = state.acquaintances.get(did)
  // Who was never met in this life counts from its beginning.
  return !known?.connected && nowMs - (known?.lostMs ?? state.bornMs) > afterMs
}
