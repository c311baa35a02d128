import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import { rawCid } from '../../src/base/digest.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import type { AllegedMessage } from '../../src/wire/alleged.ts'
import { countEnvelopes, resolveMessage } from '../../src/wire/authority.ts'
import { correspondent, decodeMessage, encodeMessage } from '../../src/wire/codec.ts'
import {
  headerBytes,
  KIND_ASYNC,
  KIND_REPLY,
  KIND_REQUEST,
  type RawHeader,
  writeHeader,
} from '../../src/wire/header.ts'
import { FETCH_NAMES_MAX, VOTES_MAX } from '../../src/wire/limits.ts'
import { asyncName, errorCode, requestName } from '../../src/wire/message-ids.ts'
import type { Message } from '../../src/wire/messages.ts'
import { writeNames } from '../../src/wire/names.ts'
import { authorityFor } from './world.ts'

const [one, two] = [authorityFor(1), authorityFor(2)]
const from = correspondent(one.did, 7)
const agent = agentId({ home: one.did, age: 7, sequence: 3 })
const cid = rawCid(Uint8Array.of(1, 2, 3))
const load = { agents: 1, slots: 4, accepting: true }
const description = { kind: 'edge', name: 'cellar', engineIds: ['abc'], depth: 10, load } as const
const holding = { holder: two.did, checkpoint: cid }
const ballot = { round: 1, host: one.did, age: 7 }
const report = { agent, epoch: 2, fuelUsed: 5e12, progress: 0.25, note: 'half-way' }
const allowance = { fuelMax: 1e15, memoryBytesMax: 2 ** 28, sentBytesMax: 5, hopsMax: 4, childrenMax: 3 }
const forkedFrom = { agent, request: 8, index: 2, seed: 2 ** 32 - 1 }
const brief = {
  agent,
  bundle: cid,
  inputJson: '{"order":11}',
  seed: 2 ** 32 - 1,
  launchedMs: 1.5e12,
  allowance,
  witnesses: [one.did],
  hops: 2,
  consoleLines: 9,
  sentBytes: 3,
  movedBy: null,
  forkedFrom,
}
const row = {
  agent,
  name: 'golomb',
  author: one.did,
  epoch: 2,
  holder: two.did,
  state: 'running',
  progress: null,
  note: '',
  fuelUsed: 1,
  hops: 1,
  forkedFrom: null,
} as const

