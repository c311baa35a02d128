import type { Clock } from '../base/clock.ts'
import type { Timers } from '../base/timers.ts'
import type { Delivery, MachineImage, PendingCall, Place } from '../engine/image.ts'
import type { Guest, GuestEvent, GuestLimit, GuestOrder, Replay, Sandbox } from '../sandbox/port.ts'
import {
  digestEffect,
  type EffectsDigest,
  type Input,
  NO_EFFECTS,
  type Piece,
  type Trace,
  type Until,
} from '../sandbox/trace.ts'
import { cheapImage, type Stretch, stepOn } from './cheap-image.ts'
import { type CheapMail, CheapPost, hasMail, isMail } from './cheap-mail.ts'

/**
 * Guests that cost nothing: a program is a number of steps, its state a running hash of every step done, so that a step
 * lost or done twice changes the result. They keep the contract of the sandbox port (pending calls travel, freezing in
 * the middle), but run no JavaScript: for simulations of many hosts, and for tests of the host machine.
 * The code of a bundle is JSON: a CheapProgram.
 */
export interface CheapProgram extends CheapMail {
  readonly steps: number
  /** Emits the hash after every so many steps; 0: never. */
  readonly emitEvery: number
  /** Asks to move after this many steps, in ascending order. */
  readonly moves?: readonly { readonly at: number; readonly where: unknown }[]
  /** Forks after this many steps, in ascending order; each that comes of it does the forks that are left. */
  readonly forks?: readonly { readonly at: number; readonly n: number }[]
  /** Asks where it is after every so many steps; what it is told, which no two hosts and moments say alike, is part of its state. */
  readonly lookEvery?: number
  /** Prints a line after every so many steps. */
  readonly printEvery?: number
  /** Waits so long before it goes on after this many steps; who is thawed in the middle waits the whole time again. */
  readonly sleeps?: readonly { readonly at: number; readonly ms: number }[]
  /** Asks for its input to be unsealed after this many steps; whether that was granted shows in the result. */
  readonly unsealAt?: number
  readonly fail?: string
  /** Has so much memory that hosts bring it over while it runs. */
  readonly large?: true
}

export const CHEAP_ENGINE = 'cheap-1'

/** One step takes a millisecond and a unit of fuel. It is done when somebody looks: a program that computes costs no events. */
const STEP_MS = 1

/** Steps done at once at the most, so that no turn of a simulation is long. */
const STRETCH_STEPS_MAX = 5_000

/**
 * What the program returns when every step has been done once; after forks, for the one that was given these indices.
 * `unsealed` is how long the text was, and -3 where it was refused.
 */
export function cheapTruth(
  program: CheapProgram,
  indices: readonly number[] = [],
  unsealed = -3,
): { steps: number; hash: number } {
  let hash = 0
  for (let i = 0; i < program.steps; i++) {
    hash = stepOn(hash, i)
    if (program.unsealAt === i + 1) hash = stepOn(hash, unsealed)
    for (const [k, { at }] of (program.forks ?? []).entries()) if (at === i + 1) hash = stepOn(hash, indices[k] ?? -2)
  }
  return { steps: program.steps, hash }
}

const hashOn = (hash: number, text: string): number =>
  [...text].reduce((sum, char) => stepOn(sum, char.charCodeAt(0)), hash)

export class CheapSandbox implements Sandbox {
  readonly #time: Clock & Timers

  constructor(time: Clock & Timers) {
    this.#time = time
  }

  spawn(order: GuestOrder, onEvent: (event: GuestEvent) => void): Guest {
    return new CheapGuest(order, onEvent, this.#time)
  }
}

class CheapGuest implements Guest {
  readonly #program: CheapProgram
  readonly #time: Clock & Timers
  readonly #onEvent: (event: GuestEvent) => void
  #done = 0
  #hash = 0
  #pending: PendingCall[] = []
  #nextRequest = 1
  readonly #inputJson: string
  readonly #post: CheapPost
  #moved = 0
  #asked = 0
  #forked = 0
  /** Of all that it has said where it is told what differs: who has forgotten any of that says something else from then on. */
  #said = 0
  #fuelMax: number
  #standing = true
  /** Answers that came while it stood: what it would say to them is no part of the image that it has shown. */
  readonly #waiting: Delivery[] = []
  #stretch: Stretch | null = null
  /** At this very place, before it was stopped. */
  #sleptMs = 0
  /** An answer can come while the step is being done that asked. */
  #stepping = false
  #gone = false
  /** What it was told since the last image; null where nobody wants to know. */
  #inputs: Input[] | null
  /** Since the last piece; null where none are wanted. */
  #untold: Input[] | null
  #effects: EffectsDigest
  #effectsFrom: EffectsDigest
  readonly #replay: Replay | null

