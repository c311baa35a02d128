import type { Itinerary } from '../audit/itinerary.ts'
import type { Clock } from '../base/clock.ts'
import type { Deflate } from '../base/deflate.ts'
import type { Cid, HashAll } from '../base/digest.ts'
import type { Random } from '../base/random.ts'
import type { Result } from '../base/result.ts'
import type { Timers } from '../base/timers.ts'
import type { BundleFault, VerifiedBundle } from '../bundle/open.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Signer } from '../identity/signer.ts'
import type { Verifier } from '../identity/verifier.ts'
import type { Quota } from '../permit/quota.ts'
import type { Sandbox } from '../sandbox/port.ts'
import type { Store } from '../storage/port.ts'
import type { ErrorCode } from '../wire/error-codes.ts'
import type { RequestName, Requests, Row, StoryLine } from '../wire/messages.ts'
import type { Notice } from '../wire/notices.ts'
import type { Mandate, Sealed } from '../wire/statements.ts'
import type { Transport } from '../wire/transport.ts'
import type { Admission } from './admission.ts'
import type { Answer, HostEffect, HostEvent } from './events.ts'
import type { HostKind, HostSnapshot } from './snapshot.ts'
import type { HostState } from './state.ts'

/** What an embedder gives a host and gets from it. Every port is an argument; nothing is global. */
export interface HostOptions {
  readonly signer: Signer
  readonly verifier: Verifier
  readonly transport: (age: number) => Promise<Transport>
  readonly store: Store
  readonly sandbox: Sandbox
  readonly deflate: Deflate
  /** Hashes pages of checkpoints on another thread than the host's. */
  readonly hashAll?: HashAll
  readonly engineId: string
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  readonly kind: HostKind
  readonly name: string
  readonly slots: number
  /** How deep agents may go here, in segments; by kind where nothing is said (DEPTH_OFFERED). */
  readonly depth?: number
  /** Whether it has what other hosts run of its agents run again, by how far it believes them; it has where nothing is said. */
  readonly audits?: boolean
  readonly trust: readonly Did[]
  readonly operators?: readonly Did[]
  /** Hosts that are let in whatever the rules, and by what rules others are; anybody where nothing is said. */
  readonly statics?: readonly Did[]
  readonly admission?: Admission
  /** A permit to join, as delegations, shown to hosts that want one. */
  readonly invitation?: readonly Uint8Array[]
  /** In whose name this host asks. */
  readonly mandate?: Sealed<Mandate>
  /** Whose bans are obeyed here. */
  readonly administrators?: readonly Did[]
  /** Whose permits to launch are obeyed here, for any trusted author's bundles and for authors that they name. */
  readonly roots?: readonly Did[]
  /** By which this host launches agents that others shall take: delegations, root first. None where it is a root for them. */
  readonly permit?: readonly Uint8Array[]
  readonly policy?: Quota
  /** Bytes of the store for checkpoints of agents that have left, should they come back. */
  readonly cacheBytes?: number
  /** Addresses on line, from the rendezvous. */
  members(): Promise<readonly string[]>
  /** Files that agents here may read; none by default. */
  share?(path: string): Promise<Uint8Array | null>
  /** A value that an agent which is here let out; the agent's home gets it too. */
  onEmit?(emitted: {
    readonly agent: AgentId
    readonly name: string
    readonly bundle: Cid
    readonly valueJson: string
  }): void
  log?(level: 'info' | 'warn', text: string, agent?: AgentId): void
  /** For who checks what hosts do: called after each step, with the state that it left, which is to be looked at only. */
  watch?(event: HostEvent, effects: readonly HostEffect[], state: HostState): void
}

export interface LaunchOptions {
  readonly inputJson?: string
  /** Whose key everything that the agent says is sealed to. */
  readonly resultTo?: Did | null
  /** How many hosts shall decide about it, an odd number; 1 where nothing is said: this host alone, and it waits while that is away. */
  readonly witnesses?: number
  /** What is left out is as the bundle asks. */
  readonly quota?: Partial<Quota>
  /** Instead of the host's own. */
  readonly permit?: readonly Uint8Array[]
}

export class LaunchError extends Error {
  override readonly name = 'LaunchError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, reason: string) {
    super(reason)
    this.code = code
  }
}

export interface Host {
  readonly did: Did
  readonly age: number
  snapshot(): HostSnapshot
  /** Called after each change, at most once a turn of the event loop. */
  subscribe(listener: () => void): () => void
  /** Takes a bundle file into the store, verified. */
  importBundle(car: Uint8Array): Promise<Result<VerifiedBundle, BundleFault>>
  /** Launches an agent with this host as its home. Rejects with a LaunchError. */
  launch(bundle: Cid, options?: LaunchOptions): Promise<AgentId>
  /** The story of an agent launched here, from line `from` on. */
  story(agent: AgentId, from: number): { readonly row: Row; readonly lines: readonly StoryLine[] } | null
  /** Evidence of the changes of holder of an agent launched here; null of another. */
  itinerary(agent: AgentId): Itinerary | null
  /** Resolves when the agent has ended, with its outcome; null where it was not launched here. */
  outcome(agent: AgentId): Promise<{ readonly ok: boolean; readonly valueJson: string } | null>
  /** Asks another host; for command lines and consoles. */
  ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']): Promise<Answer>
  hosts(): readonly Did[]
  setSlots(slots: number): void
  setAccepting(accepting: boolean): void
  trust(author: Did): void
  distrust(author: Did): void
  /** Whether this key's permits to launch are obeyed. */
  obey(root: Did, obeyed: boolean): void
  move(agent: AgentId, to: Did | null): void
  kill(agent: AgentId): void
  /** Bans a key here, and tells everybody who accepts this host's key as an administrator's; nothing takes it back. */
  ban(subject: Did, reason: string): Promise<Notice>
  /** Checkpoints everything here at once, because this host may end soon; the agents run on. */
  checkpoint(): void
  /**
   * Freezes everything here at once and hands it over. Resolves when all has left or stands parked and durable, and
   * after DRAIN_MS_MAX in any case.
   */
  drain(): Promise<void>
  close(): Promise<void>
}
