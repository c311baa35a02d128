import { integerBelow } from '../base/random.ts'
import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import { estateFault } from './estates.ts'
import type { Answer } from './events.ts'
import { FORMER_AGAIN_MS, FORMER_ASKS_MAX } from './limits.ts'
import { isFenced } from './logbook.ts'
import { inherit, standOf, sureOf } from './mirror.ts'
import type { HomeRow, Register } from './state.ts'
import { ask, type Turn } from './turn.ts'

/**
 * A host that was the witness of an agent, and may have been replaced while it was away: whoever keeps the row now tells its
 * own witnesses, and not those of before. So who has long heard nothing of an agent asks after it. It learns who decides by now; and
 * when the agent has ended, it lets go of all that it kept for it. Until then it keeps that: nobody has told it that enough
 * of the others have as much.
 */
/** Called when a keeper looks after its witnesses. */
export function askAfterSilent(turn: Turn): void {
  const { state, nowMs } = turn
  let asked = 0
  for (const [agent, row] of state.mirrors) {
    const register = state.registers.get(agent)
    if (row.outcome) state.askedAfterMs.delete(agent)
    if (!register || row.outcome || nowMs < row.heardMs + FORMER_AGAIN_MS) continue
    if (nowMs < (state.askedAfterMs.get(agent) ?? 0) + FORMER_AGAIN_MS) continue
    if (asked++ >= FORMER_ASKS_MAX) return
    state.askedAfterMs.set(agent, nowMs)
    askAfter(turn, row, register)
  }
}

function askAfter(turn: Turn, row: HomeRow, { witnesses }: Register): void {
  const { state } = turn
  const others = [...new Set([...witnesses, homeOf(row.agent)])].filter(
    (did) => did !== state.self && state.acquaintances.get(did)?.connected,
  )
  const from = others[integerBelow(turn.random, others.length)]
  // Its own last lines may be nobody else's: who kept the row since may have others there.
  if (from) askFrom(turn, row, from, sureOf(row))
}

function askFrom(turn: Turn, row: HomeRow, from: Did, next: number): void {
  const { agent } = row
  ask(turn, from, 'estate', { agent, after: { ...standOf(row), next } }, { for: 'former', agent, from })
}

export function onFormerTold(turn: Turn, agent: AgentId, from: Did, outcome: Answer): void {
  const { mirrors, registers, self } = turn.state
  const row = mirrors.get(agent)
  const register = registers.get(agent)
  if (!row || !register || row.outcome || !outcome.ok) return
  const { epoch, estate } = outcome.body as Requests['estate']['answer']
  // Of one that lives, its keeper tells its witnesses, and nobody else needs to have more of it than he has.
  if (!ENDED.includes(estate.state) || estateFault(row, estate, epoch) !== null) return
  // A witness that has promised the next epoch takes nothing more for this one, from nobody (mirror.ts).
  const isBound = epoch === register.epoch && register.witnesses.includes(self) && isFenced(turn.state, agent)
  if (epoch < register.epoch || isBound) return
  const before = [row.tenure, row.storyNext].join()
  inherit(turn, row, estate)
  if (!row.outcome && [row.tenure, row.storyNext].join() !== before) askFrom(turn, row, from, row.storyNext)
}

const ENDED: readonly HomeRow['state'][] = ['finished', 'failed', 'killed']
