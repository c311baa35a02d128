import { bytesText, durationText } from '../base/amounts.ts'
import type { Did } from '../identity/did.ts'
import { CALLS } from './calls.ts'
import { COMMANDS, type Command, covers } from './command.ts'
import type { AllegedDelegation } from './delegation.ts'
import { statementData } from './policy.ts'
import { QUOTA_FIELDS, type Quota, type QuotaField } from './quota.ts'
import { termsOf } from './terms.ts'

/** What a permit says, in plain words: the same in a terminal and on a volunteer's page. Says nothing of whether it is good. */
export type NameOf = (did: Did) => string

/** "Alice lets Bob launch agents until 3 December 2026, 14:00 UTC, each with at most 1e12 fuel (…), 64 MiB of memory." */
export function grantSentence(link: AllegedDelegation, nameOf: NameOf): string {
  const { issuer, audience, notBeforeMs, expiresMs, policy } = link
  const from = notBeforeMs === null ? '' : ` from ${dateText(notBeforeMs)}`
  const until = expiresMs === null ? ' for ever' : ` until ${dateText(expiresMs)}`
  const amounts = quotaWords(termsOf([policy]))
  const each = amounts.length > 0 ? `, each with at most ${amounts.join(', ')}` : ''
  return `${nameOf(issuer)} lets ${nameOf(audience)} ${commandWords(link.command)}${from}${until}${each}.`
}

export function commandWords(command: string): string {
  const known = (Object.keys(COMMANDS) as Command[]).filter((one) => covers(command, one))
  return known.length > 0 ? known.map((one) => COMMANDS[one]).join('; ') : `do ${command}`
}

/** Statements that bound no amount: the bundle, the author, whatever else somebody wrote. As they stand. */
export function conditions({ policy }: AllegedDelegation): string[] {
  return policy.flatMap((statement) => {
    if ('path' in statement) {
      const [, field = ''] = /^\.(\w+)$/.exec(statement.path) ?? []
      if (field === 'calls' || QUOTA_FIELDS.some((name) => name === field)) return []
      if (statement.operator === '==' && typeof statement.value === 'string')
        return [`only where ${field} is ${statement.value}`]
    }
    return [`only where ${JSON.stringify(statementData(statement))}`]
  })
}

/** What is bounded of a quota, each as a few words; nothing for what is not. */
export function quotaWords(quota: Quota): string[] {
  const bounded = QUOTA_FIELDS.filter((field) => quota[field] < Number.MAX_SAFE_INTEGER)
  const words = bounded.map((field) => FIELD_WORDS[field](quota[field]))
  return quota.calls.length < CALLS.length ? [...words, callsWords(quota)] : words
}

const callsWords = ({ calls }: Quota): string => {
  const named = calls.filter((call) => call !== 'self')
  return named.length === 0 ? 'no call of its host' : `of the calls only ${named.join(', ')}`
}

const FIELD_WORDS: Readonly<Record<QuotaField, (amount: number) => string>> = {
  fuel: (fuel) => `${numberText(fuel)} fuel (about ${busyText(fuel)} of busy JavaScript)`,
  memoryBytes: (bytes) => `${bytesText(bytes)} of memory`,
  storageBytes: (bytes) => `${bytesText(bytes)} of disk for its state`,
  lifetimeMs: (ms) => `${durationText(ms)} to live`,
  messages: (count) => `${numberText(count)} messages`,
  sentBytes: (bytes) => `${bytesText(bytes)} to say`,
  messagesPerSecond: (count) => `${numberText(count)} messages a second`,
  bytesPerSecond: (bytes) => `${bytesText(bytes)} a second`,
  hops: (count) => `${numberText(count)} hops`,
  children: (count) => (count === 0 ? 'no forks' : `${numberText(count)} forks`),
}

/** 1e9 fuel are of the order of 5 s (quota.ts). */
const MS_PER_FUEL = 5e-6

/** Hours with their minutes: the difference between one and two is what people ask about. */
function busyText(fuel: number): string {
  const ms = fuel * MS_PER_FUEL
  const minutes = Math.round(ms / 60_000)
  if (minutes < 60 || minutes >= 24 * 60) return durationText(ms)
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** 1e12, 300000: what one can type again. */
const numberText = (n: number): string =>
  n >= 1e6 && Number.isInteger(n / 1e5) ? n.toExponential().replace('e+', 'e') : `${n}`

const MONTHS = 'January February March April May June July August September October November December'.split(' ')

/** To the minute, UTC, and the same whatever the machine's language. */
export function dateText(ms: number): string {
  const date = new Date(ms)
  const two = (n: number): string => String(n).padStart(2, '0')
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${time}`
}
