/** Amounts as people say them, the same on a page and in a terminal. Pure; three significant digits at most. */

/** 1.2, 38, 640: no trailing zeros. */
export const brief = (n: number): string =>
  (n >= 100 ? n.toFixed(0) : n.toPrecision(n < 10 ? 2 : 3)).replace(/\.0+$/, '')

export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`
  if (bytes < 1_024 ** 2) return `${brief(bytes / 1_024)} KiB`
  if (bytes < 1_024 ** 3) return `${brief(bytes / 1_024 ** 2)} MiB`
  return `${brief(bytes / 1_024 ** 3)} GiB`
}

/** Coarse lengths of time: 42 ms, 8 s, 3 min, 2 h, 5 d. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}

/**
 * Text of somebody else's as people may see it: control characters could move a cursor or hide what follows, marks of
 * direction make a line read as another, and a name as long as a page pushes a button out of sight.
 */
export function plainText(text: string, charsMax: number): string {
  const plain = [...text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u00b7')]
  return plain.length > charsMax ? `${plain.slice(0, charsMax - 1).join('')}…` : plain.join('')
}
