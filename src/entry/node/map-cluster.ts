import { cpus } from 'node:os'
import type { Host } from '../../host/host.ts'
import type { Did } from '../../identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../identity/signer.ts'
import { nodeRandom } from '../../platform/node/time.ts'
import { mandateFor } from './cluster-client.ts'
import { startLocalCluster } from './local-cluster.ts'
import { startNodeHost } from './node-host.ts'
import { passOn } from './permit-file.ts'
import { collectRefusals } from './refusals.ts'

/** Where `map` sends its agents: a cluster of its own on this machine, or one that is there. Home is in this process. */
export interface MapCluster {
  readonly home: Host
  /** Why nobody takes agents; null when somebody does, or has no room just now. */
  whyNobody(): string | null
  close(): Promise<void>
}

/** Two agents a core: while one of them is on its way, the other works. */
const SLOTS_PER_EDGE = 2

export const edgesByDefault = (): number => Math.max(1, cpus().length)

export async function startOwnCluster(edges: number, author: Did): Promise<MapCluster> {
  const refusals = collectRefusals()
  const cluster = await startLocalCluster({
    edges,
    slots: SLOTS_PER_EDGE,
    signer: ephemeral(),
    trust: [author],
    log: refusals.note,
  })
  const { host: home } = cluster.home
  await met(home, edges)
  return { home, whyNobody: () => refusals.sentence(home.snapshot()), close: () => cluster.stop() }
}

/** The edge workers are on line, but home may not have met them all yet: the first agents would crowd on the first one. */
const MEET_MS_MAX = 5_000

function met(home: Host, edges: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      unsubscribe()
      clearTimeout(timer)
      resolve()
    }
    const look = (): void => {
      if (home.snapshot().acquaintances.length >= edges) done()
    }
    const unsubscribe = home.subscribe(look)
    const timer = setTimeout(done, MEET_MS_MAX)
    look()
  })
}

/** A host for as long as the map runs; its key is for once, so whoever maps lets it launch, and ask, in their name. */
export async function joinForMap(
  join: string,
  author: Did,
  person: Signer,
  permit: readonly Uint8Array[],
  bind: string | undefined,
): Promise<MapCluster> {
  const refusals = collectRefusals()
  const signer = ephemeral()
  const { host: home, close } = await startNodeHost({
    rendezvous: join,
    signer,
    permit: await passOn(person, permit, signer.did),
    mandate: await mandateFor(signer.did, person),
    kind: 'launcher',
    name: 'map',
    slots: 0,
    trust: [author],
    ...(bind === undefined ? {} : { bindAddress: bind }),
    log: (_, text) => refusals.note(text),
  })
  return { home, whyNobody: () => refusals.sentence(home.snapshot()), close }
}

const ephemeral = (): Signer => createSigner(generateSecretKey(nodeRandom))
