import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { newState } from '../../src/host/new-state.ts'
import type { HostState } from '../../src/host/state.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Did } from '../../src/identity/did.ts'

/** A host that knows nobody and nothing, for what a single function of the machine does. */
export const bareState = (self: Did): HostState =>
  newState({
    self,
    age: 1,
    kind: 'edge',
    name: 'host',
    engineIds: ['e'],
    policy: DEFAULT_POLICY,
    slots: 1,
    trusted: [],
    operators: [],
    administrators: [],
  })

export const bareTurn = (state: HostState, nowMs: number): Turn => ({
  state,
  random: seededRandom(1),
  nowMs,
  wallMs: nowMs,
  effects: [],
  writes: new Map(),
  soon: new Map(),
})
