import { EvictionOracle } from './eviction-oracle.ts'
import { FollowerOracle } from './follower-oracle.ts'
import { LettersOracle } from './letters-oracle.ts'
import type { Oracles } from './oracles.ts'
import type { World } from './world.ts'

/** What those see who stand around the protocol: the owner of a machine, who follows a story, who waits for letters. */
export function watchViews(world: World, { fail }: Pick<Oracles, 'fail'>): void {
  new FollowerOracle(world, fail)
  const letters = new LettersOracle(fail)
  const evictions = new EvictionOracle(world, fail)
  world.watch((host, life, event, effects, state) => {
    if (effects.length === 0 && event.kind === 'tick') return
    letters.look(event, effects, state)
    evictions.look(host, life, event, effects, state)
  })
}
