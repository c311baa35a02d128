import type { Cid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentParts, sealBundle } from '../../src/bundle/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host, HostOptions } from '../../src/host/host.ts'
import { createHost } from '../../src/host/runtime.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { MemoryNetwork } from '../../src/platform/memory/transport.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { promptDeflate } from '../../src/platform/node/deflate.ts'
import { createNativeSubtle, lendNativeSignatures } from '../../src/platform/node/native-signatures.ts'
import { CHEAP_ENGINE, type CheapProgram, CheapSandbox } from '../../src/sim/cheap-sandbox.ts'
import { leaveOf } from './licenses.ts'

/** Whole hosts, production code but for the guests, on a memory network in virtual time. */
export const author = createSigner(generateSecretKey(seededRandom(99)))

/** Answers at once, like the library, and takes a tenth of its time. */
lendNativeSignatures()
const native = createNativeSubtle()

/** Of the host that is started with this number. */
export const didOfSeed = (seed: number): Did => createSigner(generateSecretKey(seededRandom(seed))).did

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Signing, verifying and storing take several turns of promises; all of them end within a few turns of the event loop. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await turnOfTheLoop()
}

export interface ClusterHost {
  readonly host: Host
  readonly did: Did
  readonly disk: MemoryDisk
  readonly logs: string[]
}

export class Cluster {
  readonly time = new VirtualTime(settle)
  readonly network: MemoryNetwork
  readonly hosts = new Map<number, ClusterHost>()
  readonly online = new Set<string>()
  #starts = 0

  constructor(latencyMs = { min: 1, max: 1 }) {
    this.network = new MemoryNetwork({ random: seededRandom(1), clock: this.time, timers: this.time, latencyMs })
  }

  async start(seed: number, options: Partial<HostOptions> = {}, disk = new MemoryDisk()): Promise<ClusterHost> {
    const signer = createSigner(generateSecretKey(seededRandom(seed)))
    const logs: string[] = []
    const address = addressOf(signer.did)
    const host = await createHost({
      signer,
      verifier: createVerifier(native),
      transport: async () => this.network.join(address),
      store: await disk.open(),
      sandbox: new CheapSandbox(this.time),
      deflate: promptDeflate,
      engineId: CHEAP_ENGINE,
      clock: this.time,
      timers: this.time,
      // No two lives of a host draw the same, as none do.
      random: seededRandom(seed + 1_000 * ++this.#starts),
      kind: 'edge',
      name: `host ${seed}`,
      slots: 4,
      trust: [author.did],
      permit: [await leaveOf(author, signer.did)],
      members: async () => [...this.online],
      log: (level, text, agent) => logs.push(`${this.time.nowMs()} ${level} ${agent ?? ''} ${text}`),
      ...options,
    })
    this.online.add(address)
    const started = { host, did: signer.did, disk, logs }
    this.hosts.set(seed, started)
    return started
  }

  /** kill -9: the network forgets it, its timers do nothing any more, its disk stays. */
  async kill(seed: number): Promise<MemoryDisk> {
    const killed = this.hosts.get(seed)
    if (!killed) throw new Error(`no host ${seed}`)
    this.hosts.delete(seed)
    this.online.delete(addressOf(killed.did))
    this.network.crash(addressOf(killed.did))
    await killed.host.close()
    return killed.disk
  }

  async launch(home: Host, program: CheapProgram, signer = author): Promise<AgentId> {
    const launching = home.launch(await importProgram(home, program, signer))
    launching.catch(() => {})
    await this.time.advance(5)
    return launching
  }

  bundle(home: Host, program: CheapProgram): Promise<Cid> {
    return importProgram(home, program)
  }

  /** Where an agent is, by what the hosts show. */
  holders(agent: AgentId): number[] {
    return [...this.hosts]
      .filter(([, { host }]) => host.snapshot().agents.some(({ id, state }) => id === agent && state === 'running'))
      .map(([seed]) => seed)
  }

  async ended(home: Host, agent: AgentId, limitMs = 60_000): Promise<unknown> {
    let outcome: { ok: boolean; valueJson: string } | null = null
    void home.outcome(agent).then((ended) => {
      outcome = ended
    })
    await this.time.runUntil(() => outcome !== null, limitMs)
    const ended = outcome as { ok: boolean; valueJson: string } | null
    return ended && { ok: ended.ok, value: JSON.parse(ended.valueJson) }
  }
}

export async function importProgram(
  home: Host,
  program: CheapProgram,
  signer = author,
  changes: Partial<AgentParts> = {},
): Promise<Cid> {
  const { car } = await sealBundle(
    {
      name: 'cheap',
      version: '1.0.0',
      description: '',
      code: JSON.stringify(program),
      sourceMap: null,
      kernels: new Map(),
      assets: new Map(),
      needs: {},
      quota: {},
      effects: 'fast',
      ...changes,
    },
    signer,
  )
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  return bundle.value.id
}
