import type { Itinerary } from '../../src/audit/itinerary.ts'
import { type Cid, rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, agentId, homeOf } from '../../src/directory/agent-id.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createNativeSubtle, lendNativeSignatures } from '../../src/platform/node/native-signatures.ts'
import { type Authority, createAuthority } from '../../src/wire/authority.ts'
import { type HopRecord, headOf, type Origin, rootOf, statementCid } from '../../src/wire/chain.ts'
import type { Ready, Release, Vote } from '../../src/wire/statements.ts'

/** Ways of agents, signed by hosts whose keys the test has: honest ones, and what dishonest ones would make of them. */
lendNativeSignatures()

export const hostOf = (seed: number): Authority =>
  createAuthority(createSigner(generateSecretKey(seededRandom(seed))), createVerifier(createNativeSubtle()))

const BUNDLE = rawCid(Uint8Array.of(7))
const originOf = (agent: AgentId): Origin => ({ order: null, after: null, witnesses: [homeOf(agent)] })

export const stateOf = (n: number): Cid => rawCid(Uint8Array.of(9, n & 255, n >> 8))

export interface Place {
  readonly epoch: number
  readonly previous: Cid
}

/** What the three sign. Each may be replaced by the word of another, or of the same for something else. */
export async function hopOf(
  agent: AgentId,
  home: Authority,
  from: Authority,
  to: Authority,
  { epoch, previous }: Place,
  changes: {
    ready?: Partial<Ready>
    release?: Partial<Release>
    vote?: Partial<Vote>
    by?: Partial<Record<'ready' | 'release' | 'vote', Authority>>
  } = {},
) {
  const holding = { holder: to.did, checkpoint: stateOf(epoch), witnesses: [home.did], history: null }
  const { by = {} } = changes
  const common = { agent, epoch, holding, previous }
  const ready = await (by.ready ?? to).seal<Ready>({ type: 'ready', ...common, ...changes.ready })
  const release = await (by.release ?? from).seal<Release>({
    type: 'release',
    ...common,
    reason: 'move',
    ready: statementCid(ready.statement),
    ...changes.release,
  })
  const vote = await (by.vote ?? home).seal<Vote>({
    type: 'vote',
    ...common,
    ballot: { round: 0, host: from.did, age: epoch },
    release: statementCid(release.statement),
    of: 1,
    atMs: 1_000 * epoch,
    ...changes.vote,
  })
  const record: HopRecord = { votes: [vote.envelope], release: release.envelope, ready: ready.envelope }
  return { record, ready, release, vote, head: headOf(vote.statement) }
}

/** Home decides without the holder. */
export async function recoveryOf(agent: AgentId, home: Authority, { epoch, previous }: Place) {
  const vote = await home.seal<Vote>({
    type: 'vote',
    agent,
    epoch,
    previous,
    holding: { holder: home.did, checkpoint: stateOf(epoch), witnesses: [home.did], history: null },
    of: 1,
    ballot: { round: 1, host: home.did, age: 1 },
    release: null,
    atMs: 1_000 * epoch,
  })
  const record: HopRecord = { votes: [vote.envelope], release: null, ready: null }
  return { record, vote, head: headOf(vote.statement) }
}

type Signed = Awaited<ReturnType<typeof hopOf>>

/** An honest way from home through these hosts. */
export async function wayOf(home: Authority, hosts: readonly Authority[], sequence = 1) {
  const agent = agentId({ home: home.did, age: 1, sequence })
  const root = rootOf(agent, BUNDLE, originOf(agent))
  const hops: Signed[] = []
  for (const [i, to] of hosts.entries()) {
    const previous = hops.at(-1)?.head ?? root
    hops.push(await hopOf(agent, home, hosts[i - 1] ?? home, to, { epoch: i + 1, previous }))
  }
  return {
    agent,
    root,
    hops,
    itinerary: itineraryOf(
      agent,
      hops.map(({ record }) => record),
    ),
  }
}

export const itineraryOf = (agent: AgentId, hops: readonly HopRecord[]): Itinerary => ({
  agent,
  bundle: BUNDLE,
  origin: originOf(agent),
  hops,
})
