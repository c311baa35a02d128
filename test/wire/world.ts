import { seededRandom } from '../../src/base/random.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { MemoryNetwork } from '../../src/platform/memory/transport.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { type Authority, createAuthority } from '../../src/wire/authority.ts'
import type { Header, Message } from '../../src/wire/messages.ts'
import { openSession, type Session, type SessionOptions } from '../../src/wire/session.ts'
import type { Channel, Transport } from '../../src/wire/transport.ts'

/** Hosts on a memory network in virtual time: what tests of the wire room talk with. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const signerFor = (seed: number): Signer => createSigner(generateSecretKey(seededRandom(seed)))
export const authorityFor = (seed: number): Authority => createAuthority(signerFor(seed), createVerifier())

export interface TestHost {
  readonly authority: Authority
  readonly did: Did
  readonly transport: Transport
  readonly heard: { readonly header: Header; readonly message: Message }[]
  /** The next channel that somebody opens to this host. */
  nextChannel(): Promise<Channel>
  options(role: 'dialler' | 'acceptor', expect?: Did | null): SessionOptions
}

export interface World {
  readonly time: VirtualTime
  readonly network: MemoryNetwork
  host(seed: number): TestHost
}

export function createWorld(): World {
  const time = new VirtualTime(settle)
  const network = new MemoryNetwork({ random: seededRandom(1), clock: time, timers: time })
  return {
    time,
    network,
    host(seed) {
      const authority = authorityFor(seed)
      const heard: { header: Header; message: Message }[] = []
      const random = seededRandom(seed + 1000)
      const transport = network.join(addressOf(authority.did))
      const arrived: Channel[] = []
      const waiting: ((channel: Channel) => void)[] = []
      transport.accept((channel) => {
        const resolve = waiting.shift()
        if (resolve) resolve(channel)
        else arrived.push(channel)
      })
      let sequence = 0
      return {
        authority,
        did: authority.did,
        transport,
        heard,
        async nextChannel() {
          return arrived.shift() ?? new Promise((resolve) => waiting.push(resolve))
        },
        options: (role, expect = null) => ({
          role,
          self: { did: authority.did, age: 3 },
          expect,
          authority,
          random,
          clock: time,
          timers: time,
          nextSequence: () => ++sequence,
          onMessage: (header, message) => {
            heard.push({ header, message })
          },
        }),
      }
    },
  }
}

/** A raw channel between two hosts, without a handshake. */
export async function channelBetween(world: World, a: TestHost, b: TestHost): Promise<{ near: Channel; far: Channel }> {
  const incoming = b.nextChannel()
  const dialled = a.transport.dial(b.transport.address)
  await world.time.advance(10)
  return { near: await dialled, far: await incoming }
}

/** Two hosts with a session between them. */
export async function sessionBetween(world: World, a: TestHost, b: TestHost): Promise<{ near: Session; far: Session }> {
  const { near, far } = await channelBetween(world, a, b)
  const opening = Promise.all([openSession(near, a.options('dialler', b.did)), openSession(far, b.options('acceptor'))])
  await world.time.advance(50)
  const [one, two] = await opening
  if (!one.ok) throw new Error(`${one.code}: ${one.reason}`)
  if (!two.ok) throw new Error(`${two.code}: ${two.reason}`)
  return { near: one.value, far: two.value }
}
