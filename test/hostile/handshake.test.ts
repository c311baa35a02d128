import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import { KIND_HELLO, KIND_PROOF, MAGIC, VERSION } from '../../src/wire/header.ts'
import { HANDSHAKE_MS_MAX } from '../../src/wire/limits.ts'
import { openSession, type SessionOptions } from '../../src/wire/session.ts'
import type { Channel } from '../../src/wire/transport.ts'
import { channelBetween, createWorld, type TestHost, type World } from '../wire/world.ts'

const frame = (kind: number, body: unknown, version = VERSION): Uint8Array =>
  concatBytes(Uint8Array.of(MAGIC >> 8, MAGIC & 0xff, version, kind), encode(body))

/** What the host at the far end makes of the frames that a stranger sends into the near end. */
async function verdict(
  say: (raw: Channel, world: World, stranger: TestHost, honest: TestHost) => Promise<void> | void,
  change: Partial<SessionOptions> = {},
): Promise<{ code: string; reason: string; said: Uint8Array[] }> {
  const world = createWorld()
  const [stranger, honest] = [world.host(1), world.host(2)]
  const { near, far } = await channelBetween(world, stranger, honest)
  const said: Uint8Array[] = []
  near.receive((bytes) => said.push(bytes))
  const opening = openSession(far, { ...honest.options('acceptor'), ...change })
  await world.time.advance(5)
  await say(near, world, stranger, honest)
  await world.time.advance(HANDSHAKE_MS_MAX + 1)
  const result = await opening
  if (result.ok) throw new Error('the stranger was let in')
  await far.closed
  expect(honest.heard).toEqual([])
  return { code: result.code, reason: result.reason, said }
}

const helloOf = (raw: Channel, host: TestHost, change: object = {}) => ({
  role: 'dialler',
  did: host.did,
  age: 3,
  nonce: new Uint8Array(32).fill(9),
  local: raw.fingerprints.local,
  remote: raw.fingerprints.remote,
  ...change,
})

