import type { HostSnapshot } from '../../host/snapshot.ts'
import { type Did, parseDid, shortDid } from '../../identity/did.ts'
import { harmless } from './plain-text.ts'

/** Why agents wait: what hosts said when they were offered them. Read from the home's log, newest word of each host. */
export interface Refusals {
  /** For the home's log; takes every line and keeps those that are refusals. */
  note(line: string): void
  /** One sentence why nobody takes agents, or null when somebody just has no room. */
  sentence(snapshot: Pick<HostSnapshot, 'acquaintances'>): string | null
}

const REFUSAL = /(did:key:\w+) does not take it: (.*)$/

export function collectRefusals(): Refusals {
  const byHost = new Map<Did, string>()
  return {
    note(line) {
      const [, host, reason = ''] = REFUSAL.exec(line) ?? []
      const did = parseDid(host)
      if (did.ok) byHost.set(did.value, reason)
    },
    sentence({ acquaintances }) {
      const workers = acquaintances.filter(({ slots }) => slots > 0)
      if (workers.length === 0) return 'no host that takes agents is on line'
      const nameOf = (did: Did): string => workers.find(({ id }) => id === did)?.name || `…${shortDid(did)}`
      const said = [...byHost].filter(([, reason]) => !reason.startsWith('NO_SLOT'))
      if (said.length === 0) return null
      return `nobody takes the agents: ${said
        .slice(0, 5)
        .map(([did, reason]) => harmless(`${nameOf(did)} says ${reason}`))
        .join('; ')}${said.length > 5 ? `; and ${said.length - 5} more` : ''}`
    },
  }
}
