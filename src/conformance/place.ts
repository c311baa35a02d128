/** A realm with the engine in it: the suite's questions as functions. */
import type { TierChoice } from '../engine/machine.ts'
import type { Realm } from '../realms/realm.ts'
import { type Frame, openFrame, packFrame } from './frame.ts'
import type { ConformanceProgram } from './programs.ts'
import type { Ask, Chain, CheckpointHead, Leg, Points, Slice } from './protocol.ts'

/** A checkpoint as it travels: the root's name, and the blocks in the order of their names. */
export interface Packed {
  readonly head: CheckpointHead
  readonly blocks: readonly Uint8Array[]
}

export interface Engine {
  readonly id: string
  readonly movable: Uint8Array
  readonly plain: Uint8Array
}

export class Place {
  readonly realm: Realm
  readonly engineId: string
  /** Of the image that every program starts from. */
  readonly baseHash: string

  private constructor(realm: Realm, engineId: string, baseHash: string) {
    this.realm = realm
    this.engineId = engineId
    this.baseHash = baseHash
  }

  static async prepare(realm: Realm, engine: Engine): Promise<Place> {
    const parts = [engine.movable, engine.plain]
    const { head } = await ask<{ baseHash: string }>(realm, { kind: 'prepare', engineId: engine.id }, parts)
    return new Place(realm, engine.id, head.baseHash)
  }

  get name(): string {
    return this.realm.name
  }

  async load({ name, settings, kernels }: ConformanceProgram): Promise<void> {
    await ask(this.realm, { kind: 'load', id: name, settings }, kernels)
  }

  async drop({ name }: ConformanceProgram): Promise<void> {
    await ask(this.realm, { kind: 'drop', id: name }, [])
  }

  async leg(
    { name }: ConformanceProgram,
    from: Packed | null,
    slice: Slice,
    tier: TierChoice = 'auto',
  ): Promise<{ leg: Leg; packed: Packed | null }> {
    const question = { kind: 'leg', id: name, from: from?.head ?? null, slice, tier } as const
    const { head, parts } = await ask<Leg>(this.realm, question, from?.blocks ?? [])
    return { leg: head, packed: head.checkpoint && { head: head.checkpoint, blocks: parts } }
  }

  async chain(
    { name }: ConformanceProgram,
    at: Points,
    until: number | null = null,
  ): Promise<{ chain: Chain; packed: Packed | null }> {
    const { head, parts } = await ask<Chain>(this.realm, { kind: 'chain', id: name, at, until }, [])
    return { chain: head, packed: head.end.checkpoint && { head: head.end.checkpoint, blocks: parts } }
  }
}

async function ask<Head>(realm: Realm, head: Ask, parts: readonly Uint8Array[]): Promise<Frame<Head>> {
  return openFrame<Head>(await realm.ask(packFrame({ head, parts })))
}
