import { base64pad } from 'multiformats/bases/base64'
import type { Cid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { openBundleBlocks, type VerifiedBundle } from '../bundle/open.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import { type HashedPages, sealCheckpoint } from '../checkpoint/seal.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Delivery } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import { openEnvelope } from '../identity/envelope.ts'
import type { Verifier } from '../identity/verifier.ts'
import type { Quota } from '../permit/quota.ts'
import type { Guest, GuestEvent, GuestFailure, Sandbox } from '../sandbox/port.ts'
import { StoreFullError } from '../storage/port.ts'
import type { Brief } from '../wire/messages.ts'
import type { BundleFacts, Fault, HostEvent, Pushed } from './events.ts'
import { BUNDLES_OPEN_MAX, TABLE_SHARE } from './limits.ts'
import type { Transfers } from './transfers.ts'
import type { Vault } from './vault.ts'

/**
 * The rim towards guests: opens bundles, thaws checkpoints into the sandbox, turns what guests do into events, seals
 * their images into blocks. Hashing and storing happen here, not in the machine.
 */
export interface LodgingsOptions {
  readonly sandbox: Sandbox
  readonly vault: Vault
  readonly transfers: Transfers
  readonly verifier: Verifier
  readonly engineId: string
  /** Files that this host shares with agents, by path; null where there is none. */
  share(path: string): Promise<Uint8Array | null>
  trusts(author: Did): boolean
  emit(event: HostEvent): void
}

interface Lodger {
  readonly guest: Guest
  readonly bundle: VerifiedBundle
  /** Of the permit's sentBytes, by the time this guest began. */
  readonly sentBefore: number
  hashed: HashedPages | undefined
  /** Set while the guest is being thawed dry. */
  onReady: ((fault: Fault | null) => void) | null
  /** Calls that travelled with the agent, until it runs: before that nobody may act on them. Null from then on. */
  asked: HostEvent[] | null
}

export class Lodgings {
  readonly #options: LodgingsOptions
  readonly #lodgers = new Map<AgentId, Lodger>()
  readonly #bundles = new Map<Cid, VerifiedBundle>()

  constructor(options: LodgingsOptions) {
    this.#options = options
  }

