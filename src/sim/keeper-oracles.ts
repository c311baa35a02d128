import type { AgentId } from '../directory/agent-id.ts'
import type { HomeRow, HostState } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import { majorityOf } from './ballots.ts'
import type { Ask, Asked, Heard, Sight, Step } from './step.ts'
import { isDenied } from './step.ts'

/** What who keeps an agent's row takes, and says that it has kept. */
export class KeeperOracles {
  readonly #sight: Sight
  /** By life and handle, the first line that need not be kept before the answer. */
  readonly #until = new Map<string, number>()
  /** By life and token, calls whose answer a holder waits for. */
  readonly #calls = new Map<string, string>()
  /** By agent and call, who was made of it, as its holder has heard: what a keeper answers it may not live to let out. */
  readonly #forks = new Map<string, string>()

  constructor(sight: Sight) {
    this.#sight = sight
  }

  onAsked(step: Step, asked: Asked): void {
    if (asked.name !== 'effect' && asked.name !== 'checkpoint' && asked.name !== 'fork') return
    if (isDenied(step, asked)) return
    const { agent, epoch } = asked.body
    const row = step.state.rows.get(agent)
    if (!row) return
    if (row.epoch !== epoch || row.holder !== asked.from)
      this.#sight.fail(
        'fenced',
        `${asked.name} of epoch ${epoch} of ${agent} is taken from ${asked.from}, and epoch ${row.epoch} of ${row.holder} is known`,
      )
    this.#until.set(`${step.life.number} ${asked.handle}`, row.storyNext)
    if (asked.name !== 'fork') return
    const made = row.forks.filter(({ request }) => request === asked.body.request)
    if (made.length > 1)
      this.#sight.fail('forked-once', `call ${asked.body.request} of ${agent} has made others ${made.length} times`)
  }

  onAnswer({ life, state }: Step, asked: Asked): void {
    if (asked.name !== 'effect' && asked.name !== 'checkpoint' && asked.name !== 'fork') return
    const handle = `${life.number} ${asked.handle}`
    const until = this.#until.get(handle)
    this.#until.delete(handle)
    const { agent } = asked.body
    const row = state.rows.get(agent)
    if (!row || until === undefined) return
    // A checkpoint has a line of its own, as soon as its blocks are there; it may be told again.
    const line = asked.name === 'checkpoint' ? lineOf(row, asked.body.checkpoint) : until
    this.#onKept(state, row, asked.name, line)
  }

  onAsk({ life }: Step, { name, token, body }: Ask): void {
    if (name === 'fork') this.#calls.set(`${life.number} ${token}`, `${body.agent} ${body.request}`)
  }

  onHeard({ life }: Step, { token, answer }: Heard): void {
    const handle = `${life.number} ${token}`
    const call = this.#calls.get(handle)
    this.#calls.delete(handle)
    if (call === undefined || !answer.ok) return
    const made = (answer.body as Requests['fork']['answer']).agents.join()
    if ((this.#forks.get(call) ?? made) !== made)
      this.#sight.fail('forked-once', `call ${call} has made ${this.#forks.get(call)}, and ${made}`)
    this.#forks.set(call, made)
  }

  /** What is answered to a holder. */
  #onKept(state: HostState, row: HomeRow, what: string, until: number): void {
    const { agent } = row
    const register = state.registers.get(agent)
    if (!register || register.witnesses.length === 1 || register.epoch < this.#sight.newestOf(agent)) return
    const { witnesses, promised } = register
    if (promised && promised.round > 0 && promised.host !== state.self)
      this.#sight.fail(
        'fenced',
        `${what} of ${agent} is said to be kept, and epoch ${register.epoch + 1} is promised to ${promised.host}`,
      )
    const having = witnesses.filter((host) => host === state.self || this.#has(host, agent, row.tenure, until))
    if (having.length < majorityOf(witnesses.length))
      this.#sight.fail(
        'kept-by-majority',
        `${what} of ${agent} is said to be kept, and ${having.length} of ${witnesses.length} have line ${until - 1}`,
      )
  }

  #has(host: Did, agent: AgentId, tenure: number, until: number): boolean {
    const mirror = this.#sight.stateOf(host)?.mirrors.get(agent)
    return mirror !== undefined && mirror.tenure === tenure && mirror.storyNext >= until
  }
}

const lineOf = ({ story, storyNext }: HomeRow, checkpoint: string): number =>
  (story.find(({ kind, valueJson }) => kind === 'checkpoint' && valueJson.includes(checkpoint))?.number ?? storyNext) +
  1
