/** What an agent may use, as it sees it: what is left of each number of its permit, and what it may ask of its host. */
export interface Quota {
  /** Steps of the engine; 1e9 are of the order of 5 s of busy JavaScript. */
  readonly fuel: number
  readonly memoryBytes: number
  /** Of one checkpoint, on a host's disk. */
  readonly storageBytes: number
  readonly lifetimeMs: number
  /** Calls and console lines. */
  readonly messages: number
  /** Of console lines, emits and the result together. */
  readonly sentBytes: number
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
  readonly hops: number
  /** Agents that this one and those it forks into may become beside itself. */
  readonly children: number
  /** The calls that are granted, by the names of the host's side; any other is refused with DENIED. */
  readonly calls: readonly CallName[]
}

export type CallName =
  | 'self'
  | 'move'
  | 'fork'
  | 'checkpoint'
  | 'progress'
  | 'emit'
  | 'asset'
  | 'read'
  | 'hosts'
  | 'seal'
  | 'unseal'
  | 'send'
  | 'receive'
  | 'lookup'
  | 'register'
