import { seededRandom } from '../../base/random.ts'
import type { SimAgent } from '../../sim/agents.ts'
import { type CheapLetter, lettersOf } from '../../sim/cheap-mail.ts'
import type { CheapProgram } from '../../sim/cheap-sandbox.ts'
import { drawCorrespondents, drawProgram } from '../../sim/programs.ts'
import type { SimHost } from '../../sim/sim-host.ts'
import type { SimSetup } from '../../ui/sim/sim-view.ts'

/**
 * The agents of the simulator's page, as many as are wanted, each by its own draw from the seed. Of every ten two write to each
 * other, and every third is durable.
 */
const FAMILY = 10
const WRITER = 8

export function drawAgent(setup: SimSetup, index: number, home: SimHost, launchMs: number): SimAgent {
  const { program, letters } = errandOf(setup, index)
  return {
    index,
    program,
    effects: index % 3 === 0 ? 'durable' : 'fast',
    letters,
    home,
    witnesses: setup.witnesses,
    launchMs,
    id: null,
    isAcknowledged: false,
    isLaunching: false,
  }
}

function errandOf(
  { seed }: SimSetup,
  index: number,
): { readonly program: CheapProgram; readonly letters: readonly CheapLetter[] } {
  const at = index % FAMILY
  if (at < WRITER) return { program: drawProgram(seededRandom(seed * 65_537 + index), index), letters: [] }
  const family = Math.floor(index / FAMILY)
  const name = `box-${seed}-${family}`
  const [writer, reader] = drawCorrespondents(seededRandom(seed * 127 + family), name)
  return at === WRITER ? { program: writer, letters: [] } : { program: reader, letters: lettersOf(writer, name) }
}
