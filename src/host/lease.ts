import type { Did } from '../identity/did.ts'
import { LEASE_EDGE_MS, LEASE_TAB_MS } from './limits.ts'
import type { Turn } from './turn.ts'

/** How long a host may be silent before others may propose: by what kind of host it says that it is. */
export const leaseMs = ({ state }: Turn, host: Did): number =>
  state.acquaintances.get(host)?.description.kind === 'tab' ? LEASE_TAB_MS : LEASE_EDGE_MS
