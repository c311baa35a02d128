import { assert } from '../base/assert.ts'
import { integerBelow, seededRandom } from '../base/random.ts'
import type { Effects } from '../bundle/manifest.ts'
import type { SimAgent } from './agents.ts'
import { type CheapLetter, lettersOf } from './cheap-mail.ts'
import type { CheapProgram } from './cheap-sandbox.ts'
import type { SimOptions } from './options.ts'
import { drawCorrespondents, drawProgram, looking } from './programs.ts'
import type { World } from './world.ts'

/** Agents begin over this share of the time, and the rest of it is for them to go on. */
const LAUNCHES_SHARE = 0.8

/** The agents of a run, each by its own draw: with fewer of them, those that are left are as before. */
export function drawAgents(world: World, options: SimOptions): SimAgent[] {
  const { seed, agents, seconds, witnesses, mail } = options
  const pair = drawCorrespondents(seededRandom(seed * 127 + 3), `box-${seed}`)
  return Array.from({ length: agents }, (_, index): SimAgent => {
    const random = seededRandom(seed * 65_537 + index)
    const launchMs = 2_000 + integerBelow(random, seconds * 1_000 * LAUNCHES_SHARE)
    const drawn = drawProgram(random, seed + index)
    const writes = mail !== false && agents > 1 && index < 2
    // A letter that a fast agent had is on its host's disk alone: only of a durable one every letter can be asked for.
    const isDurable = index === 1 || (mail === 'durable' && options.effects === 'mixed')
    const effects = writes && isDurable ? 'durable' : effectsOf(options, index)
    const program = writes ? pair[index] : effects === 'durable' ? looking(drawn) : drawn
    // A name is known among the agents of one launcher.
    const home = world.homes[writes ? 0 : index % world.homes.length]
    assert(program && home, 'a world has a home, and correspondents are two')
    const letters = writes ? lettersFor(index, pair) : []
    return {
      index,
      program,
      effects,
      letters,
      home,
      witnesses,
      launchMs,
      id: null,
      isAcknowledged: false,
      isLaunching: false,
    }
  })
}

const effectsOf = ({ effects, seed }: SimOptions, index: number): Effects =>
  effects === 'mixed' ? ((seed + index) % 3 === 0 ? 'durable' : 'fast') : effects

/** The second of them reads what the first writes. */
const lettersFor = (index: number, [writer, reader]: readonly [CheapProgram, CheapProgram]): readonly CheapLetter[] =>
  index === 1 ? lettersOf(writer, reader.registers?.[0]?.name ?? '') : []
