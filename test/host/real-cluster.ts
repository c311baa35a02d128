import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host, HostOptions } from '../../src/host/host.ts'
import { createHost } from '../../src/host/runtime.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { MemoryNetwork } from '../../src/platform/memory/transport.ts'
import { bundleFrom } from '../../src/platform/node/bundle-file.ts'
import { nodeDeflate } from '../../src/platform/node/deflate.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { lendNativeHash } from '../../src/platform/node/native-hash.ts'
import { createNativeSubtle, lendNativeSignatures } from '../../src/platform/node/native-signatures.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../src/platform/node/time.ts'
import type { ClosableSandbox } from '../../src/sandbox/create-sandbox.ts'
import type { Sandbox } from '../../src/sandbox/port.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { leaveOf } from './licenses.ts'

/** Whole hosts with real guests, in real time; only the network is in memory. */
const author = createSigner(generateSecretKey(seededRandom(99)))

export interface RealHost {
  readonly host: Host
  readonly did: Did
}

export class RealCluster {
  readonly #network = new MemoryNetwork({ random: seededRandom(1), clock: nodeClock, timers: nodeTimers })
  readonly #online = new Set<string>()
  readonly #started: { readonly host: Host; readonly sandbox: ClosableSandbox }[] = []
  readonly #verifier
  readonly logs: string[] = []

  constructor() {
    lendNativeHash()
    lendNativeSignatures()
    this.#verifier = createVerifier(createNativeSubtle())
  }

  /** `lying`: makes of the honest sandbox what the host's agents run in. */
  async start(
    name: string,
    slots: number,
    { lying, operators = [] }: { lying?: (honest: Sandbox) => Sandbox; operators?: readonly Did[] } = {},
  ): Promise<RealHost> {
    const { manifest, modules } = await loadEngineFiles()
    const sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]), spares: 1 })
    const signer = createSigner(generateSecretKey(nodeRandom))
    const address = addressOf(signer.did)
    const options: HostOptions = {
      signer,
      verifier: this.#verifier,
      transport: async () => this.#network.join(address),
      store: await new MemoryDisk().open(),
      sandbox: lying ? lying(sandbox) : sandbox,
      deflate: nodeDeflate,
      engineId: manifest.id,
      clock: nodeClock,
      timers: nodeTimers,
      random: nodeRandom,
      kind: slots === 0 ? 'launcher' : 'edge',
      name,
      slots,
      trust: [author.did],
      operators,
      permit: [await leaveOf(author, signer.did)],
      members: async () => [...this.#online],
      log: (level, text) => this.logs.push(`${name}: ${level} ${text}`),
    }
    const host = await createHost(options)
    this.#online.add(address)
    this.#started.push({ host, sandbox })
    return { host, did: signer.did }
  }

  async launch(home: Host, path: string, input: unknown): Promise<AgentId> {
    const { car } = await bundleFrom(path, author, this.#verifier)
    const bundle = await home.importBundle(car)
    if (!bundle.ok) throw new Error(bundle.reason)
    return home.launch(bundle.value.id, { inputJson: JSON.stringify(input) })
  }

  async segments({ host, did }: RealHost): Promise<Requests['segments']['answer']> {
    const answer = await host.ask(did, 'segments', { agent: null, host: null, after: 0 })
    if (!answer.ok) throw new Error(answer.reason)
    return answer.body as Requests['segments']['answer']
  }

  /** As kill -9: nothing is handed over. */
  crash({ host, did }: RealHost): Promise<void> {
    this.#online.delete(addressOf(did))
    this.#network.crash(addressOf(did))
    return host.close()
  }

  async close(): Promise<void> {
    for (const { host, sandbox } of this.#started) {
      await host.close()
      sandbox.close()
    }
  }
}

/** Looks again until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise<void>((resolve) => void nodeTimers.after(50, resolve))
}
