/**
 * The author's door: `import { agent } from 'sojourn/agent'`.
 *
 * An agent is a program that travels. It runs in a small JavaScript engine inside some host: a browser tab or an edge
 * worker. At any moment, in the middle of any loop, its host may freeze it and another may thaw it; the program does not
 * notice: variables, closures, generators, pending promises and timers are all still there, `Date` and `Math.random`
 * go on where they were. What an agent can reach beside the language is `self`, and nothing else: no network, no files,
 * no DOM. Everything `self` gives can be refused, with a RefusalError.
 *
 *     import { agent } from 'sojourn/agent'
 *
 *     export default agent(async (self, input: { upTo: number }) => {
 *       let sum = 0
 *       for (let i = 0; i < input.upTo; i++) {      // frozen and thawed anywhere in here, without a word
 *         sum += i
 *         self.progress(i / input.upTo)
 *       }
 *       await self.move({ home: true })             // the next line runs on another machine, `sum` intact
 *       return { sum, where: self.host.name }
 *     })
 *
 * Input, result and everything emitted are JSON; a Uint8Array anywhere in them arrives as a Uint8Array.
 * This room runs inside the guest and imports nothing else; it is bundled into every agent that uses it.
 */

import { Inbox, type Letter } from './inbox.ts'
import { type KernelEngine, type KernelFunction, type KernelMemory, type KernelOptions, openKernel } from './kernel.ts'
import { Progress } from './progress.ts'
import type { CallName, Quota } from './quota.ts'
import { type RefusalCode, RefusalError } from './refusal.ts'

export type { CallName, Inbox, KernelFunction, KernelMemory, KernelOptions, Letter, Quota, RefusalCode }
export { RefusalError }

/** What an agent knows of itself and can ask of its host. */
export interface Self<Input = unknown> {
  /** The agent's name, unique for ever; the same on every host. After a `fork`, each has its own. */
  readonly id: string
  /** What the agent was launched with; the same value as the function's second argument. */
  readonly input: Input
  /**
   * The host as last heard of: at the start, and after every `move` and `where`. A host may send an agent
   * away without asking it; only `await self.where()` is sure.
   */
  readonly host: Host
  /** What was left of the permit's numbers when last heard of; `await self.where()` asks again. */
  readonly quota: Quota

  /** Asks where we are now and what is left, brings `host` and `quota` up to date, and answers the host. */
  where(): Promise<Host>

  /**
   * Goes to another host. The program stops at the call itself, wherever it is made: also in a comparator, a getter or
   * toJSON, where nothing can be awaited; what runs next runs there, and the promise is settled by then. Answers the new
   * host. Where the agent is already is fine and costs no hop.
   * Refused with UNREACHABLE (nobody who fits takes it), QUOTA (no hops left), DENIED: then it goes on where it is. A
   * refusal that nobody handles is a line on the console, as of any promise.
   *
   *     rows.sort((a, b) => (self.host.id === a.host || self.move({ host: a.host }), compare(a, b)))
   */
  move(where: Where): Promise<Host>

  /**
   * Becomes n: what runs next runs in n agents (it stops at the call itself, as a move does), each with its own copy of everything, as it stands: variables, closures,
   * pending promises, timers. Answers 0 in the one that goes on and 1 to n − 1 in the others, which are placed on hosts of
   * their own. What is left of the permit is divided among them. Each has a result of its own.
   * Refused with QUOTA (children, or a number with less than one for each), DENIED, UNREACHABLE (its home is gone, and only
   * that makes agents; asked again later, it may be back).
   *
   *     const index = await self.fork(4)
   *     for (let row = index; row < rows.length; row += 4) work(rows[row])
   */
  fork(n: number): Promise<number>

  /** Resolves when home has a copy of the agent's state taken after this call: at most the work since then can be lost. */
  checkpoint(): Promise<void>

  /** Waits in virtual time. Survives moves: the rest of the wait goes on elsewhere. */
  sleep(ms: number): Promise<void>

  /**
   * Tells whoever watches how far the work is, 0 to 1, with a few words if wanted. Not awaited, cheap, and never an
   * error: changes below a thousandth are not sent, and of what cannot be sent at once only the latest is.
   */
  progress(fraction: number, note?: string): void

  /**
   * Sends a partial result to whoever launched the agent, in order, each once: of a durable agent, which it is unless its
   * `sojourn.json` says `"effects": "fast"`, also when its host is lost; a fast one may then be heard to say two things, and
   * the second is shown as a conflict. Resolves when the host has it; await it, or a fast loop is refused with QUOTA.
   */
  emit(value: unknown): Promise<void>

