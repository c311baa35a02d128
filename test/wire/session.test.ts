import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { rawCid } from '../../src/base/digest.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { correspondent, encodeMessage } from '../../src/wire/codec.ts'
import { cutFrames } from '../../src/wire/framing.ts'
import { shakeHands } from '../../src/wire/handshake.ts'
import { INCOMING_MESSAGES_MAX, MESSAGE_BURST, MESSAGE_MS_MAX, OUTGOING_BYTES_MAX } from '../../src/wire/limits.ts'
import { createLine } from '../../src/wire/line.ts'
import type { Message } from '../../src/wire/messages.ts'
import { openSession } from '../../src/wire/session.ts'
import type { Channel } from '../../src/wire/transport.ts'
import { channelBetween, createWorld, sessionBetween, type TestHost, type World } from './world.ts'

const bye = (reason: string): Message => ({ kind: 'async', name: 'bye', body: { reason } })

const HEAD = rawCid(Uint8Array.of(0))

describe('a session', () => {
  it('knows the host at the other end, with its age', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near, far } = await sessionBetween(world, a, b)
    expect([near.remote, near.remoteAge]).toEqual([b.did, 3])
    expect([far.remote, far.remoteAge]).toEqual([a.did, 3])
  })

  it('delivers messages in order with the sender and ascending sequence numbers', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near } = await sessionBetween(world, a, b)
    const sequences = ['x', 'y', 'z'].map((reason) => near.send(bye(reason)))
    await world.time.advance(50)
    expect(b.heard.map(({ message }) => message)).toEqual(['x', 'y', 'z'].map(bye))
    expect(b.heard.map(({ header }) => header.sequence)).toEqual(sequences)
    expect(b.heard[0]?.header).toEqual({ host: a.did, age: 3, sequence: sequences[0] })
  })

  it('carries a sealed statement and delivers it verified, with its envelope as evidence', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near } = await sessionBetween(world, a, b)
    const agent = agentId({ home: a.did, age: 3, sequence: 9 })
    const holding = { holder: b.did, checkpoint: rawCid(Uint8Array.of(1)), witnesses: [a.did], history: null }
    const ready = await a.authority.seal({ type: 'ready', agent, epoch: 2, holding, previous: HEAD })
    near.send({ kind: 'reply', name: 'send', to: 4, body: { ready } })
    await world.time.advance(50)
    expect(b.heard[0]?.message).toEqual({ kind: 'reply', name: 'send', to: 4, body: { ready } })
  })

  it('carries a message of many frames', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near } = await sessionBetween(world, a, b)
    const bytes = new Uint8Array(900_000).fill(7)
    near.send(packed(bytes))
    await world.time.advance(50)
    const message = b.heard[0]?.message
    if (message?.kind !== 'reply' || message.name !== 'fetch') throw new Error('no fetch reply')
    expect(equalBytes(message.body.pack.bytes, bytes)).toBe(true)
  })

  it('awaits the handler before the next message', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near, far } = await channelBetween(world, a, b)
    const story: string[] = []
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const opening = Promise.all([
      openSession(near, a.options('dialler', b.did)),
      openSession(far, {
        ...b.options('acceptor'),
        onMessage: async (_, message) => {
          story.push(`begin ${message.kind === 'async' && message.name === 'bye' ? message.body.reason : ''}`)
          await gate
          story.push('end')
        },
      }),
    ])
    await world.time.advance(50)
    const [session] = await opening
    if (!session.ok) throw new Error(session.reason)
    session.value.send(bye('1'))
    session.value.send(bye('2'))
    await world.time.advance(50)
    expect(story).toEqual(['begin 1'])
    release()
    await world.time.advance(50)
    expect(story).toEqual(['begin 1', 'end', 'begin 2', 'end'])
  })

  it('ends at both ends when one closes, each with its reason', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near, far } = await sessionBetween(world, a, b)
    near.close('owner went home')
    await world.time.advance(50)
    expect(await near.closed).toEqual({ code: 'CLOSED_HERE', reason: 'owner went home' })
    expect((await far.closed).code).toBe('CLOSED_THERE')
    near.send(bye('late'))
    await world.time.advance(50)
    expect(b.heard).toEqual([])
  })

  it('still handles what came before the other end closed, then ends', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near, far } = await channelBetween(world, a, b)
    const gates: (() => void)[] = []
    const told: string[] = []
    const opening = Promise.all([
      openSession(near, a.options('dialler', b.did)),
      openSession(far, {
        ...b.options('acceptor'),
        onMessage: async (_, message) => {
          // As long as a signature takes to verify, and longer than the close to arrive.
          await new Promise<void>((resolve) => gates.push(resolve))
          if (message.kind === 'async' && message.name === 'bye') told.push(message.body.reason)
        },
      }),
    ])
    await world.time.advance(50)
    const [one, two] = await opening
    if (!one.ok || !two.ok) throw new Error('no session')
    void two.value.closed.then(({ code }) => told.push(code))
    for (const word of ['first', 'last']) one.value.send(bye(word))
    void one.value.drained().then(() => one.value.close('enough'))
    await world.time.advance(50)
    expect(told).toEqual([])
    for (let said = 0; said < 2; said++) {
      gates[said]()
      await world.time.advance(1)
    }
    expect(told).toEqual(['first', 'last', 'CLOSED_THERE'])
  })

  it('ends with SLOW_READER instead of buffering without bound for a host that does not read', async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    const { near } = await sessionBetween(world, a, b)
    const bytes = new Uint8Array(900_000)
    const large = packed(bytes)
    for (let sent = 0; sent <= OUTGOING_BYTES_MAX + 8e6; sent += bytes.length) near.send(large)
    const end = await near.closed
    expect(end.code).toBe('SLOW_READER')
    expect(end.reason).toContain('> OUTGOING_BYTES_MAX')
  })
})

