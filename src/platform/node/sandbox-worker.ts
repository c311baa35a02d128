import { isMainThread, parentPort } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { createEarlyMail } from '../guest/early-mail.ts'
import { lockDown } from '../guest/lockdown.ts'
import type { GuestRealm } from '../guest/loop.ts'
import { shutImports } from './shut-imports.ts'

/**
 * The entry of a guest's worker thread: takes what the guest needs of the realm, gives away the rest, loads the guest. The
 * build makes one script of it and all it imports (guest-script.ts).
 */
assert(!isMainThread && parentPort, 'this file is the entry of a worker thread')
const port = parentPort
const { setTimeout, clearTimeout, setImmediate, performance } = globalThis
const mail = createEarlyMail()
port.on('message', mail.take)

const realm: GuestRealm = {
  clock: { nowMs: () => performance.now(), wallMs: () => performance.timeOrigin + performance.now() },
  timers: {
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return { cancel: () => clearTimeout(timer) }
    },
  },
  post: (message, transfer) => port.postMessage(message, transfer),
  receive: mail.receive,
  breathe: (then) => void setImmediate(then),
}

lockDown(globalThis)
// Only now: whatever the engine's modules might keep of the realm at load time is gone.
void import('../guest/loop.ts').then(({ runGuest }) => {
  shutImports()
  runGuest(realm)
})
