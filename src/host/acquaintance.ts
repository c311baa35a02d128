import type { Ground, Load } from '../wire/messages.ts'
import type { Description } from '../wire/statements.ts'
import { admissionText } from './admission.ts'
import type { HostState } from './state.ts'

/** A host that was let in here, and what this host tells others of itself. */
export interface Acquaintance {
  readonly description: Description
  load: Load
  readonly age: number
  readonly ground: Ground
  /** There is a session, and each has let the other in. */
  connected: boolean
  heardMs: number
  lostMs: number | null
  /** Agents we have offered there without an answer yet: what its reports cannot show. */
  offered: number
}

/** Places taken. An ended agent whose effects still wait for its home takes none. */
export const occupied = (state: HostState): number => {
  let count = 0
  for (const { ended } of state.residents.values()) if (!ended) count += 1
  return count
}

export const loadOf = (state: HostState): Load => ({
  agents: occupied(state),
  slots: state.slots,
  accepting: state.accepting && !state.evicting,
})

/** To be signed. */
export const describe = (state: HostState, wallMs: number): Description => ({
  type: 'description',
  kind: state.kind,
  name: state.name,
  engineIds: state.engineIds,
  depth: state.depth,
  memoryBytes: state.policy.memoryBytes,
  slots: state.slots,
  admission: admissionText(state.nodes.admission),
  age: state.age,
  births: state.nodes.births,
  issuedMs: wallMs,
})
