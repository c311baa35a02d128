import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Brief } from '../wire/messages.ts'
import { sameWitnesses } from '../wire/statements.ts'
import { forgetLog } from './logbook.ts'
import { forgetRow } from './records.ts'
import { foundedFault } from './standing.ts'
import { persist, type Turn } from './turn.ts'

/**
 * This host was asked to be a witness of an agent that does not run yet, and then its home has named others without it. It
 * has promised nothing and voted for nothing: what it was told of the beginning is void when the agent comes with another one,
 * and must not make it refuse what the real witnesses decide. Called for who has shown that the witnesses in the brief let
 * him have the agent: whether home has named those is looked at here, for of hosts of his own anybody can show as much.
 */
export function forgetUnfounded(turn: Turn, from: Did, brief: Brief): void {
  const { agent, origin } = brief
  const { state } = turn
  const register = state.registers.get(agent)
  const mirror = state.mirrors.get(agent)
  if (!register || !mirror || register.epoch > 0 || mirror.isFounded || register.promised || register.accepted) return
  if (sameWitnesses(register.witnesses, origin.witnesses) || !isHomesWord(from, brief)) return
  persist(turn, ...forgetRow(mirror))
  forgetLog(turn, agent)
  state.mirrors.delete(agent)
  state.registers.delete(agent)
}

/** It says so itself, it alone has decided, or it has signed what the chain begins with. */
const isHomesWord = (from: Did, brief: Brief): boolean =>
  from === homeOf(brief.agent) ||
  (brief.origin.witnesses.length === 1 && brief.origin.witnesses[0] === homeOf(brief.agent)) ||
  foundedFault(brief) === null