  constructor(order: GuestOrder, onEvent: (event: GuestEvent) => void, time: Clock & Timers) {
    this.#program = JSON.parse(order.code) as CheapProgram
    this.#inputJson = order.inputJson
    this.#post = new CheapPost(this.#program, (name, args) => this.#call(name, args))
    this.#time = time
    this.#onEvent = onEvent
    this.#fuelMax = order.fuelMax
    this.#inputs = order.record || order.durable ? [] : null
    this.#untold = order.durable ? [] : null
    this.#replay = order.replay ?? null
    this.#effects = this.#effectsFrom = order.replay?.from.effects ?? NO_EFFECTS
    if (order.image) this.#standAt(order.image)
    this.#getReady()
  }

  #standAt({ globals, pending, nextRequest }: MachineImage): void {
    this.#done = Number(globals.get('done') ?? 0)
    this.#hash = Number(globals.get('hash') ?? 0)
    this.#moved = Number(globals.get('moved') ?? 0)
    this.#forked = Number(globals.get('forked') ?? 0)
    this.#asked = Number(globals.get('asked') ?? 0)
    this.#said = Number(globals.get('said') ?? 0)
    this.#post.standAt(globals)
    this.#pending = [...pending]
    this.#nextRequest = nextRequest
    if (this.#untold) this.#untold = []
  }

