import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { ORDER_LIFE_MS } from '../../src/host/limits.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Channel } from '../../src/wire/transport.ts'
import { author, Cluster, type ClusterHost, importProgram } from '../host/cluster.ts'
import { licenseOf } from '../host/licenses.ts'
import { refusal, strangerAt } from './stranger.ts'

/** Everything that honest hosts say to each other is written down, and said again: to whom it was said, and to others. */
const program: CheapProgram = { steps: 600, emitEvery: 100 }
let world: Cluster

const hostOf = (seed: number): ClusterHost => {
  const started = world.hosts.get(seed)
  if (!started) throw new Error(`no host ${seed}`)
  return started
}

/** A channel whose frames are written down as they are sent. */
function recorded(channel: Channel, frames: Uint8Array[]): Channel {
  return {
    remoteAddress: channel.remoteAddress,
    networkAddress: channel.networkAddress,
    fingerprints: channel.fingerprints,
    closed: channel.closed,
    receive: (onFrame) => channel.receive(onFrame),
    close: () => channel.close(),
    send(frame) {
      frames.push(Uint8Array.from(frame))
      return channel.send(frame)
    },
  }
}

let said: Uint8Array[]
/** A whole hand-over between hosts 1 and 2, and every frame that host 1 said to host 2 for it. */
beforeEach(async () => {
  world = new Cluster()
  said = []
  const own = world.network.join.bind(world.network)
  await world.start(2)
  await world.start(3)
  await world.start(1, {
    kind: 'launcher',
    slots: 0,
    transport: async () => {
      const address = addressOf(homeDid)
      const inner = own(address)
      const to = addressOf(hostOf(2).did)
      const watch = (channel: Channel): Channel => (channel.remoteAddress === to ? recorded(channel, said) : channel)
      return {
        address,
        dial: async (target) => watch(await inner.dial(target)),
        accept: (onChannel, standingOf) => inner.accept((channel) => onChannel(watch(channel)), standingOf),
        close: () => inner.close(),
      }
    },
  })
  await world.time.advance(3_000)
})
const homeDid = createSigner(generateSecretKey(seededRandom(1))).did

describe('a whole session that was recorded, hand-over and all', () => {
  const hops = (): number => [...world.hosts.values()].reduce((sum, { host }) => sum + host.snapshot().totals.hopsIn, 0)

  it.each([
    ['to the same host, from another key', 2],
    ['to a host that was not part of it', 3],
  ])('does nothing when it is said again %s', async (_whom, seed) => {
    const agent = await world.launch(hostOf(1).host, program)
    expect(await world.ended(hostOf(1).host, agent)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(said.length).toBeGreaterThan(5)
    const before = hops()
    const lines = hostOf(1).host.story(agent, 0)?.lines.length
    const thief = world.network.join('zThief', 'elsewhere')
    const channel = thief.dial(addressOf(hostOf(seed).did))
    channel.catch(() => {})
    await world.time.advance(10)
    const answers: Uint8Array[] = []
    await channel.then((open) => {
      open.receive((frame) => answers.push(frame))
      for (const frame of said) open.send(frame).catch(() => {})
    })
    await world.time.advance(2_000)
    expect(hops()).toBe(before)
    expect(answers.length).toBeLessThanOrEqual(2) // at most HELLO and ABORT
    expect(hostOf(1).host.story(agent, 0)?.lines.length).toBe(lines)
  })

  it('does nothing when its messages are said again inside a session of another host that has proved itself', async () => {
    const agent = await world.launch(hostOf(1).host, program)
    await world.ended(hostOf(1).host, agent)
    const before = hops()
    const thief = await strangerAt(world, 3)
    await thief.channel.send(said.at(-1) ?? new Uint8Array())
    await world.time.advance(1_000)
    expect(hops()).toBe(before)
    expect((await thief.session.closed).code).toBe('CLOSED_THERE')
  })
})

describe('an order of an author that was recorded', () => {
  const orderFor = async (seed: number) => {
    const bundle = await importProgram(hostOf(seed).host, { steps: 60_000, emitEvery: 0 })
    const license = await licenseOf(author, { home: hostOf(seed).did, bundle, nowMs: world.time.wallMs() })
    return { license, inputJson: 'null' }
  }

  it('makes no second agent, whoever brings it', async () => {
    const order = await orderFor(2)
    const first = await strangerAt(world, 2)
    const launched = await first.ask('launch', order)
    expect(launched?.kind).toBe('reply')
    world.network.crash(addressOf(first.did))
    await world.time.advance(100)
    const again = hostOf(3).host.ask(hostOf(2).did, 'launch', order)
    await world.time.advance(500)
    expect(await again).toMatchObject({ ok: true, body: (launched as { body: object }).body })
    const everywhere = [...world.hosts.values()].flatMap(({ host }) => host.snapshot().agents)
    expect(everywhere).toHaveLength(1)
  })

  it('is worth nothing at another host, and nothing when its time is over', async () => {
    const order = await orderFor(2)
    const elsewhere = await strangerAt(world, 3)
    expect(refusal(await elsewhere.ask('launch', order))).toBe('NOT_AUTHORISED: the order is for another host')
    await world.time.advance(ORDER_LIFE_MS)
    const late = await strangerAt(world, 2)
    expect(refusal(await late.ask('launch', order))).toMatch(/^EXPIRED: order expired/)
  })
})
