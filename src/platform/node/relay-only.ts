import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { IceServer } from '../../wire/cluster.ts'

/**
 * Makes `relayOnly` true in Node. libdatachannel tells others of relayed addresses only, but sends its checks from the
 * machine's own socket to whatever address the other end names: a host that names one of its own would learn where we are
 * (node-datachannel 0.33.4, libjuice). So that socket is bound to loopback, from where nothing leaves the machine, and what
 * it says to a TURN server goes through a forwarder here: there is no other way out. UDP only, as libjuice's TURN is.
 */
export const LOOPBACK = '127.0.0.1'

/** Connections at once that have a way to the relay; for one more the one not heard of longest goes. */
const CLIENTS_MAX = 512

export interface RelayDoor {
  /** The same relays, by the only way that is left to them. */
  readonly iceServers: readonly IceServer[]
  close(): void
}

/** Throws where none of the servers is a relay over UDP. */
export async function openRelayDoor(servers: readonly IceServer[]): Promise<RelayDoor> {
  const relays = servers.flatMap(({ urls, ...rest }) =>
    urls.flatMap((url) => ({ place: udpRelay(url) ?? [], ...rest })),
  )
  const forwarders: Forwarder[] = []
  const iceServers: IceServer[] = []
  for (const { place, ...rest } of relays) {
    const [host, port] = place
    if (host === undefined || port === undefined) continue
    const forwarder = new Forwarder(host, port)
    forwarders.push(forwarder)
    iceServers.push({ urls: [`turn:${LOOPBACK}:${await forwarder.open()}?transport=udp`], ...rest })
  }
  if (iceServers.length === 0)
    throw new Error('this cluster offers no relay (TURN over UDP), and you chose to hide this machine’s address')
  return {
    iceServers,
    close: () => {
      for (const forwarder of forwarders) forwarder.close()
    },
  }
}

const TURN_PORT = 3478

function udpRelay(url: string): readonly [string, number] | null {
  const found = /^turn:(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(\w+))?$/.exec(url)
  if (!found || (found[3] ?? 'udp') !== 'udp') return null
  return [(found[1] ?? '').replace(/^\[|\]$/g, ''), Number(found[2] ?? TURN_PORT)]
}

class Forwarder {
  readonly #host: string
  readonly #port: number
  readonly #door = createSocket('udp4')
  /** A socket towards the relay for each connection here, by its port; the one not heard of longest first. */
  readonly #ways = new Map<number, Socket>()

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
    this.#door.on('message', (data, from) => this.#wayOf(from).send(data, this.#port, this.#host, () => {}))
    this.#door.on('error', () => {}) // a datagram that cannot be sent is a datagram lost
    this.#door.unref()
  }

  open(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#door.once('error', reject)
      this.#door.bind(0, LOOPBACK, () => resolve(this.#door.address().port))
    })
  }

  #wayOf({ port }: RemoteInfo): Socket {
    const known = this.#ways.get(port)
    this.#ways.delete(port)
    const way = known ?? this.#newWay(port)
    this.#ways.set(port, way)
    for (const [oldest, socket] of this.#ways) {
      if (this.#ways.size <= CLIENTS_MAX) break
      this.#ways.delete(oldest)
      socket.close()
    }
    return way
  }

  #newWay(port: number): Socket {
    const way = createSocket(this.#host.includes(':') ? 'udp6' : 'udp4')
    way.on('message', (data) => this.#door.send(data, port, LOOPBACK))
    way.on('error', () => {})
    way.unref()
    return way
  }

  close(): void {
    this.#door.close()
    for (const way of this.#ways.values()) way.close()
    this.#ways.clear()
  }
}
