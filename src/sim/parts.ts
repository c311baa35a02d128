import type { Cid } from '../base/digest.ts'
import { placesOf } from '../checkpoint/places.ts'
import { blockKey } from '../storage/blocks.ts'
import type { SimHost } from './sim-host.ts'
import type { World } from './world.ts'

/**
 * Checkpoints of which a transfer to a host failed. What came of one is cached for the next attempt, gives way first when room
 * is wanted, and has no record, so the host's next start sweeps it (host/cache.ts): it is left over, and has not leaked.
 */
export class Parts {
  /** By life and token, what is being fetched; and by life, what has failed. */
  readonly #underWay = new Map<string, Cid>()
  readonly #failed = new Map<number, Set<Cid>>()

  constructor(world: World) {
    world.watch((_host, life, event, effects) => {
      for (const effect of effects)
        if (effect.kind === 'fetchCheckpoint') this.#underWay.set(`${life.number} ${effect.token}`, effect.checkpoint)
      if (event.kind !== 'fetched') return
      const name = `${life.number} ${event.token}`
      const root = this.#underWay.get(name)
      this.#underWay.delete(name)
      if (root === undefined || event.fault === null) return
      const failed = this.#failed.get(life.number) ?? new Set()
      this.#failed.set(life.number, failed.add(root))
    })
  }

  /** Every block, of what a host that is down has of them, that its last life may have cached so. */
  async on({ disk }: SimHost, life: number): Promise<ReadonlySet<Cid>> {
    const store = await disk.open()
    const blocks = new Set<Cid>()
    for (const root of this.#failed.get(life) ?? []) {
      const placed = await placesOf(root, (cid) => store.read(blockKey(cid)))
      if (placed.ok) for (const { cid } of placed.value) blocks.add(cid)
    }
    await store.close()
    return blocks
  }
}
