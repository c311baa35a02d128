import type { AgentId } from '../directory/agent-id.ts'
import type { HomeRow, HostState } from '../host/state.ts'
import { rowTold, toldLines, toldUpTo } from '../host/told.ts'
import type { Fail } from './oracles.ts'
import type { Life } from './sim-host.ts'
import type { World } from './world.ts'

/**
 * Whoever follows a story (`logs`, `launch --wait`) asks whoever keeps the row at the moment, from the line after the last one
 * that he was told. So what any keeper tells must go together: under a number the same line always, and no line that comes
 * later below a number that was told, for nobody would ask for it.
 *
 * An answer leaves when what it tells is durable, so a line is told if its host was awake when it was asked, and has lived
 * until the next look: every commit is over by then. What a keeper had in memory when it died was never told.
 */
export class FollowerOracle {
  readonly #world: World
  readonly #fail: Fail
  /** By agent, what was told under each number. */
  readonly #told = new Map<AgentId, Told>()
  /** By life and agent, as it was at the last look. */
  #seen = new Map<string, Seen>()
  #answers: Answer[] = []

  constructor(world: World, fail: Fail) {
    this.#world = world
    this.#fail = fail
    this.#lookAgain()
  }

  #lookAgain(): void {
    this.#world.time.after(LOOK_MS, () => {
      this.#look()
      this.#lookAgain()
    })
  }

  #look(): void {
    const answers = this.#answers
    this.#answers = []
    for (const answer of answers) this.#hear(answer)
    const seen = new Map<string, Seen>()
    for (const host of this.#world.hosts) {
      const { life } = host
      if (!life?.state || !life.host || life.time.isAsleep) continue
      for (const agents of [life.state.rows, life.state.mirrors])
        for (const agent of agents.keys()) this.#ask(host, life, life.state, agent, seen)
    }
    this.#seen = seen
  }

  #ask(host: { life: Life | null }, life: Life, state: HostState, agent: AgentId, seen: Map<string, Seen>): void {
    const row = rowTold(state, agent)
    if (!row) return
    const name = `${life.number} ${agent}`
    const until = toldUpTo(state, row)
    const before = this.#seen.get(name)
    seen.set(name, { row, tenure: row.tenure, until })
    const isSame = before?.row === row && before.tenure === row.tenure && before.until <= until
    if (isSame && before.until === until) return
    const lines = toldLines(state, row, isSame ? before.until : 1)
    if (lines.length === 0) return
    const texts = lines.map(({ number, kind, valueJson }) => ({ number, text: `${kind} ${valueJson}` }))
    this.#answers.push({ agent, hasLived: () => host.life === life, lines: texts })
  }

  #hear({ agent, hasLived, lines }: Answer): void {
    if (!hasLived()) return
    const told = this.#told.get(agent) ?? { upTo: 0, lines: new Map() }
    this.#told.set(agent, told)
    const upTo = told.upTo
    for (const { number, text } of lines) {
      const before = told.lines.get(number)
      // Checkpoints are told while they are new, and not kept: who did not hear of one misses nothing.
      if (before === undefined && number <= upTo && !text.startsWith('checkpoint '))
        this.#fail('follower', `line ${number} of ${agent} comes after line ${upTo} was told: ${text}`)
      else if (before !== undefined && before !== text)
        this.#fail('follower', `line ${number} of ${agent} was told as ${before}, and then as ${text}`)
      told.lines.set(number, text)
      told.upTo = Math.max(told.upTo, number)
    }
  }
}

/** As often as the command line asks. */
const LOOK_MS = 400

interface Seen {
  readonly row: HomeRow
  readonly tenure: number
  readonly until: number
}

interface Told {
  upTo: number
  readonly lines: Map<number, string>
}

interface Answer {
  readonly agent: AgentId
  hasLived(): boolean
  readonly lines: readonly { readonly number: number; readonly text: string }[]
}
