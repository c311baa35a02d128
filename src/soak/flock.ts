import { setTimeout as pause } from 'node:timers/promises'
import type { Cid } from '../base/digest.ts'
import type { Effects } from '../bundle/manifest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { AnswerError, type ClusterClient } from '../entry/node/cluster-client.ts'
import { hasEnded } from '../entry/node/cluster-view.ts'
import { orderLaunch } from '../entry/node/orders.ts'
import type { Did } from '../identity/did.ts'
import type { Signer } from '../identity/signer.ts'
import type { Row, StoryLine } from '../wire/messages.ts'
import { POLL_MS, POLLED_AT_ONCE, READ_MS_MAX, UNHEARD_MS } from './limits.ts'
import type { Edge } from './processes.ts'
import { effectsOf, judge, type Task, type Verdict } from './program.ts'

/** All agents of a soak: launched at homes, followed by what those tell, judged at the end. */
export interface Watched {
  readonly agent: AgentId
  readonly task: Task
  /** Who has told of it last: its home, until another takes the place. */
  keeper: Edge
  /** As far as it was told; numbers ascend. */
  lines: StoryLine[]
  row: Row | null
  /** When there was something new of it, or all were asked. */
  heardMs: number
}

export interface FlockParts {
  readonly client: ClusterClient
  readonly signer: Signer
  readonly bundles: Readonly<Record<Effects, Cid>>
  /** Whoever may be an agent's keeper. */
  readonly keepers: readonly Edge[]
  /** One that was just killed, is stopped or is starting is not asked. */
  isThere(keeper: Edge): boolean
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

  /** Null where the home did not take it. */
  async launch(task: Task, home: Edge): Promise<AgentId | null> {
    const { client, signer, bundles } = this.#parts
    try {
      const agent = await orderLaunch(client, signer, {
        home: home.did,
        bundle: bundles[effectsOf(task.kind)],
        inputJson: JSON.stringify(task),
        resultTo: null,
        permit: [],
        quota: {},
        witnesses: task.witnesses,
      })
      this.agents.push({ agent, task, keeper: home, lines: [], row: null, heardMs: Date.now() })
      return agent
    } catch (error) {
      this.unanswered += 1
      this.#parts.say(`a launch at ${home.name} came to nothing: ${error instanceof Error ? error.message : error}`)
      return null
    }
  }

  /** How those that have not ended stand, as every host tells it, for people. */
  async standing(): Promise<readonly string[]> {
    const { keepers, isThere } = this.#parts
    const nameOf = (did: Did): string => keepers.find((one) => one.did === did)?.name ?? did.slice(-6)
    return Promise.all(
      this.underWay.map(async (one) => {
        const told = await Promise.all(
          keepers.filter(isThere).map(async (keeper) => {
            const row = await this.#rowAt(one, keeper)
            return row ? [`${keeper.name} says ${row.state} at ${nameOf(row.holder)} in epoch ${row.epoch}`] : []
          }),
        )
        const last = one.lines.findLast(({ kind }) => kind !== 'checkpoint')
        const when = last ? `${last.kind} ${((Date.now() - last.atMs) / 1000).toFixed(0)} s ago` : 'nothing told'
        return `${one.agent.slice(-12)} (${one.task.kind}, ${one.task.witnesses} witnesses): ${[when, ...told.flat()].join('; ')}`
      }),
    )
  }

  /** Follows all agents until told to stop. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const untilMs = performance.now() + POLL_MS
      await this.#ask(this.underWay)
      await new Promise((resolve) => setTimeout(resolve, Math.max(50, untilMs - performance.now())))
    }
  }

  /**
   * Every story once more, from its beginning: what was said late, after an agent had ended, shows here. A keeper may not be
   * reached at once, and one that has just been started tells an end when a majority has confirmed it again: asked until then.
   */
  async judgeAll(): Promise<ReadonlyMap<Watched, Verdict>> {
    const verdicts = new Map<Watched, Verdict>()
    const checkpoints = new Map(this.agents.map((one) => [one, one.lines.filter(({ kind }) => kind === 'checkpoint')]))
    for (const one of this.agents) {
      one.lines = []
      one.heardMs = 0
    }
    const lateMs = Date.now() + READ_MS_MAX
    for (;;) {
      const unread = this.agents.filter(({ lines }) => !lines.some(isEnd))
      await this.#ask(unread)
      if (unread.every(({ lines }) => lines.some(isEnd)) || Date.now() > lateMs) break
      for (const one of unread) one.heardMs = 0
      await pause(POLL_MS)
    }
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

  /**
   * Who keeps it may have changed, and a host that was away may still believe that it does: where its keeper says nothing
   * new, all are asked, and the one that knows of the newest epoch is believed.
   */
  async #askAbout(one: Watched): Promise<void> {
    const { keepers, isThere } = this.#parts
    if (isThere(one.keeper) && (await this.#hear(one, one.keeper))) return
    // An agent that is decided about by its home alone has no other keeper.
    if (one.task.witnesses === 1 || Date.now() - one.heardMs < UNHEARD_MS) return
    one.heardMs = Date.now()
    for (const keeper of keepers) {
      if (keeper === one.keeper || !isThere(keeper)) continue
      const told = await this.#rowAt(one, keeper)
      if (!told || (one.row && (told.epoch < one.row.epoch || (told.epoch === one.row.epoch && !hasEnded(told.state)))))
        continue
      one.keeper = keeper
      one.lines = one.lines.filter(({ kind }) => kind === 'checkpoint').map((line) => ({ ...line, number: 0 }))
      if (await this.#hear(one, keeper)) return
    }
  }

  /** Whether it has anything new to tell. */
  async #hear(one: Watched, keeper: Edge): Promise<boolean> {
    for (let news = 0; ; ) {
      const from = (one.lines.at(-1)?.number ?? 0) + 1
      const told = await this.#storyAt(one, keeper, from)
      if (!told) return news > 0
      one.row = told.row
      one.lines.push(...told.lines)
      news += told.lines.length
      if (told.lines.length > 0) one.heardMs = Date.now()
      else return news > 0 || hasEnded(told.row.state)
    }
  }

  #rowAt = async (one: Watched, keeper: Edge): Promise<Row | null> =>
    (await this.#storyAt(one, keeper, Number.MAX_SAFE_INTEGER))?.row ?? null

  async #storyAt(one: Watched, keeper: Edge, from: number): Promise<{ row: Row; lines: readonly StoryLine[] } | null> {
    try {
      return await this.#parts.client.ask(keeper.did, 'story', { agent: one.agent, from })
    } catch (error) {
      // It has just been killed, or does not keep this agent.
      if (error instanceof AnswerError) return null
      throw error
    }
  }
}

const isEnd = ({ kind }: StoryLine): boolean => kind === 'result' || kind === 'failure'
