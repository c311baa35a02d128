import type { Timer } from '../../base/timers.ts'
import type { MachineImage, PendingCall } from '../../engine/image.ts'
import { type ConsoleLine, type EngineBuild, ImageError, type Machine, type Stop } from '../../engine/machine.ts'
import {
  ANSWER_LENGTH_MAX,
  CALL_NAME_LENGTH_MAX,
  PULSE_MS,
  REASON_LENGTH_MAX,
  RESULT_LENGTH_MAX,
  SLICE_FUEL,
} from '../../sandbox/limits.ts'
import { packImage, readImage } from '../../sandbox/packed-image.ts'
import type { HostMessage, OwnFailure, StartOrder } from '../../sandbox/protocol.ts'
import { Intake } from './intake.ts'
import { loadMachine, wordsOf } from './load.ts'
import type { GuestRealm } from './loop.ts'
import { Outbox, refusalOf } from './outbox.ts'
import { createPace, type Moment, type Pace } from './pace.ts'
import { PageReference } from './page-reference.ts'
import { RepeatPace } from './repeat-pace.ts'

type Running = Exclude<HostMessage, { kind: 'prepare' | 'start' }>

/**
 * One machine, run slice by slice, with a look at the mailbox between slices. Where slices end never changes what the
 * program computes; when answers and timers reach it is its input, and pace.ts decides that.
 */
export class Guest {
  readonly #realm: GuestRealm
  readonly #freezeAtFuel: bigint | null
  readonly #hashAtEnd: boolean
  readonly #tells: boolean
  readonly #machine: Machine
  readonly #intake: Intake
  readonly #outbox: Outbox
  readonly #newPace: () => Pace
  #pace: Pace
  /** Calls below this number were made before the image was taken. */
  #againUntil: number
  #state: 'standing' | 'running' | 'ended' = 'standing'
  /** Counts up whenever what was to happen next no longer shall. */
  #plan = 0
  #timer: Timer | null = null
  #pulsedMs: number
  #saidFull = false
  readonly #reference = new PageReference()

  /** Null where the order does not load; the host has been told then. */
  static start(realm: GuestRealm, engine: EngineBuild, order: StartOrder): Guest | null {
    const fail = (code: OwnFailure, reason: string): null => {
      realm.post({ kind: 'failed', code, reason: cut(reason), fuelUsed: Number(order.image?.fuelUsed ?? 0n) }, [])
      return null
    }
    try {
      const loaded = loadMachine(engine, order, realm.meter)
      return loaded.ok ? new Guest(realm, order, loaded.value) : fail('LOAD', loaded.reason)
    } catch (error) {
      return fail('TRAP', `while loading: ${wordsOf(error)}`)
    }
  }

  private constructor(realm: GuestRealm, order: StartOrder, machine: Machine) {
    this.#realm = realm
    this.#freezeAtFuel = order.freezeAtFuel === undefined ? null : BigInt(order.freezeAtFuel)
    this.#hashAtEnd = order.hashAtEnd === true
    this.#tells = order.durable === true
    this.#machine = machine
    const { replay } = order
    this.#intake = new Intake(machine, order)
    this.#outbox = new Outbox(realm.clock, order.sentBytesMax, replay?.from.sentBytes ?? 0, (message) =>
      realm.post(message, []),
    )
    const limitWords = (sentBytesMax: number): void => this.#outbox.limit(sentBytesMax)
    this.#newPace = () =>
      replay
        ? new RepeatPace(machine, this.#intake, replay, limitWords, realm.meter?.sliceFuel)
        : createPace(order.pace, machine, this.#intake, realm.clock)
    this.#pace = this.#newPace()
    this.#againUntil = order.image?.nextRequest ?? 0
    this.#pulsedMs = realm.clock.nowMs()
    realm.post({ kind: 'ready' }, [])
    // After the word that we stand ready: the host goes on meanwhile.
    const { image } = order
    if (image)
      machine.freeze((memory) => {
        this.#reference.note(memory, image.pages.at)
        return new Map()
      })
  }

  receive(message: Running): void {
    if (this.#state === 'ended') return
    // The machine throws where it is broken, and so does a bug of ours: both end this guest, neither its host.
    try {
      this.#act(message)
    } catch (error) {
      this.#fail('TRAP', wordsOf(error))
    }
  }

  #act(message: Running): void {
    switch (message.kind) {
      case 'run':
        if (this.#state === 'running') return
        this.#state = 'running'
        this.#pace.goOn()
        return this.#soon(this.#outbox.waitMs())
      case 'freeze':
        return this.#freeze()
      case 'deliver':
        this.#pace.deliver(message.delivery)
        if (this.#state === 'running') this.#soon(this.#outbox.waitMs())
        return
      case 'limit':
        this.#intake.limit(message.limit.fuelMax)
        return this.#outbox.limit(message.limit.sentBytesMax)
      case 'patch':
        return this.#patch(message)
      case 'ping':
        return this.#pulse()
    }
  }

  /** Stands where a later image stands; the host's own word, read as the order's image is. */
  #patch({ image: packed, gone }: Extract<Running, { kind: 'patch' }>): void {
    const image = readImage(packed)
    try {
      this.#machine.patch(image, [...gone])
    } catch (error) {
      if (!(error instanceof ImageError)) throw error
      this.#fail('LOAD', `image: ${error.message}`)
      return
    }
    this.#againUntil = image.nextRequest
    this.#intake.take()
    this.#pace = this.#newPace()
    this.#realm.post({ kind: 'ready' }, [])
    this.#machine.freeze((memory) => {
      this.#reference.follow(memory, [...image.pages.keys()], [...gone])
      return new Map()
    })
  }

