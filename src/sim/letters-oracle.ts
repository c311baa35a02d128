import type { AgentId } from '../directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../host/events.ts'
import type { HostState } from '../host/state.ts'
import type { CheapLetter } from './cheap-mail.ts'
import type { Fail } from './oracles.ts'

/**
 * What a durable program is given when it waits for letters: those of each sender in the order in which they were sent, each
 * once, and none left out. It asks by place; who goes on from before asks for the same places again, and what it is given
 * then counts from there on.
 */
export class LettersOracle {
  readonly #fail: Fail
  /** By agent and request, the place that it asked for. */
  readonly #asked = new Map<string, number>()
  /** By agent, what it had in each epoch in which it had anything, by place. */
  readonly #had = new Map<AgentId, { readonly epoch: number; readonly letters: Had[] }[]>()

  constructor(fail: Fail) {
    this.#fail = fail
  }

  look(event: HostEvent, effects: readonly HostEffect[], state: HostState): void {
    if (event.kind === 'call' && event.call.name === 'receive')
      this.#asked.set(`${event.agent} ${event.call.request}`, JSON.parse(event.call.argsJson).after)
    for (const effect of effects) {
      if (effect.kind !== 'deliver' || !effect.delivery.outcome.ok) continue
      const place = this.#asked.get(`${effect.agent} ${effect.delivery.request}`)
      const resident = state.residents.get(effect.agent)
      if (place === undefined || !resident?.history) continue
      const { from, data } = JSON.parse(effect.delivery.outcome.valueJson) as { from: AgentId; data: CheapLetter }
      this.#give(effect.agent, resident.epoch, place, { from, n: data.n })
    }
  }

  #give(agent: AgentId, epoch: number, place: number, letter: Had): void {
    const lives = this.#had.get(agent) ?? []
    this.#had.set(agent, lives)
    let life = lives.find((one) => one.epoch === epoch)
    if (!life) {
      const before = lives.filter((one) => one.epoch < epoch).at(-1)
      life = { epoch, letters: [...(before?.letters ?? [])] }
      lives.push(life)
      lives.sort((one, other) => one.epoch - other.epoch)
    }
    const { letters } = life
    if (place > letters.length)
      return this.#fail('letters', `${agent} is given the letter at place ${place}, and has had ${letters.length}`)
    letters.length = place
    const last = letters.findLast(({ from }) => from === letter.from)?.n ?? 0
    if (letter.n !== last + 1)
      this.#fail('letters', `${agent} is given letter ${letter.n} of ${letter.from} after letter ${last}`)
    letters.push(letter)
  }

  /** How many an agent has had by its end. */
  countOf = (agent: AgentId): number => this.#had.get(agent)?.at(-1)?.letters.length ?? 0
}

interface Had {
  readonly from: AgentId
  /** The how-manyth of its sender to this recipient. */
  readonly n: number
}
