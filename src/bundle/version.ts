/**
 * Order of versions (https://semver.org/spec/v2.0.0.html#spec-item-11), of texts that a manifest may have. A version is the
 * author's word on which of two bundles is newer; hosts hold the author to it.
 */
export const isPrerelease = (version: string): boolean => version.includes('-')

/** Below 0 where `a` is older than `b`, above where it is newer. */
export function compareVersions(a: string, b: string): number {
  const [numbersA, preA] = split(a)
  const [numbersB, preB] = split(b)
  const numbers = firstDifference(numbersA, numbersB)
  if (numbers !== 0) return numbers
  if (preA.length === 0 || preB.length === 0) return Math.sign(preB.length - preA.length)
  return firstDifference(preA, preB)
}

function split(version: string): [string[], string[]] {
  const at = version.indexOf('-')
  const [numbers, pre] = at < 0 ? [version, ''] : [version.slice(0, at), version.slice(at + 1)]
  return [numbers.split('.'), pre === '' ? [] : pre.split('.')]
}

function firstDifference(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compareParts(a[i] ?? '', b[i] ?? '')
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Numbers by value, before words; words by their code units. */
function compareParts(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  if (!isNumberA) return a < b ? -1 : a > b ? 1 : 0
  const difference = BigInt(a) - BigInt(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
