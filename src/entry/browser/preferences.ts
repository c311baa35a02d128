import { misshapen, reading, record, text, whole } from '../../base/shape.ts'
import { type Did, parseDid } from '../../identity/did.ts'
import type { ClusterAuthor } from '../../wire/cluster.ts'
import { AGREEMENTS_MAX, HOST_NAME_LENGTH_MAX, PAGE_SLOTS_MAX } from './limits.ts'

/**
 * What this browser remembers of its owner's choices: whose programs may run, how many at a time, and whether they run
 * now, so that a page that was reloaded or crashed goes on by itself. Text in localStorage; nothing secret.
 */
export interface Preferences {
  /** Whether the owner wants this tab to lend places: what Start and Pause turn. */
  readonly lending: boolean
  readonly slots: number
  readonly name: string
  readonly pauseOnBattery: boolean
  readonly relayOnly: boolean
  readonly agreements: readonly Agreement[]
  /** Who the rendezvous said its authors are when it last answered: shown while it does not. */
  readonly announced: Announcement | null
}

export interface Agreement {
  readonly did: Did
  readonly name: string
  readonly atMs: number
}

export interface Announcement {
  readonly name: string
  readonly authors: readonly ClusterAuthor[]
}

/** Where the text is kept. */
export interface PreferenceMemory {
  load(): string | null
  save(text: string): void
}

export const writePreferences = (preferences: Preferences): string => JSON.stringify(preferences)

/** What does not read as preferences is as good as none: consent then has to be given again. */
export function readPreferences(saved: string | null, fallback: Preferences): Preferences {
  if (saved === null) return fallback
  const result = reading('PREFERENCES', () => parse(saved))
  return result.ok ? result.value : fallback
}

const KEYS = ['lending', 'slots', 'name', 'pauseOnBattery', 'relayOnly', 'agreements', 'announced'] as const

function parse(saved: string): Preferences {
  let value: unknown
  try {
    value = JSON.parse(saved)
  } catch {
    misshapen('preferences are not JSON')
  }
  const { lending, slots, name, pauseOnBattery, relayOnly, agreements, announced } = record(value, 'preferences', KEYS)
  return {
    lending: lending === true,
    slots: whole(slots, 'slots', 1, PAGE_SLOTS_MAX),
    name: text(name, 'name', HOST_NAME_LENGTH_MAX),
    pauseOnBattery: pauseOnBattery === true,
    relayOnly: relayOnly === true,
    agreements: entries(agreements).map((entry) => {
      const fields = record(entry, 'agreement', ['did', 'name', 'atMs'])
      return { ...author(fields), atMs: whole(fields.atMs, 'atMs', 0, Number.MAX_SAFE_INTEGER) }
    }),
    announced: announced === null ? null : parseAnnouncement(announced),
  }
}

function parseAnnouncement(value: unknown): Announcement {
  const { name, authors } = record(value, 'announced', ['name', 'authors'])
  return {
    name: text(name, 'name', 256),
    authors: entries(authors).map((entry) => {
      const fields = record({ isRoot: false, ...Object(entry) }, 'author', ['did', 'name', 'isRoot'])
      return { ...author(fields), isRoot: fields.isRoot === true }
    }),
  }
}

function author({ did, name }: { readonly did: unknown; readonly name: unknown }): {
  readonly did: Did
  readonly name: string
} {
  const parsed = parseDid(did)
  return { did: parsed.ok ? parsed.value : misshapen(parsed.reason), name: text(name, 'name', 256) }
}

const entries = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value.slice(-AGREEMENTS_MAX) : misshapen('not a list')
