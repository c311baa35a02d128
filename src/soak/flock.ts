import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { AnswerError, type ClusterClient } from '../entry/node/cluster-client.ts'
import { hasEnded } from '../entry/node/cluster-view.ts'
import { tellStory } from '../entry/node/follow.ts'
import { orderLaunch } from '../entry/node/orders.ts'
import type { Did } from '../identity/did.ts'
import type { Signer } from '../identity/signer.ts'
import type { Row, StoryLine } from '../wire/messages.ts'
import { POLL_MS, POLLED_AT_ONCE } from './limits.ts'
import type { Edge } from './processes.ts'
import { judge, type Task, type Verdict } from './program.ts'

/** All agents of a soak: launched at homes, followed by what those tell, judged at the end. */
export interface Watched {
  readonly agent: AgentId
  readonly task: Task
  readonly home: Edge
  /** As far as it was told; numbers ascend. */
  lines: StoryLine[]
  row: Row | null
}

export interface FlockParts {
  readonly client: ClusterClient
  readonly signer: Signer
  readonly bundle: Cid
  readonly homes: readonly Edge[]
  /** A home that was just killed, or is starting, is not asked. */
  isThere(home: Edge): boolean
  say(line: string): void
}

export class Flock {
  readonly agents: Watched[] = []
  readonly #parts: FlockParts
  /** Launches without an answer: there may be an agent, and nobody knows its name. */
  unanswered = 0

  constructor(parts: FlockParts) {
    this.#parts = parts
  }

  get underWay(): readonly Watched[] {
    return this.agents.filter(({ row }) => !row || !hasEnded(row.state))
  }

  /** The agents that a host is believed to hold, by what their homes have last told. */
  heldBy = (host: Did): readonly Watched[] =>
    this.agents.filter(({ row }) => row?.state === 'running' && row.holder === host)

  /** At one of the homes that are there; false where none took it. */
  async launch(task: Task, home: Edge): Promise<boolean> {
    const { client, signer, bundle } = this.#parts
    try {
      const inputJson = JSON.stringify(task)
      const wish = { home: home.did, bundle, inputJson, resultTo: null, permit: [], quota: {} }
      const agent = await orderLaunch(client, signer, wish)
      this.agents.push({ agent, task, home, lines: [], row: null })
      return true
    } catch (error) {
      this.unanswered += 1
      this.#parts.say(`a launch at ${home.name} came to nothing: ${error instanceof Error ? error.message : error}`)
      return false
    }
  }

  /** Follows the agents of every home until told to stop. */
  async follow(signal: AbortSignal): Promise<void> {
    const { homes, isThere } = this.#parts
    await Promise.all(
      homes.map(async (home) => {
        while (!signal.aborted) {
          const untilMs = performance.now() + POLL_MS
          if (isThere(home)) await this.#ask(this.underWay.filter((one) => one.home === home))
          await new Promise((resolve) => setTimeout(resolve, Math.max(50, untilMs - performance.now())))
        }
      }),
    )
  }

  /** Every story once more, from its beginning: what was said late, after an agent had ended, shows here. */
  async judgeAll(): Promise<ReadonlyMap<Watched, Verdict>> {
    const verdicts = new Map<Watched, Verdict>()
    const checkpoints = new Map(this.agents.map((one) => [one, one.lines.filter(({ kind }) => kind === 'checkpoint')]))
    for (const one of this.agents) one.lines = []
    for (let tries = 0; tries < 5; tries++) await this.#ask(this.agents.filter(({ lines }) => lines.length === 0))
    for (const one of this.agents) {
      verdicts.set(one, judge(one.task, one.lines))
      // A home that was started again does not know them any more.
      const kept = checkpoints.get(one) ?? []
      one.lines = [...kept, ...one.lines.filter(({ kind }) => kind !== 'checkpoint')].sort((a, b) => a.atMs - b.atMs)
    }
    return verdicts
  }

  async #ask(watched: readonly Watched[]): Promise<void> {
    const left = watched.values()
    const lane = async (): Promise<void> => {
      for (const one of left) await this.#askAbout(one)
    }
    await Promise.all(Array.from({ length: POLLED_AT_ONCE }, lane))
  }

  async #askAbout(one: Watched): Promise<void> {
    const last = one.lines.at(-1)?.number ?? 0
    try {
      one.row = await tellStory(
        this.#parts.client,
        one.agent,
        { onLine: (line) => void one.lines.push(line) },
        last + 1,
      )
    } catch (error) {
      // Its home has just been killed, or is starting.
      if (!(error instanceof AnswerError)) throw error
    }
  }
}
