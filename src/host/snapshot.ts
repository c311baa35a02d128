import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { AllegedDelegation } from '../permit/delegation.ts'
import type { ErrorCode } from '../wire/error-codes.ts'
import type { Ground } from '../wire/messages.ts'

/** What a host shows of itself to people: the page, `ps`, `status`. Plain data, made anew at each change. */
export interface HostSnapshot {
  readonly id: Did
  readonly name: string
  readonly kind: HostKind
  readonly age: number
  readonly state: 'running' | 'draining' | 'paused'
  readonly slots: number
  readonly agents: readonly AgentSnapshot[]
  /** Newest first, at most HOPS_SHOWN. */
  readonly hops: readonly HopSnapshot[]
  /** The other hosts this one knows, on line now. */
  readonly acquaintances: readonly {
    readonly id: Did
    readonly name: string
    readonly kind: HostKind
    readonly agents: number
    readonly slots: number
    /** On what ground it was let in here. */
    readonly ground: Ground
  }[]
  /** Who has not let this host in, and why. */
  readonly refusals: readonly { readonly id: Did; readonly code: ErrorCode; readonly reason: string }[]
  readonly totals: {
    readonly finished: number
    readonly hopsIn: number
    readonly hopsOut: number
    readonly fuel: number
    readonly refused: number
  }
}

export type HostKind = 'edge' | 'tab' | 'launcher'

export interface AgentSnapshot {
  readonly id: AgentId
  readonly name: string
  readonly author: Did
  /** Whose order it runs by. */
  readonly launcher: Did
  /** The chain by which the launcher may, root first; empty where it is the root itself. */
  readonly permit: readonly AllegedDelegation[]
  readonly home: Did
  readonly epoch: number
  readonly state: 'arriving' | 'running' | 'waiting' | 'frozen' | 'leaving' | 'parked'
  /** 0..1, as the agent reported it; null when it never did. */
  readonly progress: number | null
  readonly note: string
  readonly fuelUsed: number
  readonly fuelMax: number
  readonly memoryBytes: number
  readonly hops: number
  readonly sinceMs: number
}

export interface HopSnapshot {
  readonly agent: AgentId
  readonly name: string
  readonly from: Did
  readonly to: Did
  readonly reason: HopReason
  readonly atMs: number
  /** From freeze to running again (in) or to the certificate (out); null where it was not seen whole. */
  readonly tookMs: number | null
  readonly bytes: number
}

export type HopReason = 'place' | 'move' | 'evict' | 'order' | 'recover'
