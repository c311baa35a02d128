/**
 * What the model's parties are made of. Everything that a party has ever said stays in the air for good and may arrive any
 * number of times, in any order, or never: so what is in the air is what each party has `said`, and a party's state holds
 * it. Parties' states, messages and values are numbered as they are met, so that a state of the whole is a few numbers.
 */

/** The letters of an agent's history. `m` is the arrival of the message that the outside host sends. */
export type History = string

/** What is decided for an epoch: its holder, the agent's history so far, and the witnesses of the epoch after it. */
export interface Value {
  readonly holder: number
  readonly history: History
  readonly next: string
}

export type Message =
  /** OFFER and ACCEPT of a place; SEND, READY. `to` is the destination, `e` the epoch that the source holds. */
  | { readonly kind: 'offer' | 'place'; readonly e: number; readonly to: number }
  | { readonly kind: 'send' | 'ready'; readonly e: number; readonly to: number; readonly x: History }
  /** The ACCEPT of a value at a ballot; at ballot 0 it carries the RELEASE. */
  | { readonly kind: 'accept'; readonly e: number; readonly b: number; readonly v: number }
  | { readonly kind: 'prepare'; readonly e: number; readonly b: number }
  /** LOG brings the pieces after the first `cut`; CHECKPOINT all of the history at once; ENROL the file of the agent, with its history. */
  | { readonly kind: 'log'; readonly e: number; readonly x: History; readonly cut: number }
  | { readonly kind: 'checkpoint'; readonly e: number; readonly x: History }
  | { readonly kind: 'enrol'; readonly e: number; readonly x: History; readonly v: number }
  /** A witness's answers. */
  | {
      readonly kind: 'promise'
      readonly e: number
      readonly b: number
      readonly vb: number
      readonly v: number
      readonly x: History
    }
  | { readonly kind: 'vote'; readonly e: number; readonly b: number; readonly v: number }
  | { readonly kind: 'logged'; readonly e: number; readonly x: History }

export interface HostParty {
  /** Durable: the highest epoch known to be decided, and for what. */
  readonly epoch: number
  readonly value: number
  readonly started: number
  readonly release: number
  /** Checkpoints on disk, sorted. */
  readonly images: readonly History[]
  /** In memory: the agent that runs or stands here. */
  readonly run: History | null
  readonly frozenFor: number
  /** The ballot that it waits for promises of, and its own value where that is fixed too early. */
  readonly ballot: number
  readonly early: History | null
  /** So many pieces are held only in checkpoints by now. */
  readonly cut: number
  /** A place kept for an agent: none, reserved, or filled by one that READY was said for. */
  readonly place: 0 | 1 | 2
  /** The mailbox's mark came along. */
  readonly marked: boolean
  readonly said: readonly number[]
}

export interface WitnessParty {
  /** The epoch that it decides; 0 before it is enrolled. */
  readonly k: number
  /** What was decided for the epoch before. */
  readonly value: number
  readonly promised: number
  readonly votedAt: number
  readonly votedFor: number
  readonly log: History
  /** It has let go of pieces without having the checkpoint. */
  readonly hole: boolean
  readonly liar: boolean
  /** Which one it is, where they cannot stand for each other. */
  readonly index: number
  readonly said: readonly number[]
}

/** What belongs to nobody: what has been decided, what may have left, what the author has taken, and what may still go wrong. */
export interface World {
  /** The value decided for each epoch, by epoch; -1 for none. */
  readonly decided: readonly number[]
  /** The longest history whose effects may have left under an epoch, by epoch. */
  readonly sent: readonly History[]
  readonly taken: readonly string[]
  readonly highest: number
  readonly acknowledged: boolean
  /** Where the outside host believes the agent to be. */
  readonly believed: number
  readonly crashes: number
  readonly losses: number
}

/** A state of the whole: numbers of the world, the hosts, and the witnesses. */
export interface State {
  readonly world: number
  readonly hosts: readonly number[]
  readonly witnesses: readonly number[]
}

/** Numbers things as they are met. */
export class Numbers<T> {
  readonly #ids = new Map<string, number>()
  readonly all: T[] = []

  id(thing: T): number {
    const key = JSON.stringify(thing)
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.all.length
      this.all.push(thing)
      this.#ids.set(key, id)
    }
    return id
  }

  of(id: number): T {
    return this.all[id] as T
  }
}

export const isConsistent = (x: History, y: History): boolean => x.startsWith(y) || y.startsWith(x)

/** With one more thing said; in order, so that what was said when does not tell states apart. */
export function saying(said: readonly number[], ...more: readonly number[]): readonly number[] {
  const added = more.filter((one) => !said.includes(one))
  return added.length === 0 ? said : [...said, ...added].sort((a, b) => a - b)
}