describe('a handshake refuses by name', () => {
  it('who says nothing in time', async () => {
    expect(await verdict(() => {})).toMatchObject({ code: 'TIMEOUT' })
  })

  it('who says HELLO and then nothing', async () => {
    const result = await verdict(async (raw, _, stranger) => raw.send(frame(KIND_HELLO, helloOf(raw, stranger))))
    expect(result.code).toBe('TIMEOUT')
  })

  it('another version, before looking at anything else', async () => {
    const result = await verdict(async (raw) => raw.send(frame(KIND_HELLO, 'whatever comes in version 2', 2)))
    expect(result).toMatchObject({ code: 'VERSION', reason: 'version 2 != 1' })
  })

  it('garbage, and says so to the other end', async () => {
    const result = await verdict(async (raw) => raw.send(new Uint8Array(40).fill(0xee)))
    expect(result).toMatchObject({ code: 'MALFORMED', reason: 'magic 0xeeee != 0x534a' })
    expect(result.said.length).toBe(2) // HELLO and ABORT
  })

  it('a frame larger than any handshake', async () => {
    const result = await verdict(async (raw) => raw.send(frame(KIND_HELLO, new Uint8Array(5000))))
    expect(result).toMatchObject({ code: 'MALFORMED', reason: expect.stringContaining('> HANDSHAKE_FRAME_BYTES_MAX') })
  })

  it('a PROOF without a HELLO', async () => {
    const proof = { answers: new Uint8Array(32), signature: new Uint8Array(64) }
    const result = await verdict(async (raw) => raw.send(frame(KIND_PROOF, proof)))
    expect(result).toMatchObject({ code: 'MALFORMED', reason: 'kind 17 != 16' })
  })

  it('a HELLO with a field too many', async () => {
    const result = await verdict(async (raw, _, stranger) =>
      raw.send(frame(KIND_HELLO, helloOf(raw, stranger, { admin: true }))),
    )
    expect(result.code).toBe('MALFORMED')
  })

  it('a key that is none', async () => {
    const result = await verdict(async (raw, _, stranger) =>
      raw.send(frame(KIND_HELLO, helloOf(raw, stranger, { did: 'did:key:z1' }))),
    )
    expect(result.code).toBe('IDENTITY')
  })

  it('another host than the one that was dialled', async () => {
    const world = createWorld()
    const [dialler, dialled, other] = [world.host(1), world.host(2), world.host(3)]
    const { near, far } = await channelBetween(world, dialler, other)
    const opening = Promise.all([
      openSession(near, dialler.options('dialler', dialled.did)),
      openSession(far, other.options('acceptor')),
    ])
    await world.time.advance(50)
    const [one, two] = await opening
    expect(one).toMatchObject({ ok: false, code: 'IDENTITY', reason: `dialled ${dialled.did}, found ${other.did}` })
    // The other has heard a good HELLO before the ABORT; it is told why, and opens nothing.
    expect(two).toMatchObject({ ok: false, code: 'REFUSED', reason: 'the other end refused: IDENTITY' })
  })

  it('a stranger’s certificate in the place of ours', async () => {
    const result = await verdict(async (raw, _, stranger) =>
      raw.send(frame(KIND_HELLO, helloOf(raw, stranger, { remote: new Uint8Array(32) }))),
    )
    expect(result).toMatchObject({ code: 'FINGERPRINT', reason: 'they see another certificate than ours' })
  })

  it('a stranger’s certificate in the place of theirs', async () => {
    const result = await verdict(async (raw, _, stranger) =>
      raw.send(frame(KIND_HELLO, helloOf(raw, stranger, { local: new Uint8Array(32) }))),
    )
    expect(result).toMatchObject({ code: 'FINGERPRINT', reason: 'we see another certificate than theirs' })
  })

  it('its own words reflected', async () => {
    const world = createWorld()
    const [stranger, honest] = [world.host(1), world.host(2)]
    const { near, far } = await channelBetween(world, stranger, honest)
    near.receive((bytes) => void near.send(bytes).catch(() => {}))
    const opening = openSession(far, honest.options('acceptor'))
    await world.time.advance(50)
    expect(await opening).toMatchObject({ ok: false, code: 'REPLAY', reason: 'their nonce is ours: a reflection' })
  })

  it('a second acceptor: roles do not swap', async () => {
    const result = await verdict(async (raw, _, stranger) =>
      raw.send(frame(KIND_HELLO, helloOf(raw, stranger, { role: 'acceptor' }))),
    )
    expect(result).toMatchObject({ code: 'REPLAY', reason: 'both ends are the acceptor: a reflection' })
  })

  it('who claims our own key', async () => {
    const result = await verdict(async (raw, _, __, honest) => raw.send(frame(KIND_HELLO, helloOf(raw, honest))))
    expect(result).toMatchObject({ code: 'REPLAY', reason: 'their did is ours' })
  })

  it('a proof that answers another nonce', async () => {
    const result = await verdict(async (raw, _, stranger) => {
      await raw.send(frame(KIND_HELLO, helloOf(raw, stranger)))
      await raw.send(frame(KIND_PROOF, { answers: new Uint8Array(32), signature: new Uint8Array(64) }))
    })
    expect(result).toMatchObject({ code: 'REPLAY', reason: 'proof answers another nonce than ours' })
  })

  it('who has not the key it names', async () => {
    const world = createWorld()
    const [thief, honest, victim] = [world.host(1), world.host(2), world.host(3)]
    const { near, far } = await channelBetween(world, thief, honest)
    const options = thief.options('dialler', honest.did)
    const opening = Promise.all([
      openSession(near, { ...options, self: { did: victim.did, age: 3 } }),
      openSession(far, honest.options('acceptor')),
    ])
    await world.time.advance(50)
    const [, two] = await opening
    expect(two).toMatchObject({ ok: false, code: 'SIGNATURE' })
  })

  it('the recording of a whole earlier session, in another session', async () => {
    const world = createWorld()
    const [host, honest] = [world.host(1), world.host(2)]
    const first = await channelBetween(world, host, honest)
    const { tapped, recorded } = record(first.near)
    const good = Promise.all([
      openSession(tapped, host.options('dialler', honest.did)),
      openSession(first.far, honest.options('acceptor')),
    ])
    await world.time.advance(50)
    expect((await good).map((result) => result.ok)).toEqual([true, true])
    expect(recorded.length).toBe(2)

    const second = await channelBetween(world, world.host(9), honest)
    second.near.receive(() => {})
    const opening = openSession(second.far, honest.options('acceptor'))
    for (const bytes of recorded) await second.near.send(bytes)
    await world.time.advance(50)
    expect(await opening).toMatchObject({ ok: false, code: 'FINGERPRINT' })
  })

  it('the recording even where the certificates are the same', async () => {
    const world = createWorld()
    const [host, honest] = [world.host(1), world.host(2)]
    const first = await channelBetween(world, host, honest)
    const { fingerprints } = first.near
    const { tapped, recorded } = record(first.near)
    const good = Promise.all([
      openSession(tapped, host.options('dialler', honest.did)),
      openSession(first.far, honest.options('acceptor')),
    ])
    await world.time.advance(50)
    await good
    const second = await channelBetween(world, host, honest)
    second.near.receive(() => {})
    const same: Channel = {
      ...wrap(second.far),
      fingerprints: { local: fingerprints.remote, remote: fingerprints.local },
    }
    const opening = openSession(same, honest.options('acceptor'))
    for (const bytes of recorded) await second.near.send(bytes)
    await world.time.advance(50)
    expect(await opening).toMatchObject({ ok: false, code: 'REPLAY' })
  })

  it('a channel that ends in between', async () => {
    const result = await verdict((raw) => raw.close())
    expect(result.code).toBe('CLOSED')
  })

  it('who sends messages before it has proved itself', async () => {
    const result = await verdict(async (raw, _, stranger) => {
      await raw.send(frame(KIND_HELLO, helloOf(raw, stranger)))
      await raw.send(Uint8Array.of(MAGIC >> 8, MAGIC & 0xff, VERSION, 3, 0, 0, 0, 54, ...new Uint8Array(46)))
    })
    expect(result).toMatchObject({ code: 'MALFORMED', reason: 'kind 3 != 17' })
  })
})

/** A channel that keeps what is sent over it. */
function record(channel: Channel): { tapped: Channel; recorded: Uint8Array[] } {
  const recorded: Uint8Array[] = []
  const send = (bytes: Uint8Array): Promise<void> => {
    recorded.push(Uint8Array.from(bytes))
    return channel.send(bytes)
  }
  return { tapped: { ...wrap(channel), send }, recorded }
}

/** A channel of a class, as an object whose parts can be replaced. */
const wrap = (channel: Channel): Channel => ({
  remoteAddress: channel.remoteAddress,
  networkAddress: channel.networkAddress,
  fingerprints: channel.fingerprints,
  closed: channel.closed,
  send: (bytes) => channel.send(bytes),
  receive: (onFrame) => channel.receive(onFrame),
  close: () => channel.close(),
})