/** One of every message there is, so that a new one without an example here fails the next test. */
async function everyMessage(): Promise<Message[]> {
  const ready = await one.seal({ type: 'ready', agent, epoch: 2, holding })
  const release = await one.seal({
    type: 'release',
    agent,
    epoch: 2,
    reason: 'move',
    holding: { ...holding, checkpoint: null },
  })
  const vote = await one.seal({ type: 'vote', agent, epoch: 2, ballot, holding })
  const launch = await two.seal({
    type: 'launch',
    home: one.did,
    bundle: cid,
    inputJson: 'null',
    fuelMax: 1,
    memoryBytesMax: 1,
    nonce: 'n',
    expiresMs: 1,
  })
  const command = await two.seal({
    type: 'command',
    host: one.did,
    verb: 'move',
    agent,
    to: two.did,
    nonce: 'n',
    expiresMs: 1,
  })
  const offer = {
    agent,
    epoch: 1,
    bundle: cid,
    reason: 'place',
    hops: 0,
    fuelUsed: 0,
    allowance,
    stateBytes: 0,
  } as const
  const pack = { byteLength: 3, deflated: false, bytes: Uint8Array.of(1, 2, 3) }
  const names = writeNames([cid, null, cid])
  const requests: Message[] = [
    { kind: 'request', name: 'inic', body: { description } },
    { kind: 'request', name: 'offer', body: offer },
    {
      kind: 'request',
      name: 'stage',
      body: { brief, epoch: 2, checkpoint: cid, base: null, pack, checkpointBytes: 9 },
    },
    {
      kind: 'request',
      name: 'send',
      body: { brief, epoch: 2, checkpoint: cid, reason: 'evict', atHome: null, base: cid, pack, checkpointBytes: 9 },
    },
    { kind: 'request', name: 'fetch', body: { transfer: 1, names, against: new Uint8Array() } },
    { kind: 'request', name: 'prepare', body: { agent, epoch: 2, ballot } },
    { kind: 'request', name: 'accept', body: { agent, epoch: 2, ballot, holding, release } },
    {
      kind: 'request',
      name: 'checkpoint',
      body: {
        agent,
        epoch: 2,
        checkpoint: cid,
        fuelUsed: 1,
        consoleLines: 0,
        sentBytes: 2,
        base: null,
        pack: null,
        checkpointBytes: 0,
      },
    },
    {
      kind: 'request',
      name: 'fork',
      body: { agent, epoch: 2, request: 8, n: 64, checkpoint: cid, fuelUsed: 1, hops: 3 },
    },
    { kind: 'request', name: 'effect', body: { agent, epoch: 2, kind: 'emit', number: 1, valueJson: '[1]' } },
    { kind: 'request', name: 'locate', body: { agent } },
    { kind: 'request', name: 'launch', body: { order: launch } },
    { kind: 'request', name: 'command', body: { order: command } },
    { kind: 'request', name: 'status', body: {} },
    { kind: 'request', name: 'story', body: { agent, from: 0 } },
  ]
  const replies: Message[] = [
    { kind: 'reply', name: 'inic', to: 1, body: { description } },
    { kind: 'reply', name: 'offer', to: 1, body: { ttlMs: 30_000, have: cid } },
    { kind: 'reply', name: 'stage', to: 1, body: { ttlMs: 30_000 } },
    { kind: 'reply', name: 'send', to: 1, body: { ready } },
    { kind: 'reply', name: 'fetch', to: 1, body: { pack } },
    { kind: 'reply', name: 'prepare', to: 1, body: { accepted: { ballot, holding } } },
    { kind: 'reply', name: 'accept', to: 1, body: { vote } },
    { kind: 'reply', name: 'checkpoint', to: 1, body: {} },
    { kind: 'reply', name: 'effect', to: 1, body: {} },
    { kind: 'reply', name: 'fork', to: 1, body: { agents: [agent], left: allowance } },
    { kind: 'reply', name: 'locate', to: 1, body: { epoch: 2, holder: two.did } },
    { kind: 'reply', name: 'launch', to: 1, body: { agent } },
    { kind: 'reply', name: 'command', to: 1, body: { note: 'done' } },
    { kind: 'reply', name: 'status', to: 1, body: { description, here: [report], rows: [row] } },
    {
      kind: 'reply',
      name: 'story',
      to: 1,
      body: { row, lines: [{ number: 1, atMs: 2.5, kind: 'hop', valueJson: '{}' }] },
    },
  ]
  return [
    ...requests,
    ...replies,
    { kind: 'error', name: 'offer', to: 2 ** 53 - 1, code: 'NO_SLOT', reason: 'slots 4 of 4 taken' },
    { kind: 'async', name: 'load', body: { load } },
    { kind: 'async', name: 'holding', body: { reports: [report] } },
    {
      kind: 'async',
      name: 'certificate',
      body: { certificate: { agent, epoch: 2, ballot, holding, votes: [vote] } },
    },
    { kind: 'async', name: 'bye', body: { reason: 'owner is back' } },
  ]
}

