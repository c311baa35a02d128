import type { Cid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, homeOf } from '../../src/directory/agent-id.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { type Authority, createAuthority } from '../../src/wire/authority.ts'
import { rootOf, statementCid } from '../../src/wire/chain.ts'
import type { Message, RequestName } from '../../src/wire/messages.ts'
import { openSession, type Session } from '../../src/wire/session.ts'
import type { License, Mandate, Sealed } from '../../src/wire/statements.ts'
import type { Channel } from '../../src/wire/transport.ts'
import type { Cluster } from '../host/cluster.ts'
import { introduction } from '../host/introduction.ts'

/** A host that has done the handshake, and then says what it likes. */
export interface Stranger {
  readonly authority: Authority
  readonly did: Did
  readonly session: Session
  /** Below the session. */
  readonly channel: Channel
  readonly heard: Message[]
  ask(name: RequestName, body: unknown): Promise<Message | undefined>
}

interface StrangerOptions {
  /** Says no INIC by itself. */
  readonly isSilent?: boolean
  /** Answers no INIC. */
  readonly isBusy?: boolean
  /** Another key for another number. */
  readonly key?: number
  readonly mandate?: (host: Did) => Promise<Sealed<Mandate>>
}

export async function strangerAt(
  world: Cluster,
  seed: number,
  answer?: (message: Message, sequence: number) => Message | null,
  { isSilent = false, isBusy = false, key = 0, mandate }: StrangerOptions = {},
): Promise<Stranger> {
  const signer = createSigner(generateSecretKey(seededRandom(seed + 500 + key)))
  const authority = createAuthority(signer, createVerifier())
  const transport = world.network.join(addressOf(signer.did))
  transport.accept(() => {})
  const heard: Message[] = []
  let sequence = 0
  let session: Session | null = null
  const dialled = transport.dial(addressOf(world.hosts.get(seed)?.did as Did))
  dialled.catch(() => {}) // told where it is awaited
  await world.time.advance(10)
  const channel = await dialled
  const opening = openSession(channel, {
    role: 'dialler',
    self: { did: signer.did, age: 1 },
    expect: world.hosts.get(seed)?.did as Did,
    authority,
    random: seededRandom(3),
    clock: world.time,
    timers: world.time,
    nextSequence: () => ++sequence,
    onMessage: (header, message) => {
      heard.push(message)
      const reply = answer?.(message, header.sequence) ?? (isBusy ? null : welcome(message, header.sequence))
      if (reply) session?.send(reply)
    },
  })
  void opening.then((opened) => {
    if (opened.ok) session = opened.value
  })
  await world.time.advance(50)
  const opened = await opening
  if (!opened.ok) throw new Error(opened.reason)
  await world.time.advance(50)
  const talk = opened.value
  const body = { ...(await introduction(authority)), mandate: mandate ? await mandate(signer.did) : null }
  if (!isSilent) talk.send({ kind: 'request', name: 'inic', body })
  await world.time.advance(50)
  return {
    authority,
    did: signer.did,
    session: talk,
    channel,
    heard,
    async ask(name, body) {
      const to = talk.send({ kind: 'request', name, body } as Message)
      await world.time.advance(500)
      return heard.find((message) => (message.kind === 'reply' || message.kind === 'error') && message.to === to)
    },
  }
}

/** What a brief says of an agent that has not moved yet. */
export const beginning = (agent: AgentId, bundle: Cid, { order }: License) => {
  const origin = { order: statementCid(order.statement), after: null, witnesses: [homeOf(agent)] }
  return { origin, head: rootOf(agent, bundle, origin) }
}

/** It lets everybody in. */
const welcome = (message: Message, to: number): Message | null =>
  message.kind === 'request' && message.name === 'inic'
    ? { kind: 'reply', name: 'inic', to, body: { ground: 'open' } }
    : null

export const refusal = (message: Message | undefined): string =>
  message?.kind === 'error' ? `${message.code}: ${message.reason}` : `${message?.kind}`