  #getReady(): void {
    this.#time.after(1, () => {
      this.#tell({ kind: 'ready' })
      for (const call of this.#pending) this.#tell({ kind: 'call', call, again: true })
    })
  }

  patch(image: MachineImage): void {
    this.#standAt(image)
    this.#getReady()
  }

  run(): void {
    if (this.#replay) {
      const replay = this.#replay
      return void this.#time.after(1, () => this.#again(replay))
    }
    this.#standing = false
    for (const delivery of this.#waiting.splice(0)) this.deliver(delivery)
    this.#goOn()
  }

  freeze(): void {
    this.#catchUp()
    if (!this.#gone) this.#stand()
  }

  deliver({ request, outcome }: Delivery): void {
    if (this.#standing) return void this.#waiting.push({ request, outcome })
    const answered = this.#pending.find((call) => call.request === request)
    const input: Input = { ...this.#place, act: { kind: 'deliver', delivery: { request, outcome } } }
    for (const list of answered ? [this.#inputs, this.#untold] : []) list?.push(input)
    this.#answer({ request, outcome })
    this.#goOn()
  }

  /** False where there is no such call. */
  #answer({ request, outcome }: Delivery): boolean {
    const answered = this.#pending.find((call) => call.request === request)
    // A refused fork shows in the result, too.
    if (answered?.name === 'unseal') this.#hash = stepOn(this.#hash, outcome.ok ? outcome.valueJson.length : -3)
    if (answered?.name === 'self') this.#hash = hashOn(this.#hash, outcome.ok ? outcome.valueJson : outcome.code)
    if (answered?.name === 'fork')
      this.#hash = stepOn(this.#hash, outcome.ok ? Number(JSON.parse(outcome.valueJson).index) : -2)
    this.#pending = this.#pending.filter((call) => call.request !== request)
    if (answered && isMail(answered.name)) this.#post.answered(answered, outcome, this.#done)
    return answered !== undefined
  }

  limit({ fuelMax }: GuestLimit): void {
    this.#fuelMax = fuelMax
  }

  terminate(): void {
    this.#gone = true
  }

  #goOn(): void {
    if (this.#standing || this.#stepping || this.#stretch || this.#gone || this.#pending.length > 0) return
    const steps = Math.min(this.#stepsUndisturbed(), STRETCH_STEPS_MAX)
    const wantedMs = this.#program.sleeps?.find(({ at }) => at === this.#done)?.ms ?? 0
    const sleepMs = Math.max(0, wantedMs - this.#sleptMs)
    const fromMs = this.#time.nowMs() + sleepMs
    const timer = this.#time.after(sleepMs + steps * STEP_MS, () => this.#reachEnd())
    this.#stretch = { beganMs: this.#time.nowMs() - this.#sleptMs, fromMs, steps, timer }
  }

  /** Until it says something, sleeps, is at its end or beyond its fuel. */
  #stepsUndisturbed(): number {
    const {
      steps,
      emitEvery,
      lookEvery = 0,
      printEvery = 0,
      moves = [],
      forks = [],
      unsealAt,
      sleeps = [],
    } = this.#program
    const stops = [steps, this.#fuelMax + 1, moves[this.#moved]?.at, forks[this.#forked]?.at, this.#post.nextAt]
    for (const every of [emitEvery, lookEvery, printEvery])
      if (every > 0) stops.push((Math.floor(this.#done / every) + 1) * every)
    if (this.#asked === 0) stops.push(unsealAt)
    for (const { at } of sleeps) if (at > this.#done) stops.push(at)
    const next = Math.min(...stops.map((at) => at ?? Number.POSITIVE_INFINITY))
    return Math.max(0, next - this.#done, this.#done < steps ? 1 : 0)
  }

  #reachEnd(): void {
    this.#catchUp(STRETCH_STEPS_MAX)
    if (this.#gone) return
    if (this.#done < this.#program.steps || this.#pending.length > 0) this.#goOn()
    else this.#end()
  }

  /** Does of the stretch what the time since it began allows, and at least so much. */
  #catchUp(least = 0): void {
    const stretch = this.#stretch
    if (!stretch || this.#gone) return
    this.#stretch = null
    stretch.timer.cancel()
    const elapsed = Math.floor((this.#time.nowMs() - stretch.fromMs) / STEP_MS)
    const steps = Math.max(0, Math.min(stretch.steps, Math.max(least, elapsed)))
    this.#sleptMs = steps > 0 ? 0 : this.#time.nowMs() - stretch.beganMs
    this.#stepping = true
    // Only the last step of a stretch can be more than a step.
    for (let n = 1; n < steps; n++) this.#hash = stepOn(this.#hash, this.#done++)
    if (steps > 0) this.#step()
    this.#stepping = false
    if (this.#done > this.#fuelMax) this.#runOut()
  }

  #step(): void {
    const { emitEvery, lookEvery = 0, printEvery = 0, moves = [], forks = [], unsealAt } = this.#program
    this.#hash = stepOn(this.#hash, this.#done++)
    // A host may answer at once, and what it says of where the program is changes its state: what shows that goes first.
    if (printEvery > 0 && this.#done % printEvery === 0) this.#print(`${this.#done} ${this.#hash}`)
    if (emitEvery > 0 && this.#done % emitEvery === 0) this.#emit()
    if (lookEvery > 0 && this.#done % lookEvery === 0) this.#call('self', {})
    const move = moves[this.#moved]
    if (move && this.#done >= move.at) {
      this.#moved += 1
      this.#call('move', { where: move.where })
    }
    if (unsealAt !== undefined && this.#asked === 0 && this.#done >= unsealAt) {
      this.#asked = 1
      this.#call('unseal', { value: JSON.parse(this.#inputJson) })
    }
    const fork = forks[this.#forked]
    if (fork && this.#done >= fork.at) {
      this.#forked += 1
      this.#call('fork', { n: fork.n })
    }
    this.#post.stepped(this.#done)
  }

  #emit(): void {
    const { lookEvery = 0 } = this.#program
    const value = { done: this.#done, hash: this.#hash, ...(lookEvery > 0 ? { said: this.#said } : {}) }
    this.#said = stepOn(this.#said, this.#hash)
    this.#call('emit', { value })
  }

  #runOut(): void {
    const reason = `fuel: ${this.#fuelMax} used up`
    this.#tell({ kind: 'failed', code: 'QUOTA', reason, fuelUsed: this.#done, ...this.#traced(true) })
    this.#gone = true
  }

  #end(): void {
    const { fail } = this.#program
    if (fail) this.#tell({ kind: 'failed', code: 'THROWN', reason: fail, fuelUsed: this.#done, ...this.#traced(true) })
    else {
      const mail = hasMail(this.#program) ? { mail: this.#post.count } : {}
      const said = (this.#program.lookEvery ?? 0) > 0 ? { said: this.#said } : {}
      const resultJson = JSON.stringify({ steps: this.#done, hash: this.#hash, ...mail, ...said })
      const finished = { kind: 'finished', resultJson, fuelUsed: this.#done, stateHash: '' } as const
      this.#effects = digestEffect(this.#effects, finished)
      this.#tell({ ...finished, ...this.#traced(true) })
    }
    this.#gone = true
  }

  get #place(): Place {
    return { fuelUsed: this.#done, standing: 'turn' }
  }

  /** What was told since the last image; from now on another trace. */
  #traced(ended: boolean): { trace?: Trace } {
    const inputs = this.#inputs ?? (this.#replay ? [] : null)
    if (!inputs) return {}
    const from = { fuelMax: this.#fuelMax, sentBytesMax: 0, sentBytes: 0, effects: this.#effectsFrom }
    this.#effectsFrom = this.#effects
    if (this.#inputs) this.#inputs = []
    const until: Until = ended ? { fuelUsed: this.#done, standing: 'end' } : this.#place
    if (ended || this.#untold?.length) this.#tellPiece(until)
    return { trace: { from, inputs, until, effects: this.#effects } }
  }

  #astray(): void {
    const [code, reason] = ['ASTRAY', 'no such run'] as const
    this.#tell({ kind: 'failed', code, reason, fuelUsed: this.#done, ...this.#traced(true) })
  }

  /** The whole of it at once: nobody waits for anything. */
  #again({ inputs, until, marks }: Replay): void {
    const left = inputs.filter(({ act }) => act.kind === 'deliver')
    let mark = 0
    for (;;) {
      for (let next = left[0]; next && next.fuelUsed === this.#done; next = left[0]) {
        left.shift()
        if (next.act.kind === 'deliver' && !this.#answer(next.act.delivery)) return this.#astray()
      }
      const isThere = left.length === 0 && this.#done === until.fuelUsed
      if (isThere && until.standing !== 'end')
        return this.#tell({ kind: 'frozen', image: this.#image(), ...this.#traced(false) })
      const isOver = this.#done >= this.#program.steps && this.#pending.length === 0
      if (isThere && this.#done > this.#fuelMax) return this.#runOut()
      if (isThere && isOver) return this.#end()
      if (isOver || this.#pending.length > 0 || this.#done >= until.fuelUsed) return this.#astray()
      this.#step()
      const wanted = marks[mark]
      if (wanted === undefined || this.#done <= wanted) continue
      mark += 1
      this.#tell({ kind: 'frozen', image: this.#image() })
    }
  }

  #call(name: string, args: unknown): void {
    const call = { request: this.#nextRequest++, name, argsJson: JSON.stringify(args) }
    this.#pending.push(call)
    this.#say({ kind: 'call', call, again: false })
  }

  #print(text: string): void {
    this.#say({ kind: 'console', level: 'log', text })
  }

  #say(word: Extract<GuestEvent, { kind: 'call' | 'console' }>): void {
    this.#tellPiece(this.#place)
    this.#effects = digestEffect(this.#effects, word)
    this.#tell(word)
  }

  /** The trace's own inputs are another list: they go on over this. */
  #tellPiece(until: Until): void {
    const inputs = this.#untold
    if (!inputs) return
    this.#untold = []
    const piece: Piece = { from: { fuelMax: this.#fuelMax, sentBytesMax: 0, sentBytes: 0 }, inputs, until }
    this.#tell({ kind: 'told', piece })
  }

  #stand(): void {
    this.#standing = true
    const image = this.#image()
    const traced = this.#traced(false)
    this.#time.after(1, () => this.#tell({ kind: 'frozen', image, ...traced }))
  }

  #image(): MachineImage {
    const [done, hash, moved, forked, asked] = [this.#done, this.#hash, this.#moved, this.#forked, this.#asked]
    const said = this.#said
    const mail = Object.fromEntries(this.#post.globals)
    return {
      ...cheapImage(CHEAP_ENGINE, { done, hash, moved, forked, asked, said, ...mail }, this.#program.large === true),
      nextRequest: this.#nextRequest,
      pending: this.#pending,
    }
  }

  #tell(event: GuestEvent): void {
    if (!this.#gone) this.#onEvent(event)
  }
}
