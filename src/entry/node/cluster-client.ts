import { existsSync } from 'node:fs'
import type { Host } from '../../host/host.ts'
import { CLOCK_SKEW_MS, MANDATE_LIFE_MS } from '../../host/limits.ts'
import { type Did, parseDid } from '../../identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../identity/signer.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { defaultIdentityPath, loadIdentity } from '../../platform/node/identity-file.ts'
import { nodeRandom, nodeTimers } from '../../platform/node/time.ts'
import { createAuthority } from '../../wire/authority.ts'
import type { ErrorCode } from '../../wire/error-codes.ts'
import type { RequestName, Requests } from '../../wire/messages.ts'
import type { Mandate, Sealed } from '../../wire/statements.ts'
import { type ClusterView, viewOf } from './cluster-view.ts'
import { askAgain, lookAround } from './look.ts'
import { startNodeHost } from './node-host.ts'
import { CommandError, say } from './output.ts'

/**
 * A cluster for the length of one command: a host of its own with a key for once, that runs nothing and only asks, in the
 * name of whoever types it: the key for once is given a mandate by the identity. Whom it asks is on line by what the
 * rendezvous says; what they answer is their own word.
 */
export interface ClusterOptions {
  readonly join: string
  readonly bind?: string
  /** In whose name: an identity file. The default one where nothing is said, nobody's where there is none. */
  readonly identity?: string
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

export async function joinCluster({ join, bind, identity }: ClusterOptions): Promise<ClusterClient> {
  const person = await personOf(identity)
  const signer = createSigner(generateSecretKey(nodeRandom))
  const { host, transport, close } = await startNodeHost({
    rendezvous: join,
    signer,
    ...(person ? { mandate: await mandateFor(signer.did, person) } : {}),
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

const personOf = async (path: string | undefined): Promise<Signer | null> => {
  if (path !== undefined) return loadIdentity(path)
  return existsSync(defaultIdentityPath()) ? loadIdentity(defaultIdentityPath()) : null
}

/** Lets a host with a key for once speak in somebody's name. */
export const mandateFor = (host: Did, person: Signer): Promise<Sealed<Mandate>> =>
  createAuthority(person, createVerifier()).seal<Mandate>({
    type: 'mandate',
    host,
    expiresMs: Date.now() + MANDATE_LIFE_MS - CLOCK_SKEW_MS,
  })

/** Joins, does, leaves. */
export async function inCluster<T>(options: ClusterOptions, use: (client: ClusterClient) => Promise<T>): Promise<T> {
  const client = await joinCluster(options)
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

/** Lines about what is missing in a table, so that it is not taken for the whole. */
export function sayMissing(view: ClusterView): void {
  saySilent(view)
  if (view.hidden)
    say('there are agents that are not shown: they are not yours, nor on hosts of yours (see --identity)')
}

/** One line about hosts that did not answer, so that a table is not taken for the whole. */
function saySilent({ silent }: ClusterView): void {
  const [first] = silent
  if (!first) return
  say(
    silent.length === 1
      ? `1 host did not answer: ${first.did}: ${first.reason}`
      : `${silent.length} hosts did not answer, ${first.did} among them: ${first.reason}`,
  )
}
