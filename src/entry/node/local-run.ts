import { openCheckpoint } from '../../checkpoint/open.ts'
import { type HashedPages, sealCheckpoint } from '../../checkpoint/seal.ts'
import type { MachineImage, PendingCall } from '../../engine/image.ts'
import { shortDid } from '../../identity/did.ts'
import { answerCall, type Call, type HostFacts, parseCall, refuseCall, type Where } from '../../sandbox/calls.ts'
import type { Guest, GuestEvent, GuestOrder, Sandbox } from '../../sandbox/port.ts'
import type { LocalProgram } from './local-program.ts'

/**
 * One agent in one local sandbox, on request in a fresh worker thread after every so much fuel: frozen, sealed into
 * blocks, opened from them with every hash checked, thawed. All of the run is fixed by program, input and seed: the
 * clock is virtual, answers come in the order of the calls, and so a run with hops ends in the state of one without.
 */
export interface LocalRunOptions {
  readonly engineId: string
  readonly inputJson: string
  readonly seed: number
  readonly fuelMax: number
  readonly memoryBytesMax: number
  /** Fuel between two hops; null runs it in one piece. */
  readonly hopEveryFuel: number | null
}

/** What the program says while it runs. */
export interface LocalRunListener {
  console(line: { readonly level: string; readonly text: string }): void
  emit(valueJson: string): void
  progress(fraction: number, note: string): void
}

export type LocalRunEnd = { readonly fuel: number; readonly hops: number } & (
  | { readonly ok: true; readonly resultJson: string; readonly stateHash: string }
  | { readonly ok: false; readonly code: string; readonly reason: string }
)

/** Virtual time begins here, whatever the day: 2026-01-01T00:00:00Z. */
const START_MS = Date.UTC(2026, 0, 1)
/** Console lines and emits go to this machine's own terminal; this only bounds what a runaway program can print. */
const SENT_BYTES_MAX = 1024 * 1024 * 1024
const HERE: HostFacts = { id: 'local', kind: 'launcher', age: 1, name: 'sojourn run' }

export const runLocally = (
  sandbox: Sandbox,
  program: LocalProgram,
  options: LocalRunOptions,
  listener: LocalRunListener,
): Promise<LocalRunEnd> => new Promise((end) => new LocalRun(sandbox, program, options, listener, end).spawn(null))

class LocalRun {
  readonly #sandbox: Sandbox
  readonly #program: LocalProgram
  readonly #options: LocalRunOptions
  readonly #listener: LocalRunListener
  readonly #end: (end: LocalRunEnd) => void
  #guest: Guest | null = null
  #hashed: HashedPages | undefined
  #host = HERE
  #hops = 0

  constructor(
    sandbox: Sandbox,
    program: LocalProgram,
    options: LocalRunOptions,
    listener: LocalRunListener,
    end: (end: LocalRunEnd) => void,
  ) {
    this.#sandbox = sandbox
    this.#program = program
    this.#options = options
    this.#listener = listener
    this.#end = end
  }

  spawn(image: MachineImage | null): void {
    const { engineId, inputJson, seed, fuelMax, memoryBytesMax, hopEveryFuel } = this.#options
    const { code, kernels } = this.#program
    const order: GuestOrder = {
      label: 'sojourn run',
      engineId,
      code,
      kernels,
      inputJson,
      seed,
      startMs: START_MS,
      fuelMax,
      memoryBytesMax,
      sentBytesMax: SENT_BYTES_MAX,
      image,
      hashAtEnd: true,
      pace: 'virtual',
      ...(hopEveryFuel === null ? {} : { freezeAtFuel: Number(image?.fuelUsed ?? 0n) + hopEveryFuel }),
    }
    const guest = this.#sandbox.spawn(order, (event) => this.#onEvent(guest, event))
    this.#guest = guest
  }

