import { lendNativeHash } from '../../../platform/node/native-hash.ts'
import type { WorldPowers } from '../../../sim/world.ts'

/**
 * What a simulated world needs of Node: a turn of the event loop, after which all promises have come to rest, for nothing
 * in a world waits for another thread; and Node's own SHA-256, which is the same function.
 */
export function nodePowers(): WorldPowers {
  lendNativeHash()
  return { settle: () => new Promise((resolve) => setImmediate(resolve)) }
}
