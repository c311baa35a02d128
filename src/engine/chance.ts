/**
 * Math.random of an agent: the state QuickJS keeps in its context, from the agent's seed. It then lives in the heap, so it
 * travels with the agent; the driver never draws from it.
 */

/** Four 32-bit words, not all zero. */
export const RANDOM_STATE_BYTES = 16

const MASK = 0xffff_ffff_ffff_ffffn

/**
 * The seed of an agent that a fork made: of the one it was made of, the call that made it and its index, so that the
 * same launch draws the same everywhere. Finaliser of MurmurHash3 (Austin Appleby, public domain).
 */
export function forkSeed(seed: number, request: number, index: number): number {
  let z = seed ^ Math.imul(request, 0x9e3779b1) ^ Math.imul(index, 0x27d4eb2f)
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

/** Two outputs of splitmix64 (https://prng.di.unimi.it/splitmix64.c), which are never both zero. No number counts as 0. */
export function randomState(seed: number): Uint8Array {
  const bytes = new Uint8Array(RANDOM_STATE_BYTES)
  const view = new DataView(bytes.buffer)
  let state = BigInt(Number.isFinite(seed) ? Math.trunc(seed) : 0) & MASK
  for (const at of [0, 8]) {
    state = (state + 0x9e3779b97f4a7c15n) & MASK
    let z = state
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK
    view.setBigUint64(at, z ^ (z >> 31n), true)
  }
  return bytes
}
