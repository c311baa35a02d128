import { type Did, shortDid } from '../../identity/did.ts'

/** How the command line says things: tables, bars, amounts, times. Pure, no colours; what strangers wrote is made harmless. */

/**
 * Text of an agent or another host as a terminal may see it: control characters could move the cursor, change the title
 * or the clipboard, and direction marks could make a line read as another.
 */
export const harmless = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (char) =>
    char === '\t' || char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** JSON text from elsewhere as one line that a terminal may see; still the same value. What is no JSON becomes a string. */
export function jsonLine(valueJson: string): string {
  let value: unknown = valueJson
  try {
    value = JSON.parse(valueJson)
  } catch {}
  return harmless(JSON.stringify(value))
}

export interface Column<R> {
  readonly title: string
  readonly text: (row: R) => string
  readonly right?: boolean
}

/** Lines of a table, titles first; nothing trails. */
export function tableLines<R>(rows: readonly R[], columns: readonly Column<R>[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ text }) => oneLine(text(row))))]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => widthOf(line[i] ?? ''))))
  return cells.map((line) =>
    line
      .map((cell, i) => {
        const gap = ' '.repeat((widths[i] ?? 0) - widthOf(cell))
        return columns[i]?.right ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd(),
  )
}

const widthOf = (text: string): number => [...text].length
const oneLine = (text: string): string =>
  harmless(text)
    .replace(/[\n\t]+/g, ' ')
    .trim()

/** `━━━━━─────  50 %`; empty where the agent has not said how far it is. */
export function progressBar(fraction: number | null, width = 10): string {
  if (fraction === null) return ''
  const share = Math.min(1, Math.max(0, fraction))
  const full = Math.round(share * width)
  return `${'━'.repeat(full)}${'─'.repeat(width - full)} ${String(Math.floor(share * 100)).padStart(3)} %`
}

/** 1234567 → `1.23 M`. */
export function amount(value: number): string {
  if (value < 1000) return String(Math.round(value))
  const units = ['k', 'M', 'G', 'T', 'P']
  let scaled = value
  let unit = ''
  for (const next of units) {
    if (Number(scaled.toPrecision(3)) < 1000) break
    scaled /= 1000
    unit = next
  }
  return `${scaled.toPrecision(3)} ${unit}`
}

/** Wall-clock time of day, to the millisecond, in this machine's zone. */
export function timeOfDay(wallMs: number): string {
  const date = new Date(wallMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two)
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** How hosts are called on one screen: by name where it has one, else by the end of its key. */
export type HostNames = (did: Did) => string

export const hostNames =
  (hosts: Iterable<{ readonly did: Did; readonly name: string }>): HostNames =>
  (did) => {
    for (const host of hosts) if (host.did === did && host.name !== '') return harmless(host.name)
    return `…${shortDid(did)}`
  }
