import type { HostSnapshot } from '../../host/snapshot.ts'
import type { Did } from '../../identity/did.ts'
import type { Cluster } from '../../wire/cluster.ts'

/** The part of a host that the page uses, and what the page says when it wants one. */
export interface PageHost {
  readonly snapshot: () => HostSnapshot
  subscribe(listener: () => void): () => void
  setSlots(slots: number): void
  setAccepting(accepting: boolean): void
  trust(author: Did): void
  distrust(author: Did): void
  /** Checkpoints agents at once, and lets them run on. */
  checkpoint(): void
  /** Hands agents over, or parks them. */
  drain(): Promise<void>
  close(): Promise<void>
  /** Resolves when the host has ended, whether it was asked to or a fault of the machine or the store ended it. */
  readonly ended: Promise<void>
}

export interface HostWish {
  readonly cluster: Cluster
  readonly name: string
  readonly slots: number
  readonly authors: readonly Did[]
  readonly relayOnly: boolean
  /** A value that an agent here emitted; `bytes` in it are Uint8Arrays. */
  readonly onEmit: (emitted: Emitted) => void
}

export interface Emitted {
  readonly program: string
  /** Agents of one launch share it. */
  readonly family: string
  readonly value: unknown
}
