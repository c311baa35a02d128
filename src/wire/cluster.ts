import * as v from 'valibot'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Did } from '../identity/did.ts'
import * as f from './fields.ts'
import { ADMINISTRATORS_MAX, AUTHORS_MAX, ICE_SERVERS_MAX } from './limits.ts'

/** What a rendezvous tells about itself over HTTP. Claims of a server that nobody has to trust: shown, not believed. */
export interface Cluster {
  readonly name: string
  readonly iceServers: readonly IceServer[]
  /** Whose code will run here, announced to volunteers, who may accept it or not. */
  readonly authors: readonly ClusterAuthor[]
  /** Whose bans hosts here are asked to obey. */
  readonly administrators?: readonly Did[]
}

/** `isRoot`: lets others launch agents, by permits, as well as its own. */
export interface ClusterAuthor {
  readonly did: Did
  readonly name: string
  readonly isRoot?: boolean
}

export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

/** A host that is on line, by its address. */
export interface Attendance {
  readonly address: string
  /** Milliseconds since 1970, by the rendezvous' clock. */
  readonly sinceMs: number
}

const iceServer: f.Schema<IceServer> = v.pipe(
  v.strictObject({
    urls: v.pipe(
      v.array(
        v.pipe(v.string(), v.maxLength(256), v.regex(/^(stun|turn|turns):/, 'url is not stun:, turn: or turns:')),
      ),
      v.minLength(1),
      v.maxLength(4),
    ),
    username: v.exactOptional(v.pipe(v.string(), v.maxLength(256))),
    credential: v.exactOptional(v.pipe(v.string(), v.maxLength(256))),
  }),
)
const CLUSTER: f.Schema<Cluster> = v.object({
  name: f.name,
  iceServers: f.listOf(iceServer, ICE_SERVERS_MAX),
  authors: f.listOf(v.strictObject({ did: f.did, name: f.name, isRoot: v.exactOptional(v.boolean()) }), AUTHORS_MAX),
  administrators: v.exactOptional(f.listOf(f.did, ADMINISTRATORS_MAX)),
})
/** As many as a rendezvous takes (rendezvous/limits.ts), with room. */
const ATTENDANCES_MAX = 10_000
const HOSTS: f.Schema<readonly Attendance[]> = f.listOf(
  v.object({ address: v.pipe(v.string(), v.maxLength(80)), sinceMs: f.finite }),
  ATTENDANCES_MAX,
)

export const parseIceServers = (value: unknown): Result<readonly IceServer[], 'CLUSTER'> =>
  check(f.listOf(iceServer, ICE_SERVERS_MAX), value, 'iceServers')
export const parseCluster = (value: unknown): Result<Cluster, 'CLUSTER'> => check(CLUSTER, value, 'cluster')
export const parseHosts = (value: unknown): Result<readonly Attendance[], 'CLUSTER'> => check(HOSTS, value, 'hosts')

function check<T>(schema: f.Schema<T>, value: unknown, root: string): Result<T, 'CLUSTER'> {
  const result = v.safeParse(schema, value, { abortEarly: true })
  return result.success ? accept(result.output) : refuse('CLUSTER', f.violation(result.issues, root))
}
