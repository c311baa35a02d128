import { homeOf } from '../directory/agent-id.ts'
import type { AgentSnapshot, HostSnapshot } from './snapshot.ts'
import type { HostState, Resident } from './state.ts'

/** The host as people see it: a copy without anything alive in it. */
export const showHost = (state: HostState): HostSnapshot => ({
  id: state.self,
  name: state.name,
  kind: state.kind,
  age: state.age,
  state: state.evicting ? (state.residents.size > 0 ? 'draining' : 'paused') : state.accepting ? 'running' : 'paused',
  slots: state.slots,
  agents: [...state.residents.values()].map(showResident),
  hops: [...state.hops],
  acquaintances: [...state.acquaintances]
    .filter(([, { connected }]) => connected)
    .map(([id, { description, load, ground }]) => ({
      id,
      name: description.name,
      kind: description.kind,
      agents: load.agents,
      slots: load.slots,
      ground,
    })),
  refusals: [...state.nodes.refusals].map(([id, { code, reason }]) => ({ id, code, reason })),
  totals: { ...state.totals },
})

const showResident = (resident: Resident): AgentSnapshot => ({
  id: resident.agent,
  name: resident.name,
  author: resident.author,
  launcher: resident.license.order.signer,
  permit: resident.license.permits.map(({ statement }) => statement),
  home: homeOf(resident.agent),
  epoch: resident.epoch,
  state: shownState(resident),
  progress: resident.progress,
  note: resident.note,
  fuelUsed: resident.fuelUsed,
  fuelMax: resident.brief.allowance.fuel,
  memoryBytes: resident.stateBytes,
  hops: resident.brief.hops,
  sinceMs: resident.sinceMs,
})

function shownState({ arrival, departure, guest, checkpointing }: Resident): AgentSnapshot['state'] {
  if (arrival) return 'arriving'
  if (departure && departure.phase !== 'choose' && departure.phase !== 'offer') return 'leaving'
  if (guest === 'running' || checkpointing) return 'running'
  if (guest === 'frozen' || guest === 'freezing') return 'frozen'
  return guest === 'none' ? 'parked' : 'waiting'
}
