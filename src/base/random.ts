import type { Bytes } from './bytes.ts'

/** Chance is an argument. In production it is the platform's cryptographic source; in the simulator it has a seed. */
export interface Random {
  bytes(count: number): Bytes
}

/** A uniform number in [0, 1) with 32 bits. */
export function uniform(random: Random): number {
  const bytes = random.bytes(4)
  const high = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
  return (high * 2 ** 16 + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0))) / 2 ** 32
}

/** A uniform integer in [0, below). */
export const integerBelow = (random: Random, below: number): number => Math.floor(uniform(random) * below)

/**
 * A reproducible source for simulations and tests: the same seed, the same bytes, on every platform. Not for keys.
 * Source: splitmix32 after G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators", 2014.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next32 = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  return {
    bytes(count) {
      const bytes = new Uint8Array(count)
      for (let i = 0; i < count; i += 4) {
        const word = next32()
        for (let k = i; k < Math.min(i + 4, count); k++) bytes[k] = (word >>> (8 * (k - i))) & 0xff
      }
      return bytes
    },
  }
}
