import { type Binding, equivocationOf } from '../audit/equivocation.ts'
import { headOf } from '../wire/chain.ts'
import type { Certificate, Release, Sealed, Vote } from '../wire/statements.ts'
import { publish } from './notices.ts'
import type { Register } from './state.ts'
import { log, type Turn } from './turn.ts'

/**
 * Whoever sees that an epoch was given away or decided twice has the proof in hand, and tells everybody. Asked at the two
 * places where such statements come in: at the witness, and wherever a decision becomes known.
 */
export function watchRelease(turn: Turn, { agent, accepted }: Register, release: Sealed<Release>): void {
  const { epoch } = release.statement
  const hop = turn.state.rows.get(agent)?.itinerary.findLast(({ certificate }) => certificate.epoch === epoch)
  for (const known of [accepted?.release, hop?.release]) if (known) accuse(turn, known, release)
}

/** A decision for an epoch of which another is known here. */
export function watchDecision(turn: Turn, certificate: Certificate): void {
  const { registers, residents, seen } = turn.state
  const { agent, epoch } = certificate
  for (const known of [registers.get(agent), residents.get(agent), seen.get(agent)]) {
    const other = known?.certificate
    if (other?.epoch === epoch && headOf(other) !== headOf(certificate))
      for (const one of other.votes) for (const vote of certificate.votes) accuse(turn, one, vote)
  }
}

function accuse(turn: Turn, first: Binding, second: Binding): void {
  const proof = equivocationOf(first, second)
  if (!proof) return
  const fault = publish(
    turn,
    proof.kind === 'release'
      ? { kind: 'equivocation', of: 'release', first: first as Sealed<Release>, second: second as Sealed<Release> }
      : { kind: 'equivocation', of: 'vote', first: first as Sealed<Vote>, second: second as Sealed<Vote> },
  )
  log(
    turn,
    'warn',
    `${proof.signer} has said two things of epoch ${proof.epoch}${fault ? `: ${fault}` : ''}`,
    proof.agent,
  )
}