  #onEvent(guest: Guest, event: GuestEvent): void {
    if (guest !== this.#guest) return
    switch (event.kind) {
      case 'ready':
        return guest.run()
      case 'call':
        return this.#onCall(guest, event.call, event.again)
      case 'console':
        return this.#listener.console(event)
      case 'pulse':
        return
      case 'frozen':
        guest.terminate()
        this.#guest = null
        return void this.#hop(event.image)
      case 'finished': {
        const { resultJson, stateHash, fuelUsed } = event
        return this.#end({ ok: true, resultJson, stateHash, fuel: fuelUsed, hops: this.#hops })
      }
      case 'failed':
        return this.#fail(event.code, event.reason, event.fuelUsed)
    }
  }

  async #hop(image: MachineImage): Promise<void> {
    const { root, blocks, hashed } = sealCheckpoint(image, this.#hashed)
    this.#hashed = hashed
    const opened = await openCheckpoint(root, async (cid) => blocks.get(cid) ?? null)
    if (!opened.ok)
      return this.#fail(opened.code, `the checkpoint does not open: ${opened.reason}`, Number(image.fuelUsed))
    this.#hops += 1
    this.spawn(opened.value)
  }

  #fail(code: string, reason: string, fuel: number): void {
    this.#end({ ok: false, code, reason, fuel, hops: this.#hops })
  }

  /** A call that is asked again after a hop has had its effect already; only the answer is still to come. */
  #onCall(guest: Guest, asked: PendingCall, again: boolean): void {
    const call = parseCall(asked)
    const { request } = asked
    if (!call.ok) return guest.deliver(refuseCall(request, call.code, call.reason))
    if (!again && this.#moves(call.value)) return guest.freeze()
    if (!again) this.#tell(call.value)
    guest.deliver(this.#answer(request, call.value))
  }

  /** There is one machine here: where a program wants to go is played by a fresh worker thread under that host's name. */
  #moves(call: Call): boolean {
    if (call.name !== 'move') return false
    const before = this.#host
    this.#host = hostAt(call.where)
    return this.#host.id !== before.id
  }

  #tell(call: Call): void {
    if (call.name === 'emit') this.#listener.emit(call.valueJson)
    if (call.name === 'progress') this.#listener.progress(call.fraction, call.note)
  }

  #answer(request: number, call: Call) {
    switch (call.name) {
      case 'self': {
        // Not what is left, which would depend on when it was asked, but what there was.
        const { fuelMax: fuel, memoryBytesMax: memoryBytes } = this.#options
        const quota = { fuel, memoryBytes, lifetimeMs: NO_LIMIT, sentBytes: SENT_BYTES_MAX, hops: NO_LIMIT }
        return answerCall(request, 'self', { id: 'local.1.1', host: this.#host, quota })
      }
      case 'move':
        return answerCall(request, 'move', this.#host)
      case 'checkpoint':
        return answerCall(request, 'checkpoint', true)
      case 'progress':
      case 'emit':
        return answerCall(request, call.name, null)
      case 'hosts':
        return answerCall(
          request,
          'hosts',
          [...new Set([HERE, this.#host])].map(({ id, name, kind }) => ({ id, name, kind })),
        )
      case 'asset': {
        const bytes = this.#program.assets.get(call.asset)
        if (!bytes) return refuseCall(request, 'NOT_FOUND', `the bundle has no asset "${call.asset}"`)
        return answerCall(request, 'asset', bytes)
      }
      case 'read':
        return refuseCall(request, 'NOT_FOUND', 'a local run shares no files')
    }
  }
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER

function hostAt(where: Where): HostFacts {
  switch (where.to) {
    case 'home':
      return HERE
    case 'host':
      return { id: where.host, kind: 'edge', age: 1, name: shortDid(where.host) }
    case 'kind':
      return { id: `local-${where.kind}`, kind: where.kind, age: 1, name: `a ${where.kind} of sojourn run` }
    case 'anywhere':
      return { id: 'local-edge', kind: 'edge', age: 1, name: 'an edge of sojourn run' }
  }
}
