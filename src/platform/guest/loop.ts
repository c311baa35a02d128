import type { Clock } from '../../base/clock.ts'
import type { Timers } from '../../base/timers.ts'
import { compileEngine, type EngineBuild, prepareEngine } from '../../engine/machine.ts'
import type { GuestMessage, HostMessage, Prepared } from '../../sandbox/protocol.ts'
import { Guest } from './guest.ts'
import { wordsOf } from './load.ts'
import { rehearse } from './rehearse.ts'

/**
 * Inside the worker: what a realm brings, and the first two messages. The same code runs in a web worker and in a worker
 * thread; ports, timers and macrotasks come as an argument. It keeps the rules of sandbox/protocol.ts, and the warden on
 * the other side checks that it does.
 */
export interface GuestRealm {
  readonly clock: Clock
  readonly timers: Timers
  post(message: GuestMessage | Prepared, transfer: readonly ArrayBuffer[]): void
  receive(onMessage: (message: HostMessage) => void): void
  /** Calls back once, after the messages that have arrived by now. */
  breathe(then: () => void): void
  /** Only where time is virtual, and passes as fuel is used. */
  readonly meter?: FuelMeter
}

export interface FuelMeter {
  /** What a slice may use at the most, and what a turn on the plain build may use beyond it. */
  readonly sliceFuel: bigint
  readonly plainTurnFuel: bigint
  /** After each slice, before anything that it has said: so much was used. */
  spent(fuel: bigint): void
}

export function runGuest(realm: GuestRealm): void {
  let engine: EngineBuild | null = null
  let fault = 'no engine was prepared'
  let guest: Guest | null = null
  realm.receive((message) => {
    if (message.kind === 'prepare') {
      try {
        engine = prepareEngine(message.engineId, compileEngine(message.engine))
        rehearse(engine)
      } catch (error) {
        fault = wordsOf(error)
      }
      realm.post({ kind: 'prepared' }, [])
    } else if (message.kind !== 'start') guest?.receive(message)
    else if (engine) guest = Guest.start(realm, engine, message.order)
    else {
      const fuelUsed = Number(message.order.image?.fuelUsed ?? 0n)
      realm.post({ kind: 'failed', code: 'LOAD', reason: `engine: ${fault}`, fuelUsed }, [])
    }
  })
}
