import type { Cid } from '../../base/digest.ts'
import type { AgentId } from '../../directory/agent-id.ts'
import { type Host, LaunchError, type LaunchOptions } from '../../host/host.ts'
import type { Did } from '../../identity/did.ts'
import { jsonLine } from './plain-text.ts'
import { madeAgents } from './story-text.ts'

/**
 * One agent for each input, a bounded number of them at a time, results given out in the order of the inputs as soon as
 * they can be. Launches at the host it is given, which is the agents' home; where they run is the host's affair. Of an
 * agent that forks the one that was launched has the result, and what it forked into ends with it: nobody waits for them.
 */
export interface MapWork {
  readonly host: Pick<Host, 'did' | 'launch' | 'outcome' | 'story' | 'subscribe' | 'kill'>
  readonly bundle: Cid
  /** JSON texts. */
  readonly inputs: readonly string[]
  readonly launch: Pick<LaunchOptions, 'resultTo' | 'quota'>
  /** How many agents may be under way now; asked again at each change, for hosts come and go. */
  width(): number
  /** One line of JSON for each input, in their order. */
  onResult(line: string): void
  /** Opens how an agent ended, where that is sealed to whoever asks. */
  open?(agent: AgentId, kind: 'result' | 'failure', valueJson: string): Promise<string>
  readonly signal?: AbortSignal
}

export interface MapProgress {
  readonly total: number
  readonly finished: number
  readonly failed: number
  readonly running: number
  /** 0..1, what the agents under way say of themselves included. */
  readonly fraction: number
  readonly hops: number
  readonly recoveries: number
  /** Hosts that have held an agent, home left out. */
  readonly hosts: ReadonlySet<Did>
}

export interface MapRun {
  /** Resolves when all have ended; rejects with the signal's reason when it is aborted, the agents killed. */
  readonly ended: Promise<MapProgress>
  progress(): MapProgress
}

/** Killing is a decision and a message: milliseconds, but for holders that are out of reach. */
const KILL_MS_MAX = 3_000

export function startMap(work: MapWork): MapRun {
  const { host, inputs, signal } = work
  const under = new Set<AgentId>()
  const results: (string | undefined)[] = []
  const tally = { finished: 0, failed: 0, launching: 0, hops: 0, recoveries: 0, hosts: new Set<Did>() }
  let next = 0
  let given = 0

  const progress = (): MapProgress => {
    const seen = { hops: tally.hops, recoveries: tally.recoveries, hosts: new Set(tally.hosts) }
    let partly = 0
    for (const agent of under) {
      partly += host.story(agent, Number.MAX_SAFE_INTEGER)?.row.progress ?? 0
      countHops(agent, seen)
    }
    const { finished, failed, launching } = tally
    const done = finished + failed
    const fraction = inputs.length === 0 ? 1 : Math.min(1, (done + partly) / inputs.length)
    return { total: inputs.length, finished, failed, running: under.size + launching, fraction, ...seen }
  }

  const countHops = (agent: AgentId, into: { hops: number; recoveries: number; hosts: Set<Did> }): void => {
    const story = host.story(agent, 1)
    if (!story) return
    into.hops += story.row.hops
    for (const { kind, valueJson } of story.lines) {
      if (kind === 'recover') into.recoveries += 1
      if (kind !== 'hop') continue
      const { to } = JSON.parse(valueJson) as { to: Did }
      if (to !== host.did) into.hosts.add(to)
    }
  }

  const settle = (index: number, ok: boolean, line: string): void => {
    if (signal?.aborted) return
    if (ok) tally.finished += 1
    else tally.failed += 1
    results[index] = line
    for (let due = results[given]; due !== undefined; due = results[given]) {
      results[given++] = ''
      work.onResult(due)
    }
  }

  const runOne = async (index: number): Promise<void> => {
    let agent: AgentId
    tally.launching += 1
    try {
      agent = await host.launch(work.bundle, { ...work.launch, inputJson: inputs[index] ?? 'null' })
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error
      return settle(index, false, errorLine(error.code, error.message))
    } finally {
      tally.launching -= 1
    }
    if (signal?.aborted) return host.kill(agent)
    under.add(agent)
    const outcome = await host.outcome(agent)
    under.delete(agent)
    countHops(agent, tally)
    if (outcome) await killAll(host, childrenOf(host, agent))
    if (!outcome) return settle(index, false, errorLine('CLOSED', 'the home host has stopped'))
    const { ok, valueJson } = outcome
    const line = jsonLine((await work.open?.(agent, ok ? 'result' : 'failure', valueJson)) ?? valueJson)
    settle(index, ok, ok ? line : `{"error":${line}}`)
  }

  const ended = new Promise<MapProgress>((resolve, reject) => {
    const fill = (): void => {
      if (signal?.aborted) return
      while (next < inputs.length && under.size + tally.launching < Math.max(1, work.width())) {
        runOne(next++).then(fill, (error: unknown) => end(() => reject(error)))
      }
      if (tally.finished + tally.failed === inputs.length) end(() => resolve(progress()))
    }
    const abort = (): void => {
      const line = [...under].flatMap((agent) => [agent, ...childrenOf(host, agent)])
      void killAll(host, line).then(() => end(() => reject(signal?.reason)))
    }
    const unsubscribe = host.subscribe(fill)
    const end = (settleAll: () => void): void => {
      unsubscribe()
      signal?.removeEventListener('abort', abort)
      settleAll()
    }
    signal?.addEventListener('abort', abort)
    fill()
  })
  return { ended, progress }
}

/** All that an agent has forked into, and what those have. */
function childrenOf(host: Pick<Host, 'story'>, agent: AgentId): AgentId[] {
  const made = (host.story(agent, 1)?.lines ?? []).flatMap(madeAgents)
  return made.flatMap((child) => [child, ...childrenOf(host, child)])
}

/** Resolves when it is decided that they have ended, or that it takes too long. */
function killAll(host: Pick<Host, 'did' | 'story' | 'subscribe' | 'kill'>, agents: readonly AgentId[]): Promise<void> {
  const rowOf = (agent: AgentId) => host.story(agent, Number.MAX_SAFE_INTEGER)?.row
  const killed = agents.flatMap((agent) => {
    const row = rowOf(agent)
    return row?.state === 'running' || row?.state === 'waiting' ? [{ agent, epoch: row.epoch }] : []
  })
  for (const { agent } of killed) host.kill(agent)
  // It is decided when home holds them in a later epoch; their holders have been told then, if they can be reached.
  const isDecided = ({ agent, epoch }: (typeof killed)[number]): boolean => {
    const row = rowOf(agent)
    return !row || row.state === 'finished' || row.state === 'failed' || (row.epoch > epoch && row.holder === host.did)
  }
  return new Promise((resolve) => {
    const look = (): void => {
      if (killed.every(isDecided)) leave()
    }
    const stopLooking = host.subscribe(look)
    const timer = setTimeout(() => leave(), KILL_MS_MAX)
    const leave = (): void => {
      stopLooking()
      clearTimeout(timer)
      resolve()
    }
    look()
  })
}

const errorLine = (code: string, reason: string): string => `{"error":${jsonLine(JSON.stringify({ code, reason }))}}`
