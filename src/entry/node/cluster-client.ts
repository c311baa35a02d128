import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../../host/host.ts'
import { type Did, parseDid } from '../../identity/did.ts'
import { createSigner, generateSecretKey } from '../../identity/signer.ts'
import { nodeRandom } from '../../platform/node/time.ts'
import type { ErrorCode, RequestName, Requests } from '../../wire/messages.ts'
import { type ClusterView, type HostReport, viewOf } from './cluster-view.ts'
import { startNodeHost } from './node-host.ts'
import { CommandError, say } from './output.ts'

/**
 * A cluster for the length of one command: a host of its own with a key for once, that runs nothing and only asks.
 * Whom it asks is on line by what the rendezvous says; what they answer is their own word.
 */
export interface ClusterOptions {
  readonly join: string
  readonly bind?: string
}

export interface ClusterClient {
  readonly host: Host
  /** Asks everybody who is on line what is there. Those that do not answer in time are in the view as silent. */
  look(): Promise<ClusterView>
  /** As `host.ask`, with the answer's type, or an AnswerError. */
  ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']): Promise<Requests[N]['answer']>
  close(): Promise<void>
}

/** Another host said no, or nothing. */
export class AnswerError extends CommandError {
  readonly answer: ErrorCode
  readonly reason: string

  constructor(code: ErrorCode, reason: string, who: string) {
    // CLOSED and TIMEOUT are our own words: nobody has said anything.
    super(code, code === 'CLOSED' || code === 'TIMEOUT' ? `${who}: ${reason}` : `${who} says ${code}: ${reason}`)
    this.answer = code
    this.reason = reason
  }
}

/** Hosts asked at once: a dial costs a host some 5 ms of CPU, and a cluster may have thousands. */
const ASKED_AT_ONCE = 16

/** A host that has not answered by then is shown as silent; dialling one that is gone takes 15 s otherwise. */
const LOOK_MS_MAX = 8_000

/** Longer than a host waits before it dials another again. */
const ASK_AGAIN_MS = 1_100

export async function joinCluster({ join, bind }: ClusterOptions): Promise<ClusterClient> {
  const { host, transport, close } = await startNodeHost({
    rendezvous: join,
    signer: createSigner(generateSecretKey(nodeRandom)),
    kind: 'launcher',
    name: 'command line',
    slots: 0,
    trust: [],
    ...(bind === undefined ? {} : { bindAddress: bind }),
  })

  /** Asked twice: of two sessions dialled at once one is closed again, and an answer can be lost with it. */
  const statusOf = async (did: Did): Promise<HostReport> => {
    for (let tries = 1; ; tries++) {
      const answer = await host.ask(did, 'status', {})
      if (answer.ok) return { did, answer: answer.body as Requests['status']['answer'] }
      if (tries === 2) return { did, silent: `${answer.code}: ${answer.reason}` }
      await pause(ASK_AGAIN_MS)
    }
  }

  return {
    host,
    close,
    async look() {
      const members = (await transport.hosts()).flatMap(({ address }) => {
        const did = parseDid(`did:key:${address}`)
        return did.ok && did.value !== host.did ? [did.value] : []
      })
      return viewOf(await eachBounded(members, ASKED_AT_ONCE, (did) => inTime(did, statusOf(did))))
    },
    async ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']) {
      const answer = await host.ask(to, name, body)
      if (!answer.ok) throw new AnswerError(answer.code, answer.reason, to)
      return answer.body as Requests[N]['answer']
    },
  }
}

/** Joins, does, leaves. */
export async function inCluster<T>(options: ClusterOptions, use: (client: ClusterClient) => Promise<T>): Promise<T> {
  const client = await joinCluster(options)
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

/** One line about hosts that did not answer, so that a table is not taken for the whole. */
export function saySilent({ silent }: ClusterView): void {
  if (silent.length === 0) return
  const [first] = silent
  say(
    silent.length === 1
      ? `1 host did not answer: ${first?.did}: ${first?.reason}`
      : `${silent.length} hosts did not answer, ${first?.did} among them: ${first?.reason}`,
  )
}

function inTime(did: Did, report: Promise<HostReport>): Promise<HostReport> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ did, silent: `no answer in ${LOOK_MS_MAX} ms` }), LOOK_MS_MAX)
    void report.then((told) => {
      clearTimeout(timer)
      resolve(told)
    })
  })
}

/** Results in the order of the entries, at most `width` under way. */
export async function eachBounded<A, B>(
  entries: readonly A[],
  width: number,
  work: (entry: A) => Promise<B>,
): Promise<B[]> {
  const results: B[] = []
  let next = 0
  const walk = async (): Promise<void> => {
    for (let i = next++; i < entries.length; i = next++) results[i] = await work(entries[i] as A)
  }
  await Promise.all(Array.from({ length: Math.min(width, entries.length) }, walk))
  return results
}