const decoded = (bytes: Uint8Array): AllegedMessage => {
  const result = decodeMessage(bytes, from)
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`)
  return result.value.message
}
const refusal = (bytes: Uint8Array): string => {
  const result = decodeMessage(bytes, from)
  return result.ok ? 'accepted' : `${result.code}: ${result.reason}`
}

/** A message with any numbers and any body. */
function forged(numbers: Partial<RawHeader>, body: unknown): Uint8Array {
  const header = {
    kind: KIND_ASYNC,
    hostKey: from.key,
    age: 7,
    sequence: 1,
    messageId: 67,
    to: 0,
    errorId: 0,
    ...numbers,
  } as const
  const bytes = encode(body)
  const message = writeHeader(header, bytes.length)
  message.set(bytes, message.length - bytes.length)
  return message
}

describe('the codec', () => {
  it('brings back every message there is, statements verified', async () => {
    for (const message of await everyMessage()) {
      const bytes = encodeMessage(from, 12, message)
      const resolved = await resolveMessage(one, decoded(bytes))
      expect(resolved).toEqual({ ok: true, value: message })
    }
  })

  it('has an example of every message here', async () => {
    const names = new Set((await everyMessage()).map(({ kind, name }) => `${kind} ${name}`))
    for (let id = 0; id < 256; id++) {
      const request = requestName(id)
      const async = asyncName(id)
      if (request)
        expect([names.has(`request ${request}`), names.has(`reply ${request}`)], request).toEqual([true, true])
      if (async) expect(names.has(`async ${async}`), async).toBe(true)
    }
    expect([requestName(0), asyncName(0), errorCode(0)]).toEqual([null, null, null])
  })

  it('counts the signatures that a message will cost', async () => {
    const counts = Object.fromEntries(
      (await everyMessage()).map((message) => [
        `${message.kind} ${message.name}`,
        countEnvelopes(decoded(encodeMessage(from, 1, message))),
      ]),
    )
    expect(counts).toMatchObject({
      'reply send': 1,
      'request accept': 1,
      'async certificate': 1,
      'async bye': 0,
      'request offer': 0,
    })
  })

  it('never throws and is never changed by what it accepts', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(KIND_REQUEST, KIND_REPLY, KIND_ASYNC),
        fc.nat(70),
        (noise, kind, messageId) => {
          const header = { kind, hostKey: from.key, age: 7, sequence: 1, messageId, to: 1, errorId: 0 } as const
          const message = concatBytes(writeHeader(header, noise.length).subarray(0, headerBytes(kind)), noise)
          expect(typeof refusal(message)).toBe('string')
        },
      ),
    )
  })

  it('refuses every message with any one bit of it wrong, or decodes it to something well-formed', async () => {
    const [message] = await everyMessage()
    if (!message) throw new Error('no message')
    const good = encodeMessage(from, 12, message)
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Uint8Array.from(good)
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const result = decodeMessage(bad, from)
      if (result.ok) expect(result.value.message.name).toBe('inic')
    }
  })
})

const tooMany = Array(FETCH_NAMES_MAX + 1).fill(cid)

describe('the codec refuses', () => {
  const fork = { agent, epoch: 2, request: 8, n: 65, checkpoint: cid, fuelUsed: 1, hops: 3 }
  const cases: [string, () => Uint8Array, string][] = [
    [
      'a fork into more than FORK_MAX',
      () => forged({ kind: KIND_REQUEST, messageId: 14 }, fork),
      'fork.n: Invalid value',
    ],
    [
      'an unknown request',
      () => forged({ kind: KIND_REQUEST, messageId: 99 }, {}),
      'UNKNOWN_MESSAGE: message id 99 of kind 1 stands for no message',
    ],
    ['an unknown asynchronous message', () => forged({ messageId: 1 }, {}), 'UNKNOWN_MESSAGE: message id 1 of kind 3'],
    [
      'an unknown error',
      () => forged({ kind: KIND_REPLY, messageId: 1, to: 1, errorId: 999 }, {}),
      'UNKNOWN_MESSAGE: error id 999 stands for no code',
    ],
    [
      'a reply to nothing',
      () => forged({ kind: KIND_REPLY, messageId: 1, to: 0 }, {}),
      'HEADER: reply to 0 is not in 1..2^53-1',
    ],
    ['sequence number 0', () => forged({ sequence: 0 }, {}), 'HEADER: sequence 0 is not in'],
    ['age 0', () => forged({ age: 0 }, { reason: '' }), 'HEADER: age 0 < 1'],
    ['a missing field', () => forged({}, {}), 'BODY: bye.reason'],
    ['a field too many', () => forged({}, { reason: '', more: 1 }), 'BODY: bye.more'],
    ['a body that is no map', () => forged({}, [1]), 'BODY: bye'],
    [
      'a did that is none',
      () => forged({ kind: KIND_REPLY, messageId: 9, to: 1 }, { epoch: 1, holder: 'did:key:zx' }),
      'BODY: locate.holder',
    ],
    [
      'a cid that is none',
      () => forged({ kind: KIND_REQUEST, messageId: 7 }, { agent, epoch: 1, checkpoint: 'bafy' }),
      'BODY: checkpoint.checkpoint: cid "bafy" does not parse',
    ],
    [
      'an agent id that is none',
      () => forged({ kind: KIND_REQUEST, messageId: 9 }, { agent: 'x.1.1' }),
      'BODY: locate.agent: home of agent id',
    ],
    ['a negative number', () => forged({ kind: KIND_REQUEST, messageId: 13 }, { agent, from: -1 }), 'BODY: story.from'],
    [
      'a fraction where whole numbers belong',
      () => forged({ kind: KIND_REQUEST, messageId: 13 }, { agent, from: 0.5 }),
      'BODY: story.from',
    ],
    [
      'a number that is too large to be safe',
      () => forged({ kind: KIND_REQUEST, messageId: 13 }, { agent, from: 2n ** 60n }),
      'BODY: story.from',
    ],
    [
      'a list that is too long',
      () =>
        forged(
          { kind: KIND_REQUEST, messageId: 4 },
          { transfer: 1, names: writeNames(tooMany), against: writeNames([]) },
        ),
      `BODY: fetch.names: names ${FETCH_NAMES_MAX + 1} > ${FETCH_NAMES_MAX}`,
    ],
    [
      'a statement that is no bytes',
      () => forged({ kind: KIND_REQUEST, messageId: 10 }, { order: 'x' }),
      'BODY: launch.order: bytes expected',
    ],
    [
      'more votes than there can be',
      () => {
        const votes = Array(VOTES_MAX + 1).fill(new Uint8Array(1))
        return forged({ messageId: 66 }, { certificate: { agent, epoch: 1, ballot, holding, votes } })
      },
      'BODY: certificate.certificate.votes',
    ],
  ]
  for (const [name, make, reason] of cases) it(name, () => expect(refusal(make())).toContain(reason))

  it('an encoding that is not canonical, is too deep, or has something behind it', () => {
    const raw = (...body: number[]): Uint8Array => {
      const header = {
        kind: KIND_ASYNC,
        hostKey: from.key,
        age: 7,
        sequence: 1,
        messageId: 67,
        to: 0,
        errorId: 0,
      } as const
      const message = writeHeader(header, body.length)
      message.set(body, message.length - body.length)
      return message
    }
    expect(refusal(raw(0x81, 0x18, 0x01))).toContain('ENCODING')
    expect(refusal(raw(...Array(100).fill(0x81), 0x01))).toContain('ENCODING: nesting > CBOR_DEPTH_MAX')
    expect(refusal(raw(0xa0, 0x00))).toContain('ENCODING')
    expect(refusal(raw())).toContain('ENCODING')
    expect(refusal(raw(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toContain('ENCODING')
  })

  it('a length that is not the message’s', () => {
    const good = forged({}, { reason: 'x' })
    expect(refusal(good.subarray(0, good.length - 1))).toContain('LENGTH: announcedBytes')
    expect(refusal(concatBytes(good, Uint8Array.of(0)))).toContain('LENGTH: announcedBytes')
  })

  it('a statement signed as another type, whatever its content', async () => {
    const release = await one.seal({ type: 'release', agent, epoch: 2, reason: 'move', holding })
    const asReady = await resolveMessage(
      one,
      decoded(forged({ kind: KIND_REPLY, messageId: 3, to: 1 }, { ready: release.envelope })),
    )
    expect(asReady).toMatchObject({ ok: false, code: 'ENVELOPE', reason: expect.stringContaining('SIGNATURE') })
  })
})
