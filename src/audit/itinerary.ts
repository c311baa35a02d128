import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Authority } from '../wire/authority.ts'
import { type HopRecord, headOf, type Origin, rootOf, statementCid } from '../wire/chain.ts'
import type { Certificate, Ready, Release, Sealed, Vote } from '../wire/statements.ts'
import {
  chainFault,
  decisionFault,
  givenFault,
  type HopFault,
  type ItineraryFault,
  type Opened,
  type OpenedHop,
} from './hop-rules.ts'
import { ITINERARY_MAX } from './limits.ts'

/**
 * The evidence of an agent's way: for each epoch the votes of its witness and, where the holder before gave it away, that
 * host's RELEASE and the next host's READY, each signed over the head of all before. Verified from the signed bytes alone,
 * offline, by anybody. What is cut off at the end shows only to who has seen a later head (an Anchor).
 * Deliberately absent here: what the hosts did with the agent in between.
 */
export interface Hop {
  readonly certificate: Certificate
  /** Null when the epoch was decided without the holder before: a recovery, or a restart. */
  readonly release: Sealed<Release> | null
  readonly ready: Sealed<Ready> | null
}

export const recordOf = ({ certificate, release, ready }: Hop): HopRecord => ({
  votes: certificate.votes.map(({ envelope }) => envelope),
  release: release?.envelope ?? null,
  ready: ready?.envelope ?? null,
})

export interface Itinerary {
  readonly agent: AgentId
  readonly bundle: Cid
  readonly origin: Origin
  /** Oldest first. The newest ITINERARY_MAX. */
  readonly hops: readonly HopRecord[]
}

/** A head that somebody has seen: from then on its past is fixed, for home and everybody else. */
export interface Anchor {
  readonly epoch: number
  readonly head: Cid
}

/** One verified change of holder, for people. */
export interface Stage {
  readonly epoch: number
  readonly from: Did
  readonly to: Did
  /** Handed over by the host before, co-signed by the next; otherwise the witness decided without it. */
  readonly given: boolean
  readonly reason: Release['reason']
  readonly checkpoint: Cid | null
  /** By the witness's clock. */
  readonly atMs: number
  readonly head: Cid
}

export interface VerifiedItinerary {
  readonly stages: readonly Stage[]
  readonly head: Anchor
  /**
   * Hops before the first that is here: home no longer keeps them. That there were so many, and their head, is what the
   * witness has signed with the first one here; who held the agent before it is that hop's RELEASE's word.
   */
  readonly forgotten: number
}

/** The first violation: at which hop, whose. */
export interface BrokenItinerary {
  readonly ok: false
  readonly code: ItineraryFault
  readonly reason: string
  /** Its epoch; 0 where it is not about one. */
  readonly hop: number
  readonly host: Did | null
  /** What holds before it. */
  readonly stages: readonly Stage[]
}

/** `anchors`: heads that the one who asks, or anybody whom it believes, has seen. */
export async function verifyItinerary(
  { agent, bundle, origin, hops }: Itinerary,
  authority: Pick<Authority, 'open'>,
  anchors: readonly Anchor[] = [],
): Promise<{ readonly ok: true; readonly value: VerifiedItinerary } | BrokenItinerary> {
  const stages: Stage[] = []
  const broken = (hop: number, { code, reason, host }: HopFault): BrokenItinerary => ({
    ok: false,
    code,
    reason: hop === 0 ? reason : `hop ${hop}: ${reason}`,
    hop,
    host,
    stages,
  })
  if (hops.length > ITINERARY_MAX)
    return broken(0, { code: 'LENGTH', reason: `hops ${hops.length} > ITINERARY_MAX ${ITINERARY_MAX}`, host: null })
  // All signatures at once: platforms check them beside each other. What they say is looked at in order.
  const opened = await Promise.all(hops.map((hop) => openHop(hop, authority)))
  const epochOf = (hop: OpenedHop | undefined): number => hop?.votes.find(({ ok }) => ok)?.value?.statement.epoch ?? 1
  const first = hops.length === ITINERARY_MAX ? epochOf(opened[0]) : 1
  if (origin.witnesses[0] !== homeOf(agent))
    return broken(0, { code: 'VOTES', reason: 'the first witness of an agent is its home', host: homeOf(agent) })
  let head = rootOf(agent, bundle, origin)
  let holder = homeOf(agent)
  let deciders: readonly Did[] | null = first === 1 ? origin.witnesses : null
  for (const [index, hop] of opened.entries()) {
    const epoch = first + index
    if (index === 0 && first > 1) {
      // What was before is home's to forget, not to change: its vote over this hop names the head.
      head = hop.votes[0]?.value?.statement.previous ?? head
      holder = hop.release?.value?.signer ?? homeOf(agent)
    }
    const expected = { agent, epoch, holder, previous: head, deciders }
    const fault = decisionFault(hop, expected) ?? chainFault(hop, expected) ?? givenFault(hop, expected)
    if (fault) return broken(epoch, fault)
    const decided = hop.votes[0]?.value?.statement
    if (!decided) continue
    head = headOf(decided)
    stages.push({
      epoch,
      from: holder,
      to: decided.holding.holder,
      given: hop.release !== null,
      reason: hop.release?.value?.statement.reason ?? 'recover',
      checkpoint: decided.holding.checkpoint,
      atMs: decided.atMs,
      head,
    })
    holder = decided.holding.holder
    deciders = decided.holding.witnesses
  }
  const last = first + hops.length - 1
  for (const anchor of [...anchors].sort((one, other) => one.epoch - other.epoch)) {
    const seen = anchor.epoch === 0 ? rootOf(agent, bundle, origin) : stages[anchor.epoch - first]?.head
    const host = stages[anchor.epoch - first]?.to ?? null
    if (anchor.epoch > last)
      return broken(last, {
        code: 'CUT',
        reason: `nothing follows, but the head after hop ${anchor.epoch} has been seen`,
        host: holder,
      })
    if (seen !== undefined && seen !== anchor.head)
      return broken(anchor.epoch, { code: 'ANCHOR', reason: 'another head has been seen after this hop', host })
  }
  return { ok: true, value: { stages, head: { epoch: last, head }, forgotten: first - 1 } }
}

async function openHop({ votes, release, ready }: HopRecord, authority: Pick<Authority, 'open'>): Promise<OpenedHop> {
  const open = async <S extends Vote | Release | Ready>(envelope: Uint8Array, type: S['type']): Promise<Opened<S>> => {
    const opened = await authority.open<S>(envelope, type)
    return opened.ok ? { ok: true, value: { ...opened.value, cid: statementCid(opened.value.statement) } } : opened
  }
  const [opened, given, taken] = await Promise.all([
    Promise.all(votes.map((vote) => open<Vote>(vote, 'vote'))),
    release && open<Release>(release, 'release'),
    ready && open<Ready>(ready, 'ready'),
  ])
  return { votes: opened, release: given, ready: taken }
}
