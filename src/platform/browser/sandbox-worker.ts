/// <reference lib="webworker" />
import type { HostMessage } from '../../sandbox/protocol.ts'
import { createEarlyMail } from '../guest/early-mail.ts'
import { lockDown } from '../guest/lockdown.ts'
import type { GuestRealm } from '../guest/loop.ts'

/** The entry of a guest's web worker: takes what the guest needs of the realm, gives away the rest, loads the guest. */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope
const post = scope.postMessage.bind(scope)
const setTimer = scope.setTimeout.bind(scope)
const clearTimer = scope.clearTimeout.bind(scope)
const clock = scope.performance
const originMs = clock.timeOrigin
const nowMs = clock.now.bind(clock)

// A message to oneself is a macrotask without the timers' clamp of 4 ms, and comes after the mail that is there already.
const { port1: bell, port2: ring } = new MessageChannel()
const breaths: (() => void)[] = []
ring.onmessage = () => breaths.shift()?.()

const mail = createEarlyMail()
scope.onmessage = (event: MessageEvent<HostMessage>) => mail.take(event.data)

const realm: GuestRealm = {
  clock: { nowMs, wallMs: () => originMs + nowMs() },
  timers: {
    after(ms, run) {
      const timer = setTimer(run, ms)
      return { cancel: () => clearTimer(timer) }
    },
  },
  post: (message, transfer) => post(message, [...transfer]),
  receive: mail.receive,
  breathe(then) {
    breaths.push(then)
    bell.postMessage(null)
  },
}

lockDown(scope)
// Only now: whatever the engine's modules might keep of the realm at load time is gone.
const { runGuest } = await import('../guest/loop.ts')
runGuest(realm)
