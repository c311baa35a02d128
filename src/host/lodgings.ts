import type { Cid, HashAll } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { VerifiedBundle } from '../bundle/open.ts'
import type { HashedPages } from '../checkpoint/hashed.ts'
import { PAGE_BYTES } from '../checkpoint/limits.ts'
import { openAfter } from '../checkpoint/open.ts'
import { type Digests, pagesToHash, sealCheckpoint } from '../checkpoint/seal.ts'
import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Delivery } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import type { Quota } from '../permit/quota.ts'
import type { GuestEvent, Sandbox } from '../sandbox/port.ts'
import type { Brief } from '../wire/messages.ts'
import type { BundleShelf } from './bundle-shelf.ts'
import type { Fault, HostEvent } from './events.ts'
import { failedBy, type Lodger, type Opened, type Prepared, type Sources, TOO_LATE, UNLOADABLE } from './lodger.ts'
import { asPiece, loggable } from './piece-of.ts'
import type { Outcome } from './pull.ts'
import { assetJson } from './relive.ts'
import { TABLE_SHARE } from './transfer-limits.ts'
import type { Transfers } from './transfers.ts'
import type { Vault } from './vault.ts'

/**
 * The rim towards guests: thaws checkpoints into the sandbox, turns what guests do into events, seals
 * their images into blocks. Hashing and storing happen here, not in the machine.
 */
export interface LodgingsOptions {
  readonly self: Did
  readonly sandbox: Sandbox
  readonly vault: Vault
  readonly transfers: Transfers
  readonly shelf: BundleShelf
  readonly engineId: string
  /** Hashes pages on another thread; where it is absent they are hashed here. */
  readonly hashAll: HashAll | undefined
  /** Files that this host shares with agents, by path; null where there is none. */
  share(path: string): Promise<Uint8Array | null>
  emit(event: HostEvent): void
}

export class Lodgings {
  readonly #options: LodgingsOptions
  readonly #lodgers = new Map<AgentId, Lodger>()
  /** The newest `prepare` of each agent that is not over: what an earlier one still brings is too late. */
  readonly #preparing = new Map<AgentId, symbol>()

  constructor(options: LodgingsOptions) {
    this.#options = options
  }

  /**
   * A guest that stands still, from the checkpoint or from the top; its blocks durable here. A guest of this agent that
   * stands where an earlier checkpoint stood is brought up to this one.
   */
  async prepare(brief: Brief, checkpoint: Cid | null, sources: Sources): Promise<Prepared> {
    const own = Symbol(brief.agent)
    this.#preparing.set(brief.agent, own)
    const isNewest = (): boolean => this.#preparing.get(brief.agent) === own
    const prepared = await this.#prepare(brief, checkpoint, { ...sources, isNewest })
    if (isNewest()) this.#preparing.delete(brief.agent)
    return prepared
  }

