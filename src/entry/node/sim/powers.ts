import { lendNativeHash } from '../../../platform/node/native-hash.ts'
import type { WorldPowers } from '../../../sim/world.ts'

/** Of so many rests one is a turn of the event loop, in which what the process itself has to do is done. */
const RESTS_PER_TURN = 256

/**
 * What a simulated world needs of Node: a moment at which all promises have come to rest, for nothing in a world waits for
 * another thread; and Node's own SHA-256, which is the same function. Node calls what waits for the next tick when no
 * promise is left to be gone on with, which costs a tenth of a turn of the event loop; but only if it is told so by one.
 */
export function nodePowers(): WorldPowers {
  lendNativeHash()
  let rests = 0
  return {
    settle: () =>
      new Promise((resolve) => {
        rests = (rests + 1) % RESTS_PER_TURN
        if (rests === 0) setImmediate(resolve)
        else queueMicrotask(() => process.nextTick(resolve))
      }),
  }
}
