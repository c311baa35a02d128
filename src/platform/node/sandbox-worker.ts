import { isMainThread, parentPort } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import type { HostMessage } from '../../sandbox/protocol.ts'
import { lockDown } from '../guest/lockdown.ts'
import { type GuestRealm, runGuest } from '../guest/loop.ts'

/** The entry of a guest's worker thread: takes what the guest needs of the realm, gives away the rest, and runs the guest. */
assert(!isMainThread && parentPort, 'this file is the entry of a worker thread')
const port = parentPort
const { setTimeout, clearTimeout, setImmediate, performance } = globalThis

const realm: GuestRealm = {
  clock: { nowMs: () => performance.now(), wallMs: () => performance.timeOrigin + performance.now() },
  timers: {
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return { cancel: () => clearTimeout(timer) }
    },
  },
  post: (message, transfer) => port.postMessage(message, transfer),
  receive: (onMessage) => port.on('message', (message: HostMessage) => onMessage(message)),
  breathe: (then) => void setImmediate(then),
}

lockDown(globalThis)
runGuest(realm)
