import type { Cid } from '../base/digest.ts'
import { compareVersions, isPrerelease } from '../bundle/version.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { BundleFacts, Fault } from './events.ts'
import { CLOCK_SKEW_MS, VERSION_MARKS_MAX, VERSIONS_MAX } from './limits.ts'
import { isRevoked } from './notices.ts'
import type { RecordWrite } from './turn.ts'
import { persist, type Turn } from './turn.ts'

/**
 * Which bundles are too old to begin with: those whose author has let them expire, and those of which this host has seen a
 * newer release. Kept on disk, so that nobody brings back a version with a known hole by restarting hosts (TUF: rollback,
 * indefinite freeze). Agents that are here, were here, or are ours go on: it is new ones that are refused. A bundle that was
 * taken back is let in no more, and makes no other one old: a number that a thief of the author's key has given locks
 * nobody out for good (TUF: fast-forward).
 */
export interface VersionMark {
  readonly version: string
  readonly bundle: Cid
}

const markKey = ({ author, name }: BundleFacts): string => `version/${author}/${name}`

export function versionFault(turn: Turn, facts: BundleFacts, agent: AgentId | null): Fault | null {
  const { state } = turn
  const takenBack = (bundle: Cid): boolean => isRevoked(state, bundle, [facts.author, ...state.administrators])
  if (takenBack(facts.id))
    return { code: 'REFUSED', reason: 'its author or an administrator has taken the bundle back' }
  if (agent !== null && (state.rows.has(agent) || state.residents.has(agent) || state.forwards.has(agent))) return null
  if (facts.expiresMs !== null && turn.wallMs > facts.expiresMs + CLOCK_SKEW_MS)
    return { code: 'EXPIRED', reason: `bundle expired at ${new Date(facts.expiresMs).toISOString()}` }
  const newest = state.versions.get(markKey(facts))?.find(({ bundle }) => !takenBack(bundle))
  if (newest === undefined || compareVersions(facts.version, newest.version) >= 0) return null
  return { code: 'REFUSED', reason: `version ${facts.version} < ${newest.version}, which has been here` }
}

/**
 * Remembers a release that was let in. A pre-release does not count: its author tries it out beside the release. The highest
 * few are kept with the bundle that each was seen in, so that one that is revoked counts no more.
 */
export function noteVersion(turn: Turn, facts: BundleFacts): void {
  if (isPrerelease(facts.version)) return
  const { versions } = turn.state
  const key = markKey(facts)
  const marks = versions.get(key) ?? []
  if (marks.some(({ version }) => compareVersions(version, facts.version) === 0)) return
  const noted = [...marks, { version: facts.version, bundle: facts.id }]
    .sort((a, b) => compareVersions(b.version, a.version))
    .slice(0, VERSION_MARKS_MAX)
  versions.delete(key)
  versions.set(key, noted)
  persist(turn, writeMarks(key, noted))
  for (const oldest of versions.keys()) {
    if (versions.size <= VERSIONS_MAX) break
    versions.delete(oldest)
    persist(turn, writeMarks(oldest, null))
  }
}

const writeMarks = (key: string, marks: readonly VersionMark[] | null): RecordWrite => ({
  key,
  value: () => marks?.map((mark) => ({ ...mark })) ?? null,
})

export function restoreVersions({ state }: Turn, records: ReadonlyMap<string, unknown>): void {
  for (const [key, value] of records)
    if (key.startsWith('version/')) state.versions.set(key, value as readonly VersionMark[])
}
