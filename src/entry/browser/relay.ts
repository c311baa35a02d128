import type { Cluster } from '../../wire/cluster.ts'

/** Whether a cluster has a relay. TURN servers pass data on; STUN servers only tell a host its own address. */
export const offersRelay = (cluster: Cluster | null): boolean =>
  cluster?.iceServers.some(({ urls }) => urls.some((url) => url.startsWith('turn'))) ?? false
