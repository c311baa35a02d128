import type { Brief } from '../wire/messages.ts'
import { sameWitnesses } from '../wire/statements.ts'
import { forgetLog } from './logbook.ts'
import { forgetRow } from './records.ts'
import { persist, type Turn } from './turn.ts'

/**
 * This host was asked to be a witness of an agent that does not run yet, and then its home has named others without it. It
 * has promised nothing and voted for nothing: what it was told of the beginning is void when the agent comes with another one,
 * and must not make it refuse what the real witnesses decide.
 */
export function forgetUnfounded(turn: Turn, { agent, origin }: Brief): void {
  const { state } = turn
  const register = state.registers.get(agent)
  const mirror = state.mirrors.get(agent)
  if (!register || !mirror || register.epoch > 0 || mirror.isFounded || register.promised || register.accepted) return
  if (sameWitnesses(register.witnesses, origin.witnesses)) return
  persist(turn, ...forgetRow(mirror))
  forgetLog(turn, agent)
  state.mirrors.delete(agent)
  state.registers.delete(agent)
}
