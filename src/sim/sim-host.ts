import type { Host } from '../host/host.ts'
import type { HostKind, HostSnapshot } from '../host/snapshot.ts'
import type { HostState } from '../host/state.ts'
import type { SimDisk } from './disk.ts'
import type { HostTime } from './host-time.ts'
import type { Identity } from './identities.ts'

/** A machine of the simulation, and the host that lives on it: over many lives, and over more than one identity where its disk was lost. */
export interface SimHost {
  readonly number: number
  readonly kind: HostKind
  readonly isHome: boolean
  readonly slots: number
  identity: Identity
  disk: SimDisk
  /** Null while it is down. */
  life: Life | null
  /** How often it was given a new identity. */
  renewed: number
  /** What is wrong with it, by fault. */
  readonly troubles: Set<string>
  /** Its owner has the machine for himself until then. */
  ownerIsBack: boolean
  /** It falsifies what it runs: what comes of agents that were here is not looked at. */
  lies: boolean
}

export interface Life {
  /** Unique over the whole run. */
  readonly number: number
  readonly time: HostTime
  /** Null until it has started. */
  host: Host | null
  /** As its last step left it, to be looked at only. */
  state: HostState | null
  readonly logs: string[]
}

export interface SimHostSnapshot {
  readonly number: number
  readonly kind: HostKind
  readonly isHome: boolean
  readonly state: 'down' | 'starting' | 'up' | 'asleep'
  readonly troubles: readonly string[]
  readonly host: HostSnapshot | null
}

export const showSimHost = ({ number, kind, isHome, life, troubles }: SimHost): SimHostSnapshot => ({
  number,
  kind,
  isHome,
  state: life === null ? 'down' : life.host === null ? 'starting' : life.time.isAsleep ? 'asleep' : 'up',
  troubles: [...troubles],
  host: life?.host?.snapshot() ?? null,
})
