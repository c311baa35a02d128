import { BISECT_ROUNDS_MAX, MADE_KEPT_MAX } from '../audit/limits.ts'
import { receiptCid } from '../audit/receipt.ts'
import type { Cid } from '../base/digest.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { CLAIMS_PER_ASK } from '../wire/limits.ts'
import type { ProofRequests, Rerun } from '../wire/proofs.ts'
import type { Claim, Sealed } from '../wire/statements.ts'
import type { Seen } from './auditor.ts'
import type { Answer } from './events.ts'
import { authorsNamed } from './license.ts'
import { writeSegment } from './records.ts'
import { answer, ask, begin, deny, persistSoon, type Turn } from './turn.ts'
import type { KeptSegment } from './vouchers.ts'

/**
 * Where in a false segment the lie is: home asks the maker where it stood at places along it, sees for itself where the program stands
 * there, and asks again between the last place that agrees and the first that does not. Only for people: the proof holds
 * without. A maker that does not answer, or answers as if it had not lied, is convicted by its receipt all the same.
 */
export interface Between {
  readonly after: number
  readonly upTo: number
  readonly round: number
}

/** Answers to wait for, and what for. */
export type BisectWaiting =
  | { readonly for: 'claims'; readonly segment: Cid; readonly between: Between }
  | {
      readonly for: 'bisect'
      readonly segment: Cid
      readonly between: Between
      readonly claims: readonly Sealed<Claim>[]
    }
  /** At the maker: an own segment is run again for the home that waits at `handle`. */
  | { readonly for: 'sights'; readonly receipt: Cid; readonly handle: number }
  | { readonly for: 'seal-claim'; readonly handle: number }

export function beginBisect(turn: Turn, segment: KeptSegment): void {
  const { fuelFrom, fuelTo } = segment.receipt.statement
  askClaims(turn, segment, { after: fuelFrom, upTo: fuelTo, round: 1 })
}

function askClaims(turn: Turn, { name, receipt }: KeptSegment, between: Between): void {
  const fuels = placesIn(between)
  if (fuels.length === 0 || between.round > BISECT_ROUNDS_MAX) return
  const { agent } = receipt.statement
  ask(turn, receipt.signer, 'claim', { agent, receipt: name, fuels }, { for: 'claims', segment: name, between })
}

/** As many as one answer has, evenly spread between two places. */
function placesIn({ after, upTo }: Between): readonly number[] {
  const count = Math.min(CLAIMS_PER_ASK, upTo - after - 1)
  return Array.from(
    { length: Math.max(0, count) },
    (_, i) => after + Math.floor(((i + 1) * (upTo - after)) / (count + 1)),
  )
}

export function onClaims(
  turn: Turn,
  { segment: name, between }: { readonly segment: Cid; readonly between: Between },
  outcome: Answer,
): void {
  const { state } = turn
  const segment = state.audits.segments.get(name)
  const row = segment && state.rows.get(segment.receipt.statement.agent)
  if (!segment?.log || !row || !outcome.ok) return
  const fuels = placesIn(between)
  const { claims } = outcome.body as ProofRequests['claim']['answer']
  const own = claims.filter(
    ({ signer, statement }) =>
      signer === segment.receipt.signer && statement.receipt === name && fuels.includes(statement.fuel),
  )
  if (own.length === 0) return
  const { inputJson, seed, launchedMs } = row
  const rerun: Rerun = { receipt: segment.receipt, log: segment.log, inputJson, seed, launchedMs }
  const marks = own.map(({ statement }) => statement.fuel).sort((a, b) => a - b)
  state.audits.serving += 1
  begin(
    turn,
    { kind: 'rerun', rerun, from: null, authors: authorsNamed(state, row.license), marks },
    { for: 'bisect', segment: name, between, claims: own },
  )
}

/** What home has seen at those places. */
export function onBisected(
  turn: Turn,
  { segment: name, between, claims }: Extract<BisectWaiting, { for: 'bisect' }>,
  seen: readonly Seen[],
): void {
  const { audits } = turn.state
  audits.serving -= 1
  const segment = audits.segments.get(name)
  if (!segment) return
  segment.claims = [...segment.claims, ...claims]
  persistSoon(turn, writeSegment(segment))
  let { after, upTo } = between
  for (const { mark, root } of seen) {
    const claim = claims.find(({ statement }) => statement.fuel === mark)?.statement
    if (claim && claim.root !== root) {
      upTo = mark
      break
    }
    after = mark
  }
  askClaims(turn, segment, { after, upTo, round: between.round + 1 })
}

/** The maker keeps what it has signed for, the last of it, so that it can answer for it. */
export function noteMade({ state }: Turn, rerun: Rerun): void {
  const { made } = state.audits
  made.set(receiptCid(rerun.receipt.statement), rerun)
  for (const oldest of made.keys()) {
    if (made.size <= MADE_KEPT_MAX) break
    made.delete(oldest)
  }
}

/** The agent's home wants to know where a segment of ours stood. What is gone here is brought from there. */
export function onClaim(turn: Turn, from: Did, handle: number, asked: ProofRequests['claim']['ask']): void {
  const { audits } = turn.state
  const { receipt, fuels } = asked
  const rerun = audits.made.get(receipt)
  if (!rerun || homeOf(rerun.receipt.statement.agent) !== from)
    return deny(turn, handle, 'NOT_FOUND', 'nothing is kept of it')
  if (fuels.some((fuel, i) => fuel <= (fuels[i - 1] ?? -1))) return deny(turn, handle, 'BAD_MESSAGE', 'places ascend')
  if (audits.serving > 0) return deny(turn, handle, 'BUSY', 'another segment is being run again')
  audits.serving += 1
  begin(turn, { kind: 'rerun', rerun, from, authors: [], marks: fuels }, { for: 'sights', receipt, handle })
}

export function onSights(
  turn: Turn,
  { receipt, handle }: { readonly receipt: Cid; readonly handle: number },
  seen: readonly Seen[],
): void {
  const { audits } = turn.state
  audits.serving -= 1
  if (seen.length === 0) return deny(turn, handle, 'NOT_FOUND', 'it cannot be run again here')
  audits.claiming.set(handle, { due: seen.length, claims: [] })
  for (const { mark, root } of seen) {
    const statement: Claim = { type: 'claim', receipt, fuel: mark, root }
    begin(turn, { kind: 'seal', statement }, { for: 'seal-claim', handle })
  }
}

export function onClaimSealed(turn: Turn, handle: number, claim: Sealed<Claim>): void {
  const { claiming } = turn.state.audits
  const answering = claiming.get(handle)
  if (!answering) return
  answering.claims.push(claim)
  if (answering.claims.length < answering.due) return
  claiming.delete(handle)
  answer(turn, handle, 'claim', { claims: answering.claims })
}
