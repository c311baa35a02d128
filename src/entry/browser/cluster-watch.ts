import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Result } from '../../base/result.ts'
import type { Timer, Timers } from '../../base/timers.ts'
import type { Cluster } from '../../wire/cluster.ts'
import { CLUSTER_POLL_MS, CLUSTER_RETRY_MS } from './limits.ts'

/** Keeps asking the rendezvous who it is and whose programs it announces; sooner after a silence, at once when on line. */
export interface ClusterQuestion {
  readonly askCluster: () => Promise<Result<Cluster>>
  readonly timers: Timers
  readonly online: ReadonlySignal<boolean>
}

export type ClusterState =
  | { readonly state: 'asking' | 'unreachable'; readonly answer: null }
  | { readonly state: 'known'; readonly answer: Cluster }

export interface ClusterWatch {
  readonly cluster: ReadonlySignal<ClusterState>
  askNow(): void
}

export function watchCluster(question: ClusterQuestion, onAnswer: (cluster: Cluster) => void): ClusterWatch {
  const cluster = signal<ClusterState>({ state: 'asking', answer: null })
  let next: Timer | null = null
  let asking = false

  async function ask(): Promise<void> {
    if (asking) return
    asking = true
    next?.cancel()
    const result = await question.askCluster()
    asking = false
    if (result.ok) {
      onAnswer(result.value)
      cluster.value = { state: 'known', answer: result.value }
    } else if (cluster.peek().state !== 'unreachable') cluster.value = { state: 'unreachable', answer: null }
    next = question.timers.after(result.ok ? CLUSTER_POLL_MS : CLUSTER_RETRY_MS, () => void ask())
  }

  effect(() => {
    if (question.online.value) void ask()
    else if (cluster.peek().state === 'asking') cluster.value = { state: 'unreachable', answer: null }
  })
  return { cluster, askNow: () => void ask() }
}