const packed = (bytes: Uint8Array): Message => ({
  kind: 'reply',
  name: 'fetch',
  to: 1,
  body: { pack: { byteLength: bytes.length, deflated: false, bytes } },
})

const flipBit = (bytes: Uint8Array, at: number): void => {
  bytes[at] = (bytes[at] ?? 0) ^ 1
}

/** A host that has proved itself and then says whatever bytes it likes. */
async function hostileBetween(
  world: World,
  a: TestHost,
  b: TestHost,
): Promise<{ raw: Channel; closed: () => Promise<string> }> {
  const { near, far } = await channelBetween(world, a, b)
  const honest = openSession(far, b.options('acceptor'))
  const line = createLine(near)
  const proved = shakeHands(line, { ...a.options('dialler', b.did), fingerprints: near.fingerprints })
  await world.time.advance(50)
  await proved
  const session = await honest
  if (!session.ok) throw new Error(session.reason)
  return {
    raw: near,
    closed: async () => {
      await world.time.advance(MESSAGE_MS_MAX * 2)
      const end = await session.value.closed
      return `${end.code} ${end.reason}`
    },
  }
}

describe('a session with a hostile host', () => {
  const prepare = async () => {
    const world = createWorld()
    const [a, b] = [world.host(1), world.host(2)]
    return { world, a, b, us: correspondent(a.did, 3), ...(await hostileBetween(world, a, b)) }
  }

  it('drops a message it has had before, silently', async () => {
    const { world, b, us, raw } = await prepare()
    for (const sequence of [1, 2, 2, 1, 3]) await raw.send(encodeMessage(us, sequence, bye(`${sequence}`)))
    await world.time.advance(50)
    expect(b.heard.map(({ header }) => header.sequence)).toEqual([1, 2, 3])
  })

  it('ends at garbage', async () => {
    const { raw, closed, b } = await prepare()
    await raw.send(Uint8Array.of(1, 2, 3, 4, 5))
    expect(await closed()).toBe('BAD_MESSAGE MAGIC: magic 0x102 != 0x534a')
    expect(b.heard).toEqual([])
  })

  it('ends at an announced gigabyte, by name', async () => {
    const { raw, closed, us } = await prepare()
    const frame = encodeMessage(us, 1, bye('x'))
    new DataView(frame.buffer).setUint32(4, 2 ** 30)
    await raw.send(frame)
    expect(await closed()).toBe('BAD_MESSAGE LENGTH: announcedBytes 1073741824 > MESSAGE_BYTES_MAX 1048576')
  })

  it('ends at a message under another host’s name', async () => {
    const { raw, closed, b } = await prepare()
    await raw.send(encodeMessage(correspondent(b.did, 3), 1, bye('x')))
    expect(await closed()).toContain('BAD_MESSAGE HEADER: host is not')
  })

  it('ends at another age than the one proved', async () => {
    const { raw, closed, a } = await prepare()
    await raw.send(encodeMessage(correspondent(a.did, 4), 1, bye('x')))
    expect(await closed()).toBe('BAD_MESSAGE HEADER: age 4 != 3 of this session')
  })

  it('ends at a statement whose signature is wrong', async () => {
    const { raw, closed, a, b, us } = await prepare()
    const agent = agentId({ home: a.did, age: 3, sequence: 9 })
    const ready = await a.authority.seal({
      type: 'ready',
      agent,
      epoch: 2,
      holding: { holder: b.did, checkpoint: null, witnesses: [a.did], history: null },
      previous: HEAD,
    })
    flipBit(ready.envelope, ready.envelope.length - 40)
    await raw.send(encodeMessage(us, 1, { kind: 'reply', name: 'send', to: 4, body: { ready } }))
    expect(await closed()).toContain('BAD_MESSAGE ENVELOPE: send: SIGNATURE: signature is not')
  })

  it('ends when a statement of one type stands where another belongs', async () => {
    const { raw, closed, a, b, us } = await prepare()
    const agent = agentId({ home: a.did, age: 3, sequence: 9 })
    const release = await a.authority.seal({
      type: 'release',
      agent,
      epoch: 2,
      reason: 'move',
      holding: { holder: b.did, checkpoint: null, witnesses: [a.did], history: null },
      previous: HEAD,
      ready: HEAD,
    })
    const ready = { ...release, statement: { ...release.statement, type: 'ready' as const } }
    await raw.send(encodeMessage(us, 1, { kind: 'reply', name: 'send', to: 4, body: { ready } }))
    expect(await closed()).toContain('BAD_MESSAGE ENVELOPE: send: SIGNATURE')
  })

  it('ends when a message stops half-way for too long', async () => {
    const { raw, closed, us } = await prepare()
    const bytes = new Uint8Array(200_000)
    const message = encodeMessage(us, 1, packed(bytes))
    const [first] = cutFrames(message)
    if (first) await raw.send(first)
    expect(await closed()).toContain('BAD_MESSAGE SLOW')
  })

  it('lets a burst pass, then slows the rest down without losing any', async () => {
    const { world, raw, us, b } = await prepare()
    for (let i = 1; i <= MESSAGE_BURST + 500; i++) await raw.send(encodeMessage(us, i, bye('x')))
    await world.time.advance(5)
    expect(b.heard.length).toBeGreaterThanOrEqual(MESSAGE_BURST)
    expect(b.heard.length).toBeLessThan(MESSAGE_BURST + 100)
    await world.time.advance(2_000)
    expect(b.heard.length).toBe(MESSAGE_BURST + 500)
  })

  it('ends with FLOOD when more waits than it can hold', async () => {
    const { raw, us, closed } = await prepare()
    for (let i = 1; i <= MESSAGE_BURST + INCOMING_MESSAGES_MAX + 500; i++) {
      await raw.send(encodeMessage(us, i, bye('x'))).catch(() => {})
    }
    expect(await closed()).toContain('FLOOD incomingMessages')
  })
})