  /**
   * The functions of kernels/<name>, callable at once and synchronously. Frozen in the middle of a call like everything
   * else. Numbers go in and come out; a 64-bit integer comes out as a bigint, and takes a bigint or a whole number.
   * A typed array goes in and out: it is copied to where the kernel's own `alloc` (or `malloc`) says, the function gets the
   * address, and what it leaves there is copied back before the memory is given to `free`, if there is one.
   *
   *     const { blur } = await self.kernel<{ blur(pixels: Uint8Array, width: number): number }>('image')
   *
   * Another `instance` is another copy, with memory and variables of its own; the same name is the same one. Refused with
   * NOT_FOUND, and with QUOTA where there are too many or the memory does not fit.
   */
  kernel<Functions extends object = Readonly<Record<string, KernelFunction>>>(
    name: string,
    options?: KernelOptions,
  ): Promise<Functions & { readonly memory: KernelMemory }>

  /** The bytes of assets/<name> of the agent's own bundle. Refused with NOT_FOUND. */
  asset(name: string): Promise<Uint8Array>

  /** The bytes of a file that the present host shares. Refused with NOT_FOUND, DENIED, or QUOTA where it is too large. */
  read(path: string): Promise<Uint8Array>

  /**
   * Sends JSON to another agent, wherever it is. Resolves when it is in that one's mailbox; what one agent sends to another
   * comes in order, each once, also while both travel. Not awaited, it may be lost when the agent ends.
   * Refused with UNKNOWN (there never was such an agent), GONE (it has ended), DENIED (it is another launcher's, and has not
   * opened its inbox to all), QUOTA, CONFLICT (after a recovery, see `effects` in the manifest: it came before, with other contents).
   */
  send(to: string, data: unknown): Promise<void>

  /**
   * What others have sent. `for await (const { from, data } of self.inbox)` waits for the next one for as long as it takes;
   * waiting costs nothing, and goes on elsewhere when the agent moves.
   */
  readonly inbox: Inbox

  /**
   * The id of the agent that has a name: `tally` among those of this agent's own launcher, `tally@did:key:z6Mk…` among
   * another's. A name that is not known yet is waited for, two seconds; then it is refused with NOT_FOUND.
   */
  lookup(name: string): Promise<string>

  /**
   * Takes a name for as long as the agent lives, or until `unregister`. Of two agents of one launcher the one that had it first
   * keeps it; the other is refused with TAKEN, and `self.lookup` tells who it is. QUOTA where it has too many.
   */
  register(name: string): Promise<void>
  unregister(name: string): Promise<void>

  /** The hosts that the present one knows to be on line, itself among them. */
  hosts(): Promise<readonly KnownHost[]>

  /**
   * Seals a value to an identity, given as its did: from then on only hosts of that identity open it, for agents of this
   * program, and only with `unseal`. The host that seals sees the value, and so does every host that has run the agent
   * with it; forget it afterwards. What no host on the way shall see is sealed before the launch (`sojourn launch --seal-to`).
   */
  seal<Value>(value: Value, reader: string): Promise<Sealed<Value>>

  /**
   * Opens a sealed value, on a host of the identity that it is sealed to; refused with DENIED anywhere else, and where it
   * was sealed for another program or for other hands. From then on the agent stays: it ends on this host, can neither
   * move nor fork, and no checkpoint of it is taken. Where the host's owner wants the machine back meanwhile, it goes on
   * from its last checkpoint elsewhere, as after a crash, and has to come again.
   *
   *     await self.move({ host: input.reader })
   *     const order = await self.unseal(input.order)
   */
  unseal<Value>(sealed: Sealed<Value>): Promise<Value>
}

/** Where to go: to the host the agent was launched from, to a host by its id, to any of a kind, or just away. */
export type Where = { readonly home: true } | { readonly host: string } | { readonly kind: 'edge' | 'tab' } | 'anywhere'

export interface Host {
  /** Its public key, as did:key. */
  readonly id: string
  /** A browser tab, an edge worker, or the process that launched the agent. */
  readonly kind: 'edge' | 'tab' | 'launcher'
  /** Counts the host's starts: a higher age under the same id is the same host after a restart. */
  readonly age: number
  /** For people. */
  readonly name: string
}

/** A value that one identity alone can read; JSON, to be carried, emitted and returned like any other. */
export interface Sealed<Value = unknown> {
  readonly $sealed: {
    /** Who can read it, as did:key. */
    readonly to: string
    readonly about: string
    readonly key: string
    readonly box: string
  }
  /** Only for the compiler: what comes out of it. */
  readonly [sealedValue]?: Value
}
declare const sealedValue: unique symbol

export interface KnownHost {
  readonly id: string
  readonly kind: Host['kind']
  readonly name: string
  /** Paths that `read` finds there, where the host has said so. */
  readonly shares?: readonly string[]
}

/** An agent as the engine starts it; what `agent` returns and a module exports as its default. */
export type Agent<Input, Output> = (input: Input) => Promise<Output>

/** Makes an agent of a function. What it returns is the result; what it throws ends the agent, with its stack. */
export function agent<Input = unknown, Output = unknown>(
  run: (self: Self<Input>, input: Input) => Output | Promise<Output>,
): Agent<Input, Output> {
  return async (input) => run(new Asking(input, await call('self', {})), input)
}

