import type { Timer } from '../../base/timers.ts'
import type { PendingCall } from '../../engine/image.ts'
import { type EngineBuild, ImageError, type Machine } from '../../engine/machine.ts'
import {
  ANSWER_LENGTH_MAX,
  CALL_ARGS_LENGTH_MAX,
  CALL_NAME_LENGTH_MAX,
  PULSE_MS,
  REASON_LENGTH_MAX,
  RESULT_LENGTH_MAX,
  SLICE_FUEL,
} from '../../sandbox/limits.ts'
import { packImage, readImage } from '../../sandbox/packed-image.ts'
import type { HostMessage, OwnFailure, StartOrder } from '../../sandbox/protocol.ts'
import { loadMachine, wordsOf } from './load.ts'
import type { GuestRealm } from './loop.ts'
import { Outbox } from './outbox.ts'
import { createPace, type Pace } from './pace.ts'
import { PageReference } from './page-reference.ts'

type Running = Exclude<HostMessage, { kind: 'prepare' | 'start' }>

/**
 * One machine, run slice by slice, with a look at the mailbox between slices. Where slices end never changes what the
 * program computes; when answers and timers reach it is its input, and pace.ts decides that.
 */
export class Guest {
  readonly #realm: GuestRealm
  readonly #freezeAtFuel: bigint | null
  readonly #hashAtEnd: boolean
  readonly #machine: Machine
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
  readonly #reference = new PageReference()

  /** Null where the order does not load; the host has been told then. */
  static start(realm: GuestRealm, engine: EngineBuild, order: StartOrder): Guest | null {
    const fail = (code: OwnFailure, reason: string): null => {
      realm.post({ kind: 'failed', code, reason: cut(reason), fuelUsed: Number(order.image?.fuelUsed ?? 0n) }, [])
      return null
    }
    try {
      const loaded = loadMachine(engine, order)
      return loaded.ok ? new Guest(realm, order, loaded.value) : fail('LOAD', loaded.reason)
    } catch (error) {
      return fail('TRAP', `while loading: ${wordsOf(error)}`)
    }
  }

  private constructor(realm: GuestRealm, order: StartOrder, machine: Machine) {
    this.#realm = realm
    this.#freezeAtFuel = order.freezeAtFuel === undefined ? null : BigInt(order.freezeAtFuel)
    this.#hashAtEnd = order.hashAtEnd === true
    this.#machine = machine
    this.#outbox = new Outbox(realm.clock, order.sentBytesMax, (message) => realm.post(message, []))
    this.#newPace = () => createPace(order.pace, machine, realm.clock)
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
        this.#machine.limit(BigInt(message.limit.fuelMax))
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
    let sliceFuel = SLICE_FUEL
    if (this.#freezeAtFuel !== null) {
      const leftFuel = this.#freezeAtFuel - this.#machine.fuelUsed
      if (leftFuel <= 0n) return this.#freeze()
      if (leftFuel < sliceFuel) sliceFuel = leftFuel
    }
    const moment = this.#pace.begin()
    if (moment.kind === 'wait') return this.#wait(moment.forMs)
    const stop = this.#machine.run(sliceFuel)
    this.#pace.stopped(stop)
    if (!this.#drain()) return
    if (stop.kind === 'finished') return this.#finish(stop.resultJson)
    if (stop.kind === 'failed') {
      this.#fail(stop.code, stop.reason)
      return
    }
    if (this.#realm.clock.nowMs() - this.#pulsedMs >= PULSE_MS) this.#pulse()
    this.#soon(this.#outbox.waitMs())
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
    const exceeded = this.#outbox.print(this.#machine.takeConsole())
    if (exceeded) return this.#fail('QUOTA', exceeded)
    for (const call of this.#machine.takeCalls()) {
      const fault = this.#send(call)
      if (fault) return this.#fail('QUOTA', fault)
    }
    return true
  }

  #send(call: PendingCall): string | null {
    const { request, name, argsJson } = call
    if (name.length > CALL_NAME_LENGTH_MAX)
      return `call name length ${name.length} > CALL_NAME_LENGTH_MAX ${CALL_NAME_LENGTH_MAX}`
    if (argsJson.length <= CALL_ARGS_LENGTH_MAX) return this.#outbox.call(call, request < this.#againUntil)
    const reason = `args length ${argsJson.length} > CALL_ARGS_LENGTH_MAX ${CALL_ARGS_LENGTH_MAX}`
    // A long call is refused to the program; one so long that no image could hold it while it waits ends the program.
    if (argsJson.length > ANSWER_LENGTH_MAX) return reason
    this.#pace.deliver({ request, outcome: { ok: false, code: 'QUOTA', reason } })
    return null
  }

  #freeze(): void {
    this.#replan()
    this.#pace.rest()
    // Before its first run a thawed program's old calls wait to be made again.
    if (this.#state === 'running' && !this.#drain()) return
    this.#state = 'standing'
    const { packed, transfer } = packImage(this.#machine.freeze(this.#reference.take), true)
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
    this.#realm.post({ kind: 'finished', resultJson, fuelUsed: Number(this.#machine.fuelUsed), stateHash }, [])
  }

  #fail(code: OwnFailure, reason: string): false {
    this.#end()
    this.#realm.post({ kind: 'failed', code, reason: cut(reason), fuelUsed: Number(this.#machine.fuelUsed) }, [])
    return false
  }

  #end(): void {
    this.#replan()
    this.#state = 'ended'
  }
}

const cut = (reason: string): string =>
  reason.length > REASON_LENGTH_MAX ? `${reason.slice(0, REASON_LENGTH_MAX - 1)}…` : reason
