import type { HostSnapshot } from '../host/snapshot.ts'
import type { Did } from '../identity/did.ts'
import type { Quota } from '../permit/quota.ts'
import type { Painting } from './tile.ts'

/**
 * Everything the volunteer page shows, as plain data, and everything a person can ask of it, as plain calls. The views
 * know nothing else: who fills this in and what an action does is decided outside this room.
 */
export interface PageView {
  readonly phase: Phase
  /** Why the page rests although its owner pressed Start, or null. */
  readonly held: Hold | null
  readonly cluster: ClusterView
  readonly authors: readonly AuthorView[]
  /** The host as it stands now or stood last; null before the first start. */
  readonly host: HostSnapshot | null
  readonly settings: SettingsView
  /** What one agent may use at most on this host. */
  readonly limits: Quota
  /** What the browser says about the network. */
  readonly online: boolean
  readonly update: 'none' | 'ready' | 'handing-over'
  /** The reason for people when `phase` is 'failed'. */
  readonly problem: string | null
  readonly paintings: readonly Painting[]
  /** Whether the browser offers to install the page as an app now. */
  readonly installable: boolean
}

export type Phase =
  /** No author of this cluster has its owner's consent: nothing may run. */
  | 'asking'
  | 'resting'
  /** Wanted, but the rendezvous does not answer yet. */
  | 'waiting'
  | 'starting'
  | 'lending'
  | 'draining'
  /** Another tab of this browser is the host. */
  | 'elsewhere'
  | 'failed'

export type Hold = 'battery' | 'hidden'

export type ClusterView =
  | { readonly state: 'asking' }
  | { readonly state: 'known'; readonly name: string }
  /** The last answer is shown where there is one. */
  | { readonly state: 'unreachable'; readonly name: string | null }

export interface AuthorView {
  readonly did: Did
  readonly name: string
  /** Lets others launch agents, of authors that it names, as well as its own. */
  readonly isRoot: boolean
  /** When the owner of this machine agreed, ms since 1970; null while they have not. */
  readonly agreedMs: number | null
}

export interface SettingsView {
  readonly slots: number
  readonly slotsMax: number
  readonly name: string
  readonly pauseOnBattery: boolean
  /** Null where the browser does not tell pages about the battery. */
  readonly discharging: boolean | null
  /** Whether to reach other hosts only through the cluster's relay, which hides this machine's addresses from them. */
  readonly relayOnly: boolean
  readonly relayOffered: boolean
}

export interface PageActions {
  agree(authors: readonly Did[]): void
  withdraw(author: Did): void
  start(): void
  pause(): void
  setSlots(slots: number): void
  rename(name: string): void
  setPauseOnBattery(pause: boolean): void
  setRelayOnly(relayOnly: boolean): void
  askClusterAgain(): void
  update(): void
  install(): void
}