  /** Runs the next slice after the mail that is there, or after `delayMs`. */
  #soon(delayMs: number): void {
    const plan = this.#replan()
    const go = (): void => {
      if (plan !== this.#plan || this.#state !== 'running') return
      try {
        this.#step()
      } catch (error) {
        this.#fail('TRAP', wordsOf(error))
      }
    }
    if (delayMs > 0) this.#timer = this.#realm.timers.after(delayMs, go)
    else this.#realm.breathe(go)
  }

  #replan(): number {
    this.#timer?.cancel()
    this.#timer = null
    this.#plan += 1
    return this.#plan
  }

  #step(): void {
    const { meter } = this.#realm
    let sliceFuel = meter?.sliceFuel ?? SLICE_FUEL
    if (this.#freezeAtFuel !== null) {
      const leftFuel = this.#freezeAtFuel - this.#machine.fuelUsed
      if (leftFuel <= 0n) return this.#freeze()
      if (leftFuel < sliceFuel) sliceFuel = leftFuel
    }
    // It is to be frozen, and says so; until then it stands still, be it busy or not.
    if (this.#intake.isLong) this.#sayFull()
    if (this.#intake.isFull) return
    const moment = this.#pace.begin()
    if (moment.kind !== 'run') return this.#pause(moment)
    const { to } = moment
    const usedBefore = this.#machine.fuelUsed
    const stop = to ? this.#machine.runTo(to.fuelUsed, to.exactly) : this.#machine.run(sliceFuel)
    meter?.spent(this.#machine.fuelUsed - usedBefore)
    this.#intake.ran()
    this.#pace.stopped(stop)
    if (!this.#drain()) return
    if (stop.kind === 'finished' || stop.kind === 'failed') return this.#stopped(stop)
    if (this.#realm.clock.nowMs() - this.#pulsedMs >= PULSE_MS) this.#pulse()
    this.#soon(this.#outbox.waitMs())
  }

  #pause(moment: Exclude<Moment, { kind: 'run' }>): void {
    switch (moment.kind) {
      case 'wait':
        return this.#wait(moment.forMs)
      case 'show':
        this.#show(this.#machine.peek(this.#reference.take))
        return this.#soon(0)
      case 'arrived':
        return this.#freeze()
      case 'astray':
        this.#fail('ASTRAY', moment.reason)
        return
      case 'drain':
        if (this.#drain()) this.#soon(0)
    }
  }

  #stopped(stop: Extract<Stop, { kind: 'finished' | 'failed' }>): void {
    const fault = this.#pace.faultOfEnd()
    if (fault !== null) this.#fail('ASTRAY', fault)
    else if (stop.kind === 'finished') this.#finish(stop.resultJson)
    else this.#fail(stop.code, stop.reason)
  }

  #sayFull(): void {
    if (this.#saidFull) return
    this.#saidFull = true
    this.#realm.post({ kind: 'full' }, [])
  }

  /** Null: until an answer comes. */
  #wait(forMs: number | null): void {
    if (forMs !== null) return this.#soon(forMs)
    if (this.#machine.pendingCalls.length === 0)
      this.#fail('DEADLOCK', 'the program waits, and there is no call and no timer that it could wait for')
    else this.#replan()
  }

  /** Sends what the program has said; false when that ended it. */
  #drain(): boolean {
    if (this.#pace.isSilent) return true
    const words = this.#machine.takeWords()
    if (words.length > 0 && this.#tells) this.#tell(words)
    for (const word of words) {
      const fault = 'request' in word ? this.#send(word) : this.#outbox.print(word)
      if (!fault) continue
      if (!this.#tells) this.#intake.overdrawn()
      return this.#fail('QUOTA', fault)
    }
    this.#intake.drained()
    return true
  }

  /** What these words come of, before they are said; also that they cannot all be. */
  #tell(words: readonly (ConsoleLine | PendingCall)[]): void {
    const isTooMuch = words.some((word) => 'request' in word && faultOf(word) !== null)
    if (isTooMuch || !this.#outbox.hasRoomFor(words, this.#againUntil)) this.#intake.overdrawn()
    const told = this.#intake.tell()
    if (told) this.#realm.post({ kind: 'told', ...told }, [told.packed.buffer])
  }

  #send(call: PendingCall): string | null {
    const fault = faultOf(call)
    if (fault) return fault
    const refusal = refusalOf(call)
    if (!refusal) return this.#outbox.call(call, call.request < this.#againUntil)
    this.#pace.refuse(refusal)
    return null
  }

  #freeze(): void {
    this.#replan()
    this.#pace.rest()
    // Before its first run a thawed program's old calls wait to be made again.
    if (this.#state === 'running' && !this.#drain()) return
    this.#state = 'standing'
    const image = this.#machine.freeze(this.#reference.take)
    this.#tellInputs()
    this.#saidFull = false
    this.#show(image)
  }

  /** Before whatever ends a trace. */
  #tellInputs(): void {
    const inputs = this.#intake.take()
    if (inputs) this.#realm.post({ kind: 'inputs', packed: inputs }, [inputs.buffer])
  }

  #show(image: MachineImage): void {
    const { packed, transfer } = packImage(image, true)
    const { gone } = this.#reference
    this.#realm.post({ kind: 'frozen', image: packed, gone: gone && Uint32Array.from(gone) }, transfer)
  }

  #pulse(): void {
    this.#pulsedMs = this.#realm.clock.nowMs()
    this.#realm.post({ kind: 'pulse', fuelUsed: Number(this.#machine.fuelUsed), sentBytes: this.#outbox.sentBytes }, [])
  }

  #finish(resultJson: string): void {
    if (resultJson.length > RESULT_LENGTH_MAX) {
      this.#fail('QUOTA', `resultJson length ${resultJson.length} > RESULT_LENGTH_MAX ${RESULT_LENGTH_MAX}`)
      return
    }
    const exceeded = this.#outbox.charge(resultJson)
    if (exceeded) {
      this.#fail('QUOTA', exceeded)
      return
    }
    // Hashing a large memory takes a while: the pulse tells the warden that we were alive when it began.
    this.#pulse()
    const stateHash = this.#hashAtEnd ? this.#machine.stateHash() : ''
    this.#end()
    this.#tellInputs()
    this.#realm.post({ kind: 'finished', resultJson, fuelUsed: Number(this.#machine.fuelUsed), stateHash }, [])
  }

  #fail(code: OwnFailure, reason: string): false {
    this.#end()
    this.#tellInputs()
    this.#realm.post({ kind: 'failed', code, reason: cut(reason), fuelUsed: Number(this.#machine.fuelUsed) }, [])
    return false
  }

  #end(): void {
    this.#replan()
    this.#state = 'ended'
  }
}

/** A long call is refused to the program; one so long that no image could hold it while it waits ends the program. */
function faultOf({ name, argsJson }: PendingCall): string | null {
  if (name.length > CALL_NAME_LENGTH_MAX)
    return `call name length ${name.length} > CALL_NAME_LENGTH_MAX ${CALL_NAME_LENGTH_MAX}`
  return argsJson.length > ANSWER_LENGTH_MAX
    ? `args length ${argsJson.length} > ANSWER_LENGTH_MAX ${ANSWER_LENGTH_MAX}`
    : null
}

const cut = (reason: string): string =>
  reason.length > REASON_LENGTH_MAX ? `${reason.slice(0, REASON_LENGTH_MAX - 1)}…` : reason
