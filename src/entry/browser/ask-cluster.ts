import { type Result, refuse } from '../../base/result.ts'
import { type Cluster, parseCluster } from '../../wire/cluster.ts'
import { CLUSTER_BYTES_MAX, CLUSTER_TIMEOUT_MS } from './limits.ts'

/** Asks the rendezvous that served this page who it is. Every kind of silence and nonsense is a refusal with a reason. */
export async function askCluster(base: URL | string = document.baseURI): Promise<Result<Cluster>> {
  try {
    const response = await fetch(new URL('api/cluster', base), {
      cache: 'no-store',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(CLUSTER_TIMEOUT_MS),
    })
    if (!response.ok) return refuse('CLUSTER', `status ${response.status}`)
    const body = await response.text()
    if (body.length > CLUSTER_BYTES_MAX) return refuse('CLUSTER', `bodyBytes > CLUSTER_BYTES_MAX ${CLUSTER_BYTES_MAX}`)
    return parseCluster(JSON.parse(body))
  } catch (error) {
    return refuse('CLUSTER', error instanceof Error ? error.message : 'no answer')
  }
}
