import type { GuestLimit, GuestOrder } from './port.ts'

/** What every message of a guest is judged by, from its order. */
export interface Bounds {
  readonly engineId: string
  /** Whether it may freeze without being asked. */
  readonly hops: boolean
  /** Whether its last word may take long. */
  readonly hashes: boolean
  readonly memoryBytesMax: number
  readonly sentBytesMax: number
  readonly fuelMax: number
  readonly kernels: ReadonlySet<string>
}

/** In a replay limits may change on the way: the guest keeps to them, and here to the most that they are. */
function mostOf({ fuelMax, sentBytesMax, replay }: GuestOrder): GuestLimit {
  const limits = replay?.inputs.flatMap(({ act }) => (act.kind === 'limit' ? [act] : [])) ?? []
  return {
    fuelMax: Math.max(fuelMax, ...limits.map((limit) => limit.fuelMax)),
    sentBytesMax: Math.max(sentBytesMax, ...limits.map((limit) => limit.sentBytesMax)),
  }
}

export function boundsOf(order: GuestOrder): Bounds {
  const { engineId, freezeAtFuel, memoryBytesMax } = order
  const hops = freezeAtFuel !== undefined || order.replay !== undefined
  return {
    engineId,
    hops,
    hashes: order.hashAtEnd === true,
    memoryBytesMax,
    ...mostOf(order),
    kernels: new Set(order.kernels.keys()),
  }
}
