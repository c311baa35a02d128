import type { Refusal } from '../../base/result.ts'
import type { HashedPages } from '../../checkpoint/hashed.ts'
import { openCheckpoint } from '../../checkpoint/open.ts'
import { sealCheckpoint } from '../../checkpoint/seal.ts'
import { forkSeed } from '../../engine/chance.ts'
import type { MachineImage, PendingCall } from '../../engine/image.ts'
import type { TierChoice } from '../../engine/machine.ts'
import { shortDid } from '../../identity/did.ts'
import { UNBOUNDED } from '../../permit/grant.ts'
import { type Budget, splitBudget } from '../../permit/split.ts'
import { answerCall, type Call, type HostFacts, parseCall, refuseCall, type Where } from '../../sandbox/calls.ts'
import type { Guest, GuestEvent, GuestOrder, Sandbox } from '../../sandbox/port.ts'
import { isMailCall, LocalMail, type MailCall } from './local-mail.ts'
import type { LocalProgram } from './local-program.ts'

/**
 * One agent in one local sandbox, on request in a fresh worker thread after every so much fuel: frozen, sealed into
 * blocks, opened from them with every hash checked, thawed. All of the run is fixed by program, input and seed: the
 * clock is virtual, answers come in the order of the calls, and so a run with hops ends in the state of one without.
 * What it forks into runs after it, one after the other, in the order in which they were made.
 */
export interface LocalRunOptions {
  readonly engineId: string
  readonly inputJson: string
  readonly seed: number
  readonly fuelMax: number
  readonly memoryBytesMax: number
  readonly childrenMax: number
  /** Fuel between two hops; null runs it in one piece. */
  readonly hopEveryFuel: number | null
  /** With hops the movable build where nothing is said: it is the one that can be frozen after every so much fuel. */
  readonly tier?: TierChoice
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

/** The agent that was run, or one that it forked into. */
export interface LocalAgent {
  readonly agent: string
  readonly forkedFrom: { readonly agent: string; readonly index: number } | null
  readonly end: LocalRunEnd
}

/** Where an agent begins: from the top, or in the middle of the call that made it. */
interface Birth {
  readonly agent: string
  readonly forkedFrom: ForkedFrom | null
  readonly image: MachineImage | null
  readonly budget: Budget
  readonly host: HostFacts
}

type ForkedFrom = NonNullable<LocalAgent['forkedFrom']> & { readonly request: number; readonly seed: number }

/** The agent itself first, then all that was made of it. */
export async function runLocally(
  sandbox: Sandbox,
  program: LocalProgram,
  options: LocalRunOptions,
  listen: (agent: string) => LocalRunListener,
): Promise<readonly LocalAgent[]> {
  const { fuelMax: fuel, childrenMax: children } = options
  const budget = { ...UNBOUNDED, fuel, sentBytes: SENT_BYTES_MAX, children }
  const births: Birth[] = []
  const bear = (birth: Omit<Birth, 'agent'>): void =>
    void births.push({ ...birth, agent: `local.1.${births.length + 1}` })
  bear({ forkedFrom: null, image: null, budget, host: HERE })
  const agents: LocalAgent[] = []
  for (const birth of births) {
    const { agent, forkedFrom } = birth
    const end = await new Promise<LocalRunEnd>((end) =>
      new LocalRun(sandbox, program, options, birth, listen(agent), bear, end).begin(),
    )
    agents.push({ agent, forkedFrom: forkedFrom && { agent: forkedFrom.agent, index: forkedFrom.index }, end })
  }
  return agents
}

class LocalRun {
  readonly #sandbox: Sandbox
  readonly #program: LocalProgram
  readonly #options: LocalRunOptions
  readonly #birth: Birth
  readonly #listener: LocalRunListener
  readonly #bear: (birth: Omit<Birth, 'agent'>) => void
  readonly #end: (end: LocalRunEnd) => void
  #budget: Budget
  /** The `fork` call for which it is being frozen. */
  #forking: { readonly request: number; readonly n: number } | null = null
  /** By request, the forks that were carried out (null) and those that were not. */
  readonly #mail = new LocalMail()
  readonly #forks = new Map<number, Refusal<'QUOTA'> | null>()
  #guest: Guest | null = null
  #hashed: HashedPages | undefined
  #host: HostFacts
  #hops = 0

