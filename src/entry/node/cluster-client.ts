import type { Host } from '../../host/host.ts'
import { type Did, parseDid } from '../../identity/did.ts'
import { createSigner, generateSecretKey } from '../../identity/signer.ts'
import { nodeRandom, nodeTimers } from '../../platform/node/time.ts'
import type { ErrorCode, RequestName, Requests } from '../../wire/messages.ts'
import { type ClusterView, viewOf } from './cluster-view.ts'
import { askAgain, lookAround } from './look.ts'
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
  const members = async (): Promise<readonly Did[]> =>
    (await transport.hosts()).flatMap(({ address }) => {
      const did = parseDid(`did:key:${address}`)
      return did.ok && did.value !== host.did ? [did.value] : []
    })
  return {
    host,
    close,
    look: async () =>
      viewOf(await lookAround({ members, status: (did) => host.ask(did, 'status', {}), timers: nodeTimers })),
    async ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']) {
      const answer = await askAgain(nodeTimers, () => host.ask(to, name, body))
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
  const [first] = silent
  if (!first) return
  say(
    silent.length === 1
      ? `1 host did not answer: ${first.did}: ${first.reason}`
      : `${silent.length} hosts did not answer, ${first.did} among them: ${first.reason}`,
  )
}
