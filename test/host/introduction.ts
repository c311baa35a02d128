import type { HostState } from '../../src/host/state.ts'
import type { Did } from '../../src/identity/did.ts'
import type { Authority } from '../../src/wire/authority.ts'
import type { Requests } from '../../src/wire/messages.ts'
import type { Description } from '../../src/wire/statements.ts'

/** What a host that lends nothing says of itself at INIC. */
export async function introduction(
  authority: Authority,
  changes: Partial<Description> = {},
): Promise<Requests['inic']['ask']> {
  const description = await authority.seal<Description>({
    type: 'description',
    kind: 'edge',
    name: 'introduced',
    engineIds: [],
    depth: 1,
    memoryBytes: 0,
    slots: 0,
    admission: 'open',
    age: 1,
    births: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    issuedMs: 1,
    ...changes,
  })
  return { description, load: { agents: 0, slots: 0, accepting: false }, invitation: [], mandate: null }
}

/** As if it had said INIC and been let in, where only what comes after is looked at. */
export function letIn(state: HostState, host: Did): void {
  state.nodes.meetings.set(host, {
    age: 1,
    sinceMs: 0,
    ground: 'open',
    invitation: null,
    welcomed: true,
    speaksFor: null,
  })
}
