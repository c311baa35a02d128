import type { VerifiedBundle } from '../bundle/open.ts'
import type { HashedPages } from '../checkpoint/hashed.ts'
import type { MachineImage } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import type { Quota } from '../permit/quota.ts'
import type { Guest, GuestFailure } from '../sandbox/port.ts'
import type { Brief } from '../wire/messages.ts'
import type { BundleFacts, Fault, HostEvent, Pushed } from './events.ts'

/** What the rim knows of one guest that is here, and the words in which its comings and goings are told (lodgings.ts). */
export interface Lodger {
  readonly guest: Guest
  readonly bundle: VerifiedBundle
  /** Of the permit's sentBytes, by the time this guest began. */
  sentBefore: number
  readonly brief: Brief
  hashed: HashedPages | undefined
  /** Its images are sealed in the order in which they came. */
  sealing: Promise<void>
  /** Calls of a durable agent that files of its bundle answer: their answers are not logged. */
  readonly assets: Map<number, string>
  /** Bytes of answers of the rim's own since the last image, of which a log has room for so many only. */
  answeredBytes: number
  /** What it hears is logged: it is durable, and has read nothing that is sealed. */
  logs: boolean
  /** It stands where a checkpoint stands and has not run, so it can still be brought up to a later one. */
  isFresh: boolean
  /** What each freeze that is not answered yet is for. */
  readonly freezes: ('stand' | 'image' | 'nothing')[]
  /** Set while the guest is being thawed dry. */
  onReady: ((fault: Fault | null) => void) | null
  /** Calls that travelled with the agent, until it runs: before that nobody may act on them. Null from then on. */
  asked: HostEvent[] | null
}

/** Where an agent comes from, and how much it may be. */
export interface Sources {
  readonly from: Did | null
  readonly pushed: Pushed
  readonly quota: Quota
  /** Whose bundles are taken from elsewhere beside those of trusted authors: the permit names them. */
  readonly authors: readonly Did[]
}

export interface Prepared {
  readonly fault: Fault | null
  readonly stateBytes: number
  readonly fuelUsed: number
}

export const failedBy = (fault: Fault): Prepared => ({ fault, stateBytes: 0, fuelUsed: 0 })

export const TOO_LATE: Fault = { code: 'BUSY', reason: 'the agent has come otherwise meanwhile' }

/** A checkpoint as it was opened, and what the next seal or open of the agent need not do again. */
export interface Opened {
  readonly image: MachineImage
  readonly hashed: HashedPages
}

/** What the machine needs to know of a bundle. */
export const factsOf = ({ id, author, manifest }: VerifiedBundle): BundleFacts => ({
  id,
  author,
  name: manifest.name,
  version: manifest.version,
  expiresMs: manifest.expiresMs,
  kinds: manifest.needs.kind === null ? null : [manifest.needs.kind],
  depth: manifest.needs.depth,
  durable: manifest.effects === 'durable',
  quota: manifest.quota,
})

/** Failures before the first step that are the program's own; the others may be this host's. */
export const UNLOADABLE: readonly GuestFailure[] = ['LOAD', 'QUOTA', 'TRAP', 'THROWN', 'UNENCODABLE']