  async #prepare(
    brief: Brief,
    checkpoint: Cid | null,
    { isNewest, ...sources }: Sources & { isNewest(): boolean },
  ): Promise<Prepared> {
    const { from, quota, authors } = sources
    const bundle = await this.#options.shelf.open(brief.bundle, from, authors)
    if (!bundle.ok) return failedBy(bundle)
    if (!isNewest()) return failedBy(TOO_LATE)
    if (checkpoint === null) {
      this.terminate(brief.agent)
      return { fault: await this.#spawn(brief, quota, bundle.value, null), stateBytes: 0, fuelUsed: 0 }
    }
    const before = this.#freshLodger(brief)
    const opened = await this.#open(brief, checkpoint, sources, before?.hashed)
    if (!isNewest()) {
      if (opened.ok) await opened.value.kept
      return failedBy(TOO_LATE)
    }
    if (!opened.ok) {
      // Nobody waits any more for the one that stands where an earlier checkpoint stood.
      if (before && this.#lodgers.get(brief.agent) === before) this.terminate(brief.agent)
      return failedBy(opened)
    }
    const { image, kept } = opened.value
    const stateBytes = image.pages.size * PAGE_BYTES
    const isBroughtUp = before !== null && this.#freshLodger(brief) === before
    if (!isBroughtUp) this.terminate(brief.agent)
    // Thawed while the blocks are being written; whoever says READY waits for both.
    const thawed = isBroughtUp
      ? this.#bringUp(before, brief, quota, opened.value)
      : this.#spawn(brief, quota, bundle.value, opened.value)
    const lodger = this.#lodgers.get(brief.agent)
    const [fault, durable] = await Promise.all([thawed, kept])
    const fuelUsed = Number(image.fuelUsed)
    if (durable.ok) return { fault, stateBytes, fuelUsed }
    if (lodger && this.#lodgers.get(brief.agent) === lodger) this.terminate(brief.agent)
    return { fault: durable, stateBytes, fuelUsed }
  }

  /** Of this very agent as the brief has it, thawed, and not run. */
  #freshLodger(brief: Brief): Lodger | null {
    const lodger = this.#lodgers.get(brief.agent)
    if (!lodger?.isFresh || lodger.onReady) return null
    const { bundle, seed, inputJson, launchedMs } = lodger.brief
    const isSame =
      bundle === brief.bundle && seed === brief.seed && inputJson === brief.inputJson && launchedMs === brief.launchedMs
    return isSame ? lodger : null
  }

  async #open(
    { agent }: Brief,
    checkpoint: Cid,
    { from, pushed, quota }: Sources,
    known: HashedPages | undefined,
  ): Promise<Result<Opened & { readonly kept: Promise<Outcome<void>> }, Fault['code']>> {
    const { transfers, engineId } = this.#options
    const bytesMax = quota.memoryBytes * TABLE_SHARE
    const brought = await transfers.bringCheckpoint(agent, checkpoint, from, bytesMax, pushed)
    if (!brought.ok) return brought
    const { get, checked, kept } = brought.value
    let opened = await openAfter(checkpoint, get, { known, checked })
    if (!opened.ok && opened.code === 'MISSING' && (await kept).ok)
      opened = await openAfter(checkpoint, get, { known, checked })
    if (opened.ok && opened.value.image.engineId === engineId) return accept({ ...opened.value, kept })
    // What is told before the blocks are kept would let them be kept after they are let go of.
    await kept
    return opened.ok
      ? refuse('ENGINE', `engine ${opened.value.image.engineId} is not here`)
      : refuse('REFUSED', `checkpoint: ${opened.code}: ${opened.reason}`)
  }

  #bringUp(lodger: Lodger, brief: Brief, quota: Quota, { image, hashed }: Opened): Promise<Fault | null> {
    lodger.hashed = hashed
    lodger.asked = []
    lodger.sentBefore = brief.sentBytes
    this.limit(brief.agent, quota)
    return new Promise((resolve) => {
      lodger.onReady = resolve
      lodger.guest.patch(image)
    })
  }

  #spawn(brief: Brief, quota: Quota, bundle: VerifiedBundle, opened: Opened | null): Promise<Fault | null> {
    const { sandbox, engineId, self } = this.#options
    return new Promise((resolve) => {
      const lodger: Lodger = {
        bundle,
        brief,
        sentBefore: brief.sentBytes,
        hashed: opened?.hashed,
        isFresh: opened !== null,
        assets: new Map(),
        answeredBytes: 0,
        logs: brief.history !== null,
        freezes: [],
        sealing: Promise.resolve(),
        asked: [],
        onReady: resolve,
        guest: sandbox.spawn(
          {
            label: brief.agent,
            engineId,
            code: bundle.code,
            kernels: bundle.kernels,
            inputJson: brief.inputJson,
            seed: brief.seed,
            startMs: brief.launchedMs,
            fuelMax: quota.fuel,
            memoryBytesMax: quota.memoryBytes,
            depth: bundle.manifest.needs.depth,
            sentBytesMax: Math.max(0, quota.sentBytes - brief.sentBytes),
            image: opened?.image ?? null,
            // Of agents that it decides about alone a home signs nothing.
            ...(homeOf(brief.agent) === self && brief.witnesses.length === 1 ? {} : { record: true }),
            ...(brief.history === null ? {} : { durable: true }),
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
    lodger.isFresh = false
    lodger.guest.run()
    for (const event of asked) this.#options.emit(event)
  }

  freeze(agent: AgentId): void {
    const lodger = this.#lodgers.get(agent)
    lodger?.freezes.push('stand')
    lodger?.guest.freeze()
  }

  /** An image at the next safepoint; the guest stands still only while it copies its memory. */
  image(agent: AgentId): void {
    const lodger = this.#lodgers.get(agent)
    lodger?.freezes.push('image')
    lodger?.guest.freeze()
    lodger?.guest.run()
  }

  /** Stands for a moment and goes on, so that another trace of it begins; what it was like is looked at by nobody. */
  pass(agent: AgentId): void {
    const lodger = this.#lodgers.get(agent)
    lodger?.freezes.push('nothing')
    lodger?.guest.freeze()
    lodger?.guest.run()
  }

  deliver = (agent: AgentId, delivery: Delivery): void => this.#lodgers.get(agent)?.guest.deliver(delivery)

  /** The same for what the rim itself has an answer to, as long as that may be. */
  answer(agent: AgentId, delivery: Delivery): void {
    const lodger = this.#lodgers.get(agent)
    lodger?.guest.deliver(lodger.logs ? loggable(delivery, lodger) : delivery)
  }

  /** It is about to read what is sealed: nothing that it hears is logged from now on. */
  confine(agent: AgentId): void {
    const lodger = this.#lodgers.get(agent)
    if (lodger) lodger.logs = false
  }

  limit(agent: AgentId, { fuel, sentBytes }: Quota): void {
    const lodger = this.#lodgers.get(agent)
    lodger?.guest.limit({ fuelMax: fuel, sentBytesMax: Math.max(0, sentBytes - lodger.sentBefore) })
  }

  terminate(agent: AgentId): void {
    const lodger = this.#lodgers.get(agent)
    this.#leave(agent)
    this.#preparing.delete(agent)
    lodger?.guest.terminate()
    lodger?.onReady?.({ code: 'REFUSED', reason: 'terminated while it was thawed' })
  }

  #leave(agent: AgentId): void {
    this.#lodgers.delete(agent)
    this.#options.vault.lend(agent, null)
  }

  async read(agent: AgentId, request: number, what: 'path' | 'asset', name: string): Promise<void> {
    const lodger = this.#lodgers.get(agent)
    const asset = what === 'asset' ? lodger?.bundle.assets.get(name)?.bytes : undefined
    if (lodger && asset) {
      if (lodger.brief.history !== null) lodger.assets.set(request, name)
      return lodger.guest.deliver({ request, outcome: { ok: true, valueJson: assetJson(asset) } })
    }
    const bytes = what === 'asset' ? null : await this.#options.share(name)
    this.answer(
      agent,
      bytes
        ? { request, outcome: { ok: true, valueJson: assetJson(bytes) } }
        : { request, outcome: { ok: false, code: 'NOT_FOUND', reason: `this host has no ${what} "${name}"` } },
    )
  }

  close(): void {
    this.#preparing.clear()
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
      case 'full':
        return emit({ kind: 'full', agent })
      case 'told':
        return emit({ kind: 'piece', agent, piece: asPiece(event.piece, lodger) })
      case 'console':
        return emit({ kind: 'console', agent, level: event.level, text: event.text })
      case 'pulse':
        return emit({ kind: 'pulse', agent, fuelUsed: event.fuelUsed })
      case 'frozen':
        lodger.answeredBytes = 0
        if (lodger.freezes[0] === 'nothing') return void lodger.freezes.shift()
        return this.#sealInOrder(agent, lodger, event)
      case 'finished':
        this.#leave(agent)
        return emit({
          kind: 'finished',
          agent,
          resultJson: event.resultJson,
          fuelUsed: event.fuelUsed,
          trace: event.trace ?? null,
        })
      case 'failed': {
        this.#leave(agent)
        if (!lodger.onReady) {
          const { code, reason, fuelUsed } = event
          return emit({ kind: 'failed', agent, code, reason, fuelUsed, trace: event.trace ?? null })
        }
        lodger.onReady({
          code: UNLOADABLE.includes(event.code) ? 'LOAD' : 'REFUSED',
          reason: `${event.code}: ${event.reason}`,
        })
        lodger.onReady = null
      }
    }
  }

  #sealInOrder(agent: AgentId, lodger: Lodger, event: Extract<GuestEvent, { kind: 'frozen' }>): void {
    const { hashAll } = this.#options
    if (!hashAll) return void this.#seal(agent, lodger, event)
    lodger.sealing = lodger.sealing.then(async () => {
      const pages = pagesToHash(event.image, lodger.hashed)
      // Where it fails, the pages are hashed here: slower for the page, the same names.
      const digests = await hashAll(pages).catch(() => [])
      if (this.#lodgers.get(agent) !== lodger) return
      await this.#seal(agent, lodger, event, new Map(digests.map((digest, i) => [pages[i] ?? digest, digest])))
    })
  }

  async #seal(
    agent: AgentId,
    lodger: Lodger,
    event: Extract<GuestEvent, { kind: 'frozen' }>,
    digests?: Digests,
  ): Promise<void> {
    const { vault, emit } = this.#options
    const { image } = event
    const trace = event.trace ?? null
    const fuelUsed = Number(image.fuelUsed)
    const stateBytes = image.pages.size * PAGE_BYTES
    const isImage = lodger.freezes.shift() === 'image'
    const { root: checkpoint, blocks, hashed, freshBytes } = sealCheckpoint(image, lodger.hashed, digests)
    lodger.hashed = hashed
    if (isImage) {
      vault.lend(agent, blocks)
      return emit({ kind: 'imaged', agent, checkpoint, stateBytes, freshBytes, trace })
    }
    try {
      await vault.keepCheckpoint(agent, checkpoint, blocks)
      emit({ kind: 'frozen', agent, checkpoint, fuelUsed, stateBytes, freshBytes, trace })
    } catch (error) {
      // Full or broken, it takes no checkpoint: home has the last one.
      this.terminate(agent)
      const reason = error instanceof Error ? error.message : 'the store takes no checkpoint'
      emit({ kind: 'failed', agent, code: 'STORE_FULL', reason, fuelUsed, trace: null })
    }
  }
}
