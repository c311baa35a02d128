import type { AgentId } from '../directory/agent-id.ts'
import type { HomeRow } from '../host/state.ts'
import { inputOf, type SimAgent } from './agents.ts'
import { hasMail } from './cheap-mail.ts'
import { type Expected, expectedOf, FORK_REFUSED } from './programs.ts'
import type { World } from './world.ts'

/** Which agent is which: by its input whose it is, by its forks which of the family. */
export class Families {
  readonly #world: World
  readonly #byInput = new Map<string, SimAgent>()
  readonly #expected = new Map<string, Expected>()
  /** Agents that were told that nothing comes of their fork: their home has been away for too long. */
  readonly #childless = new Set<AgentId>()

  constructor(world: World, agents: readonly SimAgent[]) {
    this.#world = world
    for (const agent of agents) this.add(agent)
  }

  /** One more, before it is launched. */
  add(agent: SimAgent): void {
    this.#byInput.set(inputOf(agent), agent)
  }

  launchedAs = (row: HomeRow): SimAgent | null => this.#byInput.get(row.inputJson) ?? null

  /** Of a fast agent a certified state can be lost with its holder: then it goes on from what its home has. */
  isDurable(agent: AgentId): boolean {
    const row = this.rowOf(agent)
    return row !== null && this.launchedAs(row)?.effects === 'durable'
  }

  /** The inputs of those that write to each other, if this is one of them. */
  correspondentsOf(inputJson: string): readonly string[] {
    const all = [...this.#byInput].filter(([, { program }]) => hasMail(program)).map(([input]) => input)
    return all.includes(inputJson) ? all : []
  }

  /**
   * A fast agent that went back to before it looked for another, which has had all that it wrote, and has ended: it looks for
   * ever. A durable one does not go back.
   */
  looksForOneGone({ inputJson }: HomeRow): boolean {
    if (this.#byInput.get(inputJson)?.effects !== 'fast') return false
    const others = this.correspondentsOf(inputJson).filter((input) => input !== inputJson)
    return [...this.rows()].some((row) => row.outcome !== null && others.includes(row.inputJson))
  }

  /** What must come of it; null of one that this simulation has not launched. */
  expected(row: HomeRow): Expected | null {
    const agent = this.launchedAs(row)
    if (!agent) return null
    const indices = this.#indicesOf(row)
    const name = `${agent.index} ${indices.join()}`
    const known = this.#expected.get(name) ?? expectedOf(agent.program, indices, agent.letters)
    this.#expected.set(name, known)
    return known
  }

  /** Of programs that fork once: whoever was made of it has its index, and the one that it was made of 0. */
  #indicesOf({ agent, forkedFrom, forks }: HomeRow): readonly number[] {
    if (forkedFrom) return [forkedFrom.index]
    return [this.#childless.has(agent) && forks.length === 0 ? FORK_REFUSED : 0]
  }

  noteForkRefused(agent: AgentId): void {
    this.#childless.add(agent)
  }

  /** The row of an agent as whoever keeps it has it now: of several, the one that has seen most. */
  rowOf(agent: AgentId): HomeRow | null {
    let best: HomeRow | null = null
    for (const { life } of this.#world.hosts) {
      const row = life?.state?.rows.get(agent)
      if (row && (!best || isNewer(row, best))) best = row
    }
    return best ?? this.#endedMirror(agent)
  }

  /** Who kept it may be gone for good: once it has ended, what others have of it is all that is needed. */
  #endedMirror(agent: AgentId): HomeRow | null {
    const row = this.#mirrorOf(agent)
    return row?.outcome ? row : null
  }

  /** One that has ended before one that has not. */
  #mirrorOf(agent: AgentId): HomeRow | null {
    let any: HomeRow | null = null
    for (const { life } of this.#world.hosts) {
      const row = life?.state?.mirrors.get(agent)
      if (row?.outcome) return row
      // What was being launched or forked when its home died may never have been.
      if (row?.isFounded) any ??= row
    }
    return any
  }

  /** Of every agent that this simulation has to do with, those made by forks included. */
  *rows(): Generator<HomeRow> {
    const seen = new Set<AgentId>()
    for (const { life } of this.#world.hosts)
      for (const agent of [...(life?.state?.rows.keys() ?? []), ...(life?.state?.mirrors.keys() ?? [])]) {
        if (seen.has(agent)) continue
        seen.add(agent)
        // Between two keepers nobody keeps it: it is there all the same, and has not ended.
        const row = this.rowOf(agent) ?? this.#mirrorOf(agent)
        if (row) yield row
      }
  }

  /** How many there will be in the end. */
  sizeOf({ program }: SimAgent): number {
    return (program.forks ?? []).reduce((size, { n }) => size * n, 1)
  }
}

const isNewer = (one: HomeRow, other: HomeRow): boolean =>
  (one.outcome !== null) !== (other.outcome !== null) ? one.outcome !== null : one.epoch > other.epoch
