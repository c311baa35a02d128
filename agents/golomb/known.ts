/**
 * A short ruler without a search: J. Singer's perfect difference sets ("A theorem in finite projective geometry and some
 * applications to number theory", 1938). For a prime p they give p + 1 numbers whose differences modulo p² + p + 1 are
 * all distinct; a run of them is a Golomb ruler, often a very good one. The search then has to look only for what is not
 * longer, and either finds such a ruler or proves that there is none.
 */
export function shortRuler(order: number): readonly number[] {
  let best: readonly number[] | null = null
  for (const p of [2, 3, 5, 7, 11, 13, 17, 19, 23]) {
    if (p + 1 < order) continue
    const ruler = shortestRun(singer(p), p * p + p + 1, order)
    if (!best || lengthOf(ruler) < lengthOf(best)) best = ruler
  }
  if (!best) throw new RangeError(`order ${order} > 24`)
  return best
}

export const lengthOf = (ruler: readonly number[]): number => (ruler.at(-1) ?? 0) - (ruler[0] ?? 0)

/** The exponents k (mod p² + p + 1) for which x^k lies in the span of 1 and x, x being a generator of GF(p³). */
function singer(p: number): readonly number[] {
  const modulus = p * p + p + 1
  for (let a = 0; a < p; a++) {
    for (let b = 0; b < p; b++) {
      for (let c = 1; c < p; c++) {
        const exponents = powersInPlane(p, [c, b, a])
        if (exponents) return [...new Set(exponents.map((exponent) => exponent % modulus))].sort((x, y) => x - y)
      }
    }
  }
  throw new RangeError(`no generator modulo ${p}`)
}

/** Null where x, with x³ = c + b x + a x², does not generate all p³ - 1 elements. */
function powersInPlane(p: number, [c, b, a]: readonly [number, number, number]): number[] | null {
  const elements = p ** 3 - 1
  const inPlane = [0]
  let [u, v, w] = [0, 1, 0]
  for (let exponent = 1; exponent < elements; exponent++) {
    if (u === 1 && v === 0 && w === 0) return null
    if (w === 0) inPlane.push(exponent)
    ;[u, v, w] = [(w * c) % p, (u + w * b) % p, (v + w * a) % p]
  }
  return u === 1 && v === 0 && w === 0 ? inPlane : null
}

/** Over all multipliers and starts, the shortest run of `order` residues, moved to 0. */
function shortestRun(residues: readonly number[], modulus: number, order: number): readonly number[] {
  let best: number[] = []
  for (let factor = 1; factor < modulus; factor++) {
    if (commonDivisor(factor, modulus) !== 1) continue
    const turned = residues.map((residue) => (residue * factor) % modulus).sort((x, y) => x - y)
    const twice = [...turned, ...turned.map((residue) => residue + modulus)]
    for (let start = 0; start < turned.length; start++) {
      const first = twice[start] ?? 0
      const run = twice.slice(start, start + order).map((residue) => residue - first)
      if (best.length === 0 || lengthOf(run) < lengthOf(best)) best = run
    }
  }
  return best
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b))