  constructor(
    sandbox: Sandbox,
    program: LocalProgram,
    options: LocalRunOptions,
    birth: Birth,
    listener: LocalRunListener,
    bear: (birth: Omit<Birth, 'agent'>) => void,
    end: (end: LocalRunEnd) => void,
  ) {
    this.#sandbox = sandbox
    this.#program = program
    this.#options = options
    this.#birth = birth
    this.#listener = listener
    this.#bear = bear
    this.#end = end
    this.#budget = birth.budget
    this.#host = birth.host
  }

  begin(): void {
    this.#spawn(this.#birth.image)
  }

  #spawn(image: MachineImage | null): void {
    const { engineId, inputJson, seed, memoryBytesMax, hopEveryFuel, tier } = this.#options
    const { code, kernels, depth } = this.#program
    const order: GuestOrder = {
      label: 'sojourn run',
      engineId,
      code,
      kernels,
      inputJson,
      seed,
      startMs: START_MS,
      fuelMax: this.#budget.fuel,
      memoryBytesMax,
      depth,
      sentBytesMax: SENT_BYTES_MAX,
      image,
      hashAtEnd: true,
      pace: 'virtual',
      tier: tier ?? (hopEveryFuel === null ? 'auto' : 'movable'),
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
        return this.#forking ? this.#fork(event.image, this.#forking) : void this.#hop(event.image)
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
    this.#spawn(opened.value)
  }

  /** Goes on from where it stands with its share, and so will each of the others. */
  #fork(image: MachineImage, { request, n }: { readonly request: number; readonly n: number }): void {
    this.#forking = null
    const { forkedFrom, agent } = this.#birth
    const used = Number(image.fuelUsed)
    const shares = splitBudget({ ...this.#budget, fuel: this.#budget.fuel - used }, n)
    this.#forks.set(request, shares.ok ? null : shares)
    for (const [index, share] of shares.ok ? shares.value.entries() : []) {
      const budget = { ...share, fuel: used + share.fuel }
      const seed = forkSeed(forkedFrom?.seed ?? this.#options.seed, request, index)
      if (index === 0) this.#budget = budget
      else this.#bear({ forkedFrom: { agent, request, index, seed }, image, budget, host: this.#host })
    }
    this.#spawn(image)
  }

  #fail(code: string, reason: string, fuel: number): void {
    this.#end({ ok: false, code, reason, fuel, hops: this.#hops })
  }

  /** A call that is asked again after a hop has had its effect already; only the answer is still to come. */
  #onCall(guest: Guest, asked: PendingCall, again: boolean): void {
    const call = parseCall(asked)
    const { request } = asked
    if (!call.ok) return guest.deliver(refuseCall(request, call.code, call.reason))
    if (isMailCall(call.value)) return guest.deliver(this.#mail.answer(request, call.value, this.#birth.agent))
    if (call.value.name === 'fork') return this.#onFork(guest, request, call.value.n)
    if (!again && this.#moves(call.value)) return guest.freeze()
    if (!again) this.#tell(call.value)
    guest.deliver(this.#answer(request, call.value))
  }

  /** Asked by a guest that stands where it was frozen for the fork, it is answered; else it freezes the guest. */
  #onFork(guest: Guest, request: number, n: number): void {
    const { forkedFrom } = this.#birth
    const mine = forkedFrom?.request === request ? forkedFrom : null
    const fault = this.#forks.get(request)
    if (fault) return guest.deliver(refuseCall(request, fault.code, fault.reason))
    if (mine || fault === null || n === 1) {
      const { index, seed } = mine ?? { index: 0, seed: null }
      return guest.deliver(answerCall(request, 'fork', { index, seed, ...this.#self() }))
    }
    if (this.#forking) return guest.deliver(refuseCall(request, 'DENIED', 'another fork is under way'))
    this.#forking = { request, n }
    guest.freeze()
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

  /** Its numbers are not what is left, which would depend on when it was asked, but what there was. */
  #self() {
    const quota = { ...UNBOUNDED, ...this.#budget, memoryBytes: this.#options.memoryBytesMax }
    return { id: this.#birth.agent, host: this.#host, quota }
  }

  #answer(request: number, call: Exclude<Call, { name: 'fork' } | MailCall>) {
    switch (call.name) {
      case 'self':
        return answerCall(request, 'self', this.#self())
      case 'move':
        return answerCall(request, 'move', this.#host)
      case 'checkpoint':
        return answerCall(request, 'checkpoint', true)
      case 'progress':
      case 'emit':
        return answerCall(request, call.name, null)
      case 'seal':
      case 'unseal':
        return refuseCall(
          request,
          'DENIED',
          'here are no keys: values are sealed and unsealed by the hosts of a cluster',
        )
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