  async openBundle(id: Cid, from: Did | null): Promise<Result<VerifiedBundle, Fault['code']>> {
    const open = this.#bundles.get(id)
    if (open) return accept(open)
    const { vault, transfers, verifier } = this.#options
    const fetched = await transfers.fetchBundle(id, from, (root) => this.#rootFault(root))
    if (!fetched.ok) return fetched
    const bundle = await openBundleBlocks(id, vault.get, verifier)
    if (!bundle.ok) return refuse('REFUSED', `bundle: ${bundle.code}: ${bundle.reason}`)
    this.#bundles.set(id, bundle.value)
    if (this.#bundles.size > BUNDLES_OPEN_MAX) this.#bundles.delete(this.#bundles.keys().next().value ?? id)
    return bundle
  }

  /** Whose it is comes before what is in it: of an author who is not trusted no block but the first is fetched or kept. */
  async #rootFault(root: Uint8Array): Promise<Fault | null> {
    const envelope = await openEnvelope(this.#options.verifier, 'bundle', root)
    if (!envelope.ok) return { code: 'REFUSED', reason: `bundle: ${envelope.code}: ${envelope.reason}` }
    const { signer } = envelope.value
    return this.#options.trusts(signer)
      ? null
      : { code: 'UNTRUSTED_AUTHOR', reason: `author ${signer} is not trusted here` }
  }

  /** A guest that stands still, from the checkpoint or from the top; its blocks durable here. */
  async prepare(
    brief: Brief,
    checkpoint: Cid | null,
    from: Did | null,
    pushed: Pushed,
    quota: Quota,
  ): Promise<{ fault: Fault | null; stateBytes: number }> {
    const { transfers, sandbox, engineId } = this.#options
    const bundle = await this.openBundle(brief.bundle, from)
    if (!bundle.ok) return { fault: bundle, stateBytes: 0 }
    let image = null
    if (checkpoint !== null) {
      const bytesMax = quota.memoryBytes * TABLE_SHARE
      const fetched = await transfers.fetchCheckpoint(brief.agent, checkpoint, from, bytesMax, pushed)
      if (!fetched.ok) return { fault: fetched, stateBytes: 0 }
      const opened = await openCheckpoint(checkpoint, fetched.value)
      if (!opened.ok)
        return { fault: { code: 'REFUSED', reason: `checkpoint: ${opened.code}: ${opened.reason}` }, stateBytes: 0 }
      image = opened.value
      if (image.engineId !== engineId)
        return { fault: { code: 'ENGINE', reason: `engine ${image.engineId} is not here` }, stateBytes: 0 }
    }
    const stateBytes = image ? image.pages.size * 4096 : 0
    this.terminate(brief.agent)
    return new Promise((resolve) => {
      const lodger: Lodger = {
        bundle: bundle.value,
        sentBefore: brief.sentBytes,
        hashed: undefined,
        asked: [],
        onReady: (fault) => resolve({ fault, stateBytes }),
        guest: sandbox.spawn(
          {
            label: brief.agent,
            engineId,
            code: bundle.value.code,
            kernels: bundle.value.kernels,
            inputJson: brief.inputJson,
            seed: brief.seed,
            startMs: brief.launchedMs,
            fuelMax: quota.fuel,
            memoryBytesMax: quota.memoryBytes,
            sentBytesMax: Math.max(0, quota.sentBytes - brief.sentBytes),
            image,
            pace: 'real',
          },
          (event) => this.#onGuest(brief.agent, lodger, event),
        ),
      }
      this.#lodgers.set(brief.agent, lodger)
    })
  }

  run(agent: AgentId): void {
    const lodger = this.#lodgers.get(agent)
    if (!lodger) return
    const asked = lodger.asked ?? []
    lodger.asked = null
    lodger.guest.run()
    for (const event of asked) this.#options.emit(event)
  }

  freeze = (agent: AgentId): void => this.#lodgers.get(agent)?.guest.freeze()
  deliver = (agent: AgentId, delivery: Delivery): void => this.#lodgers.get(agent)?.guest.deliver(delivery)

  limit(agent: AgentId, { fuel, sentBytes }: Quota): void {
    const lodger = this.#lodgers.get(agent)
    lodger?.guest.limit({ fuelMax: fuel, sentBytesMax: Math.max(0, sentBytes - lodger.sentBefore) })
  }

  terminate(agent: AgentId): void {
    const lodger = this.#lodgers.get(agent)
    this.#lodgers.delete(agent)
    lodger?.guest.terminate()
    lodger?.onReady?.({ code: 'REFUSED', reason: 'terminated while it was thawed' })
  }

  async read(agent: AgentId, request: number, what: 'path' | 'asset', name: string): Promise<void> {
    const bytes =
      what === 'asset'
        ? (this.#lodgers.get(agent)?.bundle.assets.get(name)?.bytes ?? null)
        : await this.#options.share(name)
    this.deliver(
      agent,
      bytes
        ? { request, outcome: { ok: true, valueJson: `{"$bytes":"${base64pad.baseEncode(bytes)}"}` } }
        : { request, outcome: { ok: false, code: 'NOT_FOUND', reason: `this host has no ${what} "${name}"` } },
    )
  }

  close(): void {
    for (const agent of [...this.#lodgers.keys()]) this.terminate(agent)
  }

  #onGuest(agent: AgentId, lodger: Lodger, event: GuestEvent): void {
    if (this.#lodgers.get(agent) !== lodger && event.kind !== 'ready') return
    const { emit } = this.#options
    switch (event.kind) {
      case 'ready':
        lodger.onReady?.(null)
        lodger.onReady = null
        return
      case 'call': {
        const call: HostEvent = { kind: 'call', agent, call: event.call, again: event.again }
        if (lodger.asked) lodger.asked.push(call)
        else emit(call)
        return
      }
      case 'console':
        return emit({ kind: 'console', agent, level: event.level, text: event.text })
      case 'pulse':
        return emit({ kind: 'pulse', agent, fuelUsed: event.fuelUsed })
      case 'frozen':
        return void this.#seal(agent, lodger, event)
      case 'finished':
        this.#lodgers.delete(agent)
        return emit({ kind: 'finished', agent, resultJson: event.resultJson, fuelUsed: event.fuelUsed })
      case 'failed': {
        this.#lodgers.delete(agent)
        if (!lodger.onReady)
          return emit({ kind: 'failed', agent, code: event.code, reason: event.reason, fuelUsed: event.fuelUsed })
        lodger.onReady({
          code: UNLOADABLE.includes(event.code) ? 'LOAD' : 'REFUSED',
          reason: `${event.code}: ${event.reason}`,
        })
        lodger.onReady = null
      }
    }
  }

  async #seal(agent: AgentId, lodger: Lodger, { image }: Extract<GuestEvent, { kind: 'frozen' }>): Promise<void> {
    const { vault, emit } = this.#options
    const fuelUsed = Number(image.fuelUsed)
    try {
      const sealed = sealCheckpoint(image, lodger.hashed)
      lodger.hashed = sealed.hashed
      await vault.keepCheckpoint(agent, sealed.root, sealed.blocks)
      emit({ kind: 'frozen', agent, checkpoint: sealed.root, fuelUsed, stateBytes: image.pages.size * 4096 })
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error
      this.terminate(agent)
      emit({ kind: 'failed', agent, code: 'STORE_FULL', reason: error.message, fuelUsed })
    }
  }
}

/** What the machine needs to know of a bundle. */
export const factsOf = ({ id, author, manifest }: VerifiedBundle): BundleFacts => ({
  id,
  author,
  name: manifest.name,
  kinds: manifest.needs.kind === null ? null : [manifest.needs.kind],
  quota: manifest.quota,
})

/** Failures before the first step that are the program's own; the others may be this host's. */
const UNLOADABLE: readonly GuestFailure[] = ['LOAD', 'QUOTA', 'TRAP', 'THROWN', 'UNENCODABLE']
