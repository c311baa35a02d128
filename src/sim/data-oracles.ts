import type { AgentId } from '../directory/agent-id.ts'
import type { HostState } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import type { RequestName } from '../wire/messages.ts'
import type { Certificate } from '../wire/statements.ts'
import { FenceOracles } from './fence-oracles.ts'
import { HolderOracles } from './holder-oracles.ts'
import { KeeperOracles } from './keeper-oracles.ts'
import type { Invariant } from './report.ts'
import type { Life } from './sim-host.ts'
import type { Asked, Sight, Step } from './step.ts'

/**
 * What must hold of an agent's data inside a step, long before anything is lost by it: who says that something is kept, has
 * it kept; who lets something out, has logged what it comes of. What falls here would show at the end only where the right
 * host dies at the right moment. Looks at all hosts at once, and only where something leaves one of them.
 */
export class DataOracles {
  readonly #states = new Map<Did, HostState>()
  /** By life and handle, what is not answered yet. */
  readonly #asked = new Map<string, Asked>()
  readonly #holder: HolderOracles
  readonly #keeper: KeeperOracles
  readonly #fences: FenceOracles

  constructor(fail: (invariant: Invariant, text: string) => void, newestOf: (agent: AgentId) => number) {
    const sight: Sight = { fail, newestOf, stateOf: (host) => this.#states.get(host) }
    this.#holder = new HolderOracles(sight)
    this.#keeper = new KeeperOracles(sight)
    this.#fences = new FenceOracles(sight)
  }

  look(step: Step): void {
    const { life, event, effects, state } = step
    if (event.kind === 'restored') this.#states.set(state.self, state)
    else if (event.kind === 'frozen') this.#holder.onFrozen(step, event)
    else if (event.kind === 'asked' && LOOKED_AT.has(event.name)) {
      this.#asked.set(`${life.number} ${event.handle}`, event)
      this.#holder.onAsked(step, event)
      this.#keeper.onAsked(step, event)
      this.#fences.onAsked(step, event)
    } else if (event.kind === 'answered' && event.name === 'fork') this.#keeper.onHeard(step, event)
    for (const effect of effects) {
      if (effect.kind === 'ask') {
        this.#holder.onAsk(step, effect)
        this.#keeper.onAsk(step, effect)
        if (effect.name === 'accept') this.#fences.onProposed(step, effect.body)
      } else if (effect.kind === 'forget') this.#holder.onForget(step, effect)
      else if (effect.kind === 'run') this.#holder.onRun(step, effect.agent)
      else if (effect.kind === 'deny') this.#asked.delete(`${life.number} ${effect.handle}`)
      else if (effect.kind === 'answer' && LOOKED_AT.has(effect.name)) {
        const name = `${life.number} ${effect.handle}`
        const asked = this.#asked.get(name)
        this.#asked.delete(name)
        if (!asked) continue
        this.#holder.onAnswer(step, asked)
        this.#keeper.onAnswer(step, asked)
        this.#fences.onAnswer(step, asked)
      }
    }
  }

  /** A host has heard of a decision about the agent, or knows it. */
  onKnown(life: Life, state: HostState, agent: AgentId): void {
    this.#fences.onKnown(life, state, agent)
  }

  /** The first host knows of it. */
  onDecided(certificate: Certificate, state: HostState): void {
    this.#fences.onDecided(certificate, state)
  }
}

const LOOKED_AT: ReadonlySet<RequestName> = new Set(['effect', 'checkpoint', 'fork', 'log', 'mirror', 'mail'])
