import { minQuota } from '../permit/quota.ts'
import { type Budget, splitBudget } from '../permit/split.ts'
import { answerCall, refuseCall } from '../sandbox/calls.ts'
import type { ForkedFrom, Requests } from '../wire/messages.ts'
import { factsOf, quotaLeft } from './calls.ts'
import { keeperOf } from './charter.ts'
import type { Answer, Fault } from './events.ts'
import { FORK_AGAIN_MS } from './limits.ts'
import { writeResident } from './records.ts'
import { goOn, mayRunHere, sendCheckpointAgain } from './residence.ts'
import type { Resident } from './state.ts'
import { ask, persist, type Turn } from './turn.ts'

/**
 * The holder's part of a fork. It freezes the agent in the middle of its call, gives home that checkpoint, and asks home to
 * make the others (forks.ts); till then the agent stands still. The call is answered with 0 where it was made, and in each
 * of the others with its index where that goes on first. Asked again, after a recovery or a lost answer, home finds what
 * it has made: so a holder only ever asks on, and never takes no answer for a no.
 */
/** A `fork` call under way here. Not kept: who goes on from the checkpoint asks again. */
export interface Forking {
  readonly request: number
  readonly n: number
  /** From `still` on the program stands at the checkpoint that it is forked from, until it is answered. */
  phase: 'freeze' | 'still' | 'sent' | 'ask' | 'asked'
  retryMs: number
}

export function fork(turn: Turn, resident: Resident, request: number, n: number, again: boolean): void {
  const { forkedFrom } = resident.brief
  if (forkedFrom?.request === request) return tellIndex(turn, resident, request, forkedFrom)
  if (n === 1) return tellIndex(turn, resident, request, null)
  if (resident.forking && resident.forking.request !== request)
    return refuse(turn, resident, request, { code: 'REFUSED', reason: 'another fork is under way' })
  // What may have been carried out already is home's to say: what is left here can be what was left after it.
  const shares = again ? null : splitBudget(budgetLeft(resident), n)
  if (shares && !shares.ok) return refuse(turn, resident, request, shares)
  resident.forking = { request, n, phase: 'freeze', retryMs: turn.nowMs }
  pursueFork(turn, resident)
}

const budgetLeft = ({ quota, brief, fuelUsed, sentBytes, messages }: Resident): Budget => ({
  ...quota,
  fuel: quota.fuel - fuelUsed,
  messages: quota.messages - messages,
  sentBytes: quota.sentBytes - sentBytes,
  hops: quota.hops - brief.hops,
})

/** Called each tick and whenever a step of it is done. While the agent is leaving, the next host asks instead. */
export function pursueFork(turn: Turn, resident: Resident): void {
  const { forking } = resident
  if (!forking || resident.departure || resident.ended || turn.nowMs < forking.retryMs) return
  if (forking.phase === 'freeze' && resident.guest === 'running') {
    resident.guest = 'freezing'
    turn.effects.push({ kind: 'freeze', agent: resident.agent })
  } else if (forking.phase === 'still') sendCheckpointAgain(turn, resident)
  else if (forking.phase === 'ask' && resident.checkpoint !== null) {
    const { agent, epoch, checkpoint, fuelUsed, brief } = resident
    const { request, n } = forking
    forking.phase = 'asked'
    ask(
      turn,
      keeperOf(brief),
      'fork',
      { agent, epoch, request, n, checkpoint, fuelUsed, hops: brief.hops },
      { for: 'fork', agent, request },
    )
  }
}

/** The checkpoint that was sent last is at home, or did not get there. */
export function onForkCheckpointHome(turn: Turn, resident: Resident, arrived: boolean): void {
  const { forking } = resident
  if (forking?.phase !== 'sent') return
  forking.phase = arrived ? 'ask' : 'still'
  if (!arrived) forking.retryMs = turn.nowMs + FORK_AGAIN_MS
  pursueFork(turn, resident)
}

export function onForkAnswered(turn: Turn, resident: Resident, request: number, outcome: Answer): void {
  const { forking } = resident
  if (forking?.phase !== 'asked' || forking.request !== request) return
  if (resident.departure || (!outcome.ok && !FINAL.includes(outcome.code))) {
    forking.phase = 'ask'
    forking.retryMs = turn.nowMs + FORK_AGAIN_MS
    return
  }
  resident.forking = null
  if (outcome.ok) {
    const { left } = outcome.body as Requests['fork']['answer']
    resident.brief = { ...resident.brief, allowance: left }
    resident.quota = minQuota(resident.quota, left)
    persist(turn, writeResident(resident))
    turn.effects.push({ kind: 'limit', agent: resident.agent, quota: resident.quota })
    tellIndex(turn, resident, request, null)
  } else refuse(turn, resident, request, outcome)
  if (resident.guest === 'frozen' && mayRunHere(turn, resident)) goOn(turn, resident)
}

/**
 * Home has said no, and will again; or who keeps the row in its place, to whom home cannot have said yes unheard. Anything else
 * can be over in a moment, and home may have said yes.
 */
const FINAL: readonly Fault['code'][] = ['QUOTA', 'REFUSED', 'BAD_MESSAGE', 'NOT_FOUND']

/** The answer: for one that was made here and now, what tells it from the one that it was made of. */
function tellIndex(turn: Turn, resident: Resident, request: number, forkedFrom: ForkedFrom | null): void {
  const answer = {
    index: forkedFrom?.index ?? 0,
    seed: forkedFrom?.seed ?? null,
    id: resident.agent,
    host: factsOf(turn.state),
    quota: quotaLeft(turn, resident),
  }
  turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery: answerCall(request, 'fork', answer) })
}

function refuse(turn: Turn, resident: Resident, request: number, { code, reason }: Fault): void {
  const said = code === 'QUOTA' ? code : code === 'NOT_FOUND' ? 'UNREACHABLE' : 'DENIED'
  const delivery = refuseCall(request, said, reason)
  turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery })
}