/** What the engine's prelude leaves on the global object for us. */
interface Engine {
  readonly __sojourn: KernelEngine & {
    call(name: string, args: object): Promise<unknown>
    callSync(name: string, args: object): unknown
    seedRandom(seed: number): void
  }
  setTimeout(run: () => void, ms: number): number
}
const engine = globalThis as unknown as Engine

/** The calls and their answers; the host's side has the same table (sandbox/SYSCALLS.md). */
interface Answers {
  self: { readonly id: string; readonly host: Host; readonly quota: Quota }
  move: Host
  fork: Answers['self'] & { readonly index: number; readonly seed: number | null }
  checkpoint: true
  progress: null
  emit: null
  asset: Uint8Array
  read: Uint8Array
  hosts: readonly KnownHost[]
  seal: Sealed
  unseal: unknown
  send: null
  receive: Letter
  lookup: string
  register: null
}

/** What the engine refuses has a code; the author's error says so by its class. */
const refusalOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? new RefusalError(error.code as RefusalCode, error.message) : error

async function call<Name extends keyof Answers>(name: Name, args: object): Promise<Answers[Name]> {
  try {
    return (await engine.__sojourn.call(name, args)) as Answers[Name]
  } catch (error) {
    throw refusalOf(error)
  }
}

/** The whole program stands here until the answer is there: by then on another host, or as one of several. */
function callHere<Name extends keyof Answers>(name: Name, args: object): Answers[Name] {
  try {
    return engine.__sojourn.callSync(name, args) as Answers[Name]
  } catch (error) {
    throw refusalOf(error)
  }
}

/** The engine's timers hold 31 bits of milliseconds, as everywhere. */
const SLEEP_MS_MAX = 2 ** 31 - 1

class Asking<Input> implements Self<Input> {
  readonly input: Input
  readonly inbox: Inbox = new Inbox((args) => call('receive', args))
  readonly #progress = new Progress((args) => call('progress', args))
  #id: string
  #host: Host
  #quota: Quota

  constructor(input: Input, { id, host, quota }: Answers['self']) {
    this.#id = id
    this.input = input
    this.#host = host
    this.#quota = quota
  }

  get id(): string {
    return this.#id
  }

  get host(): Host {
    return this.#host
  }

  get quota(): Quota {
    return this.#quota
  }

  async where(): Promise<Host> {
    const { host, quota } = await call('self', {})
    this.#quota = quota
    this.#host = host
    return host
  }

  async move(where: Where): Promise<Host> {
    this.#host = callHere('move', { where })
    return this.#host
  }

  async fork(n: number): Promise<number> {
    const { index, seed, id, host, quota } = callHere('fork', { n })
    this.#id = id
    this.#host = host
    this.#quota = quota
    // Otherwise all of them would draw the same from here on.
    if (seed !== null) engine.__sojourn.seedRandom(seed)
    return index
  }

  async checkpoint(): Promise<void> {
    await call('checkpoint', {})
  }

  async sleep(ms: number): Promise<void> {
    for (let leftMs = Math.max(0, Math.ceil(ms)); ; leftMs -= SLEEP_MS_MAX) {
      const nowMs = Math.min(leftMs, SLEEP_MS_MAX)
      await new Promise<void>((resolve) => engine.setTimeout(resolve, nowMs))
      if (leftMs <= SLEEP_MS_MAX) return
    }
  }

  progress(fraction: number, note = ''): void {
    this.#progress.report(fraction, note)
  }

  async emit(value: unknown): Promise<void> {
    await call('emit', { value: value === undefined ? null : value })
  }

  async kernel<Functions extends object>(
    name: string,
    options: KernelOptions = {},
  ): Promise<Functions & { readonly memory: KernelMemory }> {
    try {
      return openKernel(engine.__sojourn, name, options) as Functions & { readonly memory: KernelMemory }
    } catch (error) {
      throw refusalOf(error)
    }
  }

  asset(name: string): Promise<Uint8Array> {
    return call('asset', { name })
  }

  read(path: string): Promise<Uint8Array> {
    return call('read', { path })
  }

  async send(to: string, data: unknown): Promise<void> {
    await call('send', { to, data: data === undefined ? null : data })
  }

  lookup(name: string): Promise<string> {
    return call('lookup', { name })
  }

  async register(name: string): Promise<void> {
    await call('register', { name, held: true })
  }

  async unregister(name: string): Promise<void> {
    await call('register', { name, held: false })
  }

  hosts(): Promise<readonly KnownHost[]> {
    return call('hosts', {})
  }

  async seal<Value>(value: Value, reader: string): Promise<Sealed<Value>> {
    return (await call('seal', { value: value === undefined ? null : value, reader })) as Sealed<Value>
  }

  async unseal<Value>(sealed: Sealed<Value>): Promise<Value> {
    return (await call('unseal', { value: sealed })) as Value
  }
}
