import type { AgentId } from '../directory/agent-id.ts'
import type { HomeRow, HostState } from '../host/state.ts'
import { toldUpTo } from '../host/told.ts'
import type { Life } from './sim-host.ts'

/**
 * Those who follow a story, whoever keeps it: a line that somebody was told stands there for good. What a keeper has only
 * written down is nobody's yet, and may be taken back.
 */
export class Followers {
  /** By agent, the lines that were told, by number. */
  readonly #told = new Map<AgentId, Map<number, string>>()
  /** By life, agent and tenure, the first line that was not looked at. */
  readonly #next = new Map<string, number>()
  readonly #fail: (text: string) => void

  constructor(fail: (text: string) => void) {
    this.#fail = fail
  }

  follow(life: Life, state: HostState, row: HomeRow): void {
    const name = `${life.number} ${row.agent} ${row.tenure}`
    const from = this.#next.get(name) ?? 0
    const until = toldUpTo(state, row)
    if (until <= from) return
    this.#next.set(name, until)
    let told = this.#told.get(row.agent)
    if (!told) {
      told = new Map()
      this.#told.set(row.agent, told)
    }
    for (const { number, kind, valueJson } of row.story) {
      if (number < from || number >= until) continue
      const text = `${kind} ${valueJson}`
      const before = told.get(number)
      if (before === undefined) told.set(number, text)
      else if (before !== text) {
        this.#fail(`line ${number} of ${row.agent} was ${before}, and is ${text}`)
        return
      }
    }
  }
}
