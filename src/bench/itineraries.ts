import { verifyItinerary } from '../audit/itinerary.ts'
import { rawCid } from '../base/digest.ts'
import { agentId } from '../directory/agent-id.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { createVerifier } from '../identity/verifier.ts'
import { createNativeSubtle, lendNativeSignatures } from '../platform/node/native-signatures.ts'
import { nodeRandom } from '../platform/node/time.ts'
import { type Authority, createAuthority } from '../wire/authority.ts'
import { type HopRecord, headOf, rootOf, statementCid } from '../wire/chain.ts'
import type { Ready, Release, Vote } from '../wire/statements.ts'
import { percentile, type Row } from './row.ts'

/** What it takes to verify the way of an agent that hopped a hundred times among ten hosts: 300 signatures and the chain. */
const HOPS = 100
const HOSTS = 10
const RUNS = 30
const BAR_MS = 50

export async function benchItineraries(): Promise<Row[]> {
  lendNativeSignatures()
  const someone = (): Authority => createAuthority(createSigner(generateSecretKey(nodeRandom)), createVerifier())
  const home = someone()
  const hosts = Array.from({ length: HOSTS }, someone)
  const agent = agentId({ home: home.did, age: 1, sequence: 1 })
  const bundle = rawCid(Uint8Array.of(1))
  const witnesses = [home.did]
  const origin = { order: null, after: null, witnesses }
  const hops: HopRecord[] = []
  let previous = rootOf(agent, bundle, origin)
  for (let epoch = 1; epoch <= HOPS; epoch++) {
    const [from, to] = [epoch === 1 ? home : (hosts[(epoch - 1) % HOSTS] ?? home), hosts[epoch % HOSTS] ?? home]
    const holding = { holder: to.did, checkpoint: rawCid(Uint8Array.of(epoch)), witnesses, history: null }
    const common = { agent, epoch, holding, previous }
    const ready = await to.seal<Ready>({ type: 'ready', ...common })
    const named = { reason: 'move', ready: statementCid(ready.statement) } as const
    const release = await from.seal<Release>({ type: 'release', ...common, ...named })
    const ballot = { round: 0, host: from.did, age: epoch }
    const voted = { ballot, release: statementCid(release.statement), of: 1, atMs: epoch }
    const vote = await home.seal<Vote>({ type: 'vote', ...common, ...voted })
    hops.push({ votes: [vote.envelope], release: release.envelope, ready: ready.envelope })
    previous = headOf(vote.statement)
  }
  const rows: Row[] = []
  for (const [name, subtle] of [
    ['native', createNativeSubtle()],
    ['webcrypto', globalThis.crypto.subtle],
  ] as const) {
    const authority = createAuthority(createSigner(generateSecretKey(nodeRandom)), createVerifier(subtle))
    const times: number[] = []
    for (let run = 0; run <= RUNS; run++) {
      const startMs = performance.now()
      const verified = await verifyItinerary({ agent, bundle, origin, hops }, authority, [
        { epoch: HOPS, head: previous },
      ])
      if (!verified.ok) throw new Error(verified.reason)
      times.push(performance.now() - startMs)
    }
    const [first = 0, ...others] = times
    const p50 = percentile(others, 0.5)
    rows.push({ name: `itinerary.${HOPS}.${name}.p50`, value: p50, unit: 'ms', bar: `≤ ${BAR_MS}`, ok: p50 <= BAR_MS })
    rows.push({ name: `itinerary.${HOPS}.${name}.first`, value: first, unit: 'ms' })
  }
  return rows
}
