import { createServer } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { pino } from 'pino'
import type { Clock } from '../base/clock.ts'
import { createVerifier } from '../identity/verifier.ts'
import type { Cluster } from '../wire/cluster.ts'
import { createApp } from './app.ts'
import { createChallenges } from './challenges.ts'
import { createDoorkeeper } from './doorkeeper.ts'
import { DEFAULT_LIMITS, type Limits, REQUEST_MS_MAX } from './limits.ts'
import { parsePublicHost } from './names.ts'
import { createPage } from './page.ts'
import { attachSockets } from './sockets.ts'
import { createSwitchboard } from './switchboard.ts'

/**
 * The rendezvous: where hosts find each other. It gives an address only to who proves to own its key, passes signals
 * on, and is trusted with nothing else: what it says about who is who is proved by the hosts' own handshake.
 * Keeps nothing on disk; a restart forgets everybody, and they come back.
 */
export interface ServeOptions {
  /** Network address to listen on. Loopback unless the operator says otherwise. */
  readonly host?: string
  /** 0 for any free one. */
  readonly port?: number
  readonly cluster?: Partial<Cluster>
  /** Folder of the built page; absent: no page. */
  readonly pageFolder?: string
  /**
   * `host[:port]` under which hosts reach this rendezvous, as in their URL, besides the network addresses that it has:
   * its names in DNS, and those of a proxy in front. What is signed for any other name is refused.
   */
  readonly publicHosts?: readonly string[]
  readonly limits?: Partial<Limits>
  readonly log?: Logger
  readonly clock?: Clock
}

/** The part of pino that is used. */
export interface Logger {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
}

export interface Rendezvous {
  /** http://host:port, without a slash at the end. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

const realClock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() }

/** Rejects when the port is taken, or where a public host is none. */
export async function serve(options: ServeOptions = {}): Promise<Rendezvous> {
  const host = options.host ?? '127.0.0.1'
  const publicHosts = (options.publicHosts ?? []).flatMap((text) => {
    const names = parsePublicHost(text)
    if (!names.ok) throw new TypeError(names.reason)
    return names.value
  })
  const clock = options.clock ?? realClock
  const log = options.log ?? pino({ name: 'rendezvous' }, pino.destination(2))
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const cluster: Cluster = { name: 'sojourn', iceServers: [], authors: [], ...options.cluster }
  const challenges = createChallenges(clock)
  const doorkeeper = createDoorkeeper(clock, limits)
  const switchboard = createSwitchboard(clock, limits)
  const page = options.pageFolder === undefined ? null : createPage(options.pageFolder)

  const app = createApp({ clock, cluster, challenges, doorkeeper, switchboard, page })
  const server = createServer(
    { headersTimeout: REQUEST_MS_MAX, requestTimeout: REQUEST_MS_MAX, connectionsCheckingInterval: 1_000 },
    getRequestListener((request, env) => app.fetch(request, env)),
  )
  const sockets = attachSockets(server, {
    switchboard,
    challenges,
    doorkeeper,
    verifier: createVerifier(globalThis.crypto.subtle),
    listensOn: host,
    publicHosts,
    log,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  const url = `http://${isIPv6(host) ? `[${host}]` : host}:${port}`
  log.info({ url }, 'rendezvous is open')
  return {
    url,
    port,
    close: () =>
      new Promise((resolve) => {
        sockets.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
