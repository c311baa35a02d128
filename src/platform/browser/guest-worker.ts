/// <reference lib="webworker" />
import type { HostMessage } from '../../sandbox/protocol.ts'
import { createEarlyMail } from '../guest/early-mail.ts'
import { lockDown } from '../guest/lockdown.ts'
import type { GuestRealm } from '../guest/loop.ts'

/**
 * The entry of a guest's web worker: takes the port and what else the guest needs of the realm, gives away the rest, loads
 * the guest. The build makes one script of it and all that it imports: where it runs nothing can be fetched.
 */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope

scope.onmessage = ({ ports: [port] }) => {
  scope.onmessage = null
  if (port) enter(port)
}

function enter(port: MessagePort): void {
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
  port.onmessage = ({ data }: MessageEvent<HostMessage>) => mail.take(data)
  // Nobody else would hear of it: the frame around us has no listener.
  scope.onerror = () => port.close()

  const realm: GuestRealm = {
    clock: { nowMs, wallMs: () => originMs + nowMs() },
    timers: {
      after(ms, run) {
        const timer = setTimer(run, ms)
        return { cancel: () => clearTimer(timer) }
      },
    },
    post: (message, transfer) => port.postMessage(message, [...transfer]),
    receive: mail.receive,
    breathe(then) {
      breaths.push(then)
      bell.postMessage(null)
    },
  }

  lockDown(scope)
  // Only now: whatever the engine's modules might keep of the realm at load time is gone.
  void import('../guest/loop.ts').then(({ runGuest }) => runGuest(realm))
}
