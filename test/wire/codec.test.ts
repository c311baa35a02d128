import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import type { AllegedMessage } from '../../src/wire/alleged.ts'
import { envelopesOf, resolveMessage } from '../../src/wire/authority.ts'
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
import { writeNames } from '../../src/wire/names.ts'
import { agent, ballot, cid, everyMessage, holding, one } from './every-message.ts'

const from = correspondent(one.did, 7)

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
        envelopesOf(decoded(encodeMessage(from, 1, message))).length,
      ]),
    )
    expect(counts).toMatchObject({
      'reply send': 1,
      'request accept': 3,
      'async certificate': 4,
      'async bye': 0,
      'async notices': 6,
      'request offer': 2,
      'request launch': 2,
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

  it('refuses an agent that was launched between two milliseconds, which no engine could load', async () => {
    const names: string[] = []
    for (const message of await everyMessage()) {
      const bytes = encodeMessage(from, 12, betweenMs(message))
      if (Buffer.from(bytes).equals(Buffer.from(encodeMessage(from, 12, message)))) continue
      names.push(message.name)
      expect(refusal(bytes)).toMatch(/^BODY: .*launchedMs/)
    }
    expect(new Set(names)).toEqual(new Set(['audit', 'enrol', 'segment', 'send', 'stage']))
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

/** The same, with every `launchedMs` in it half a millisecond later. */
function betweenMs<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(betweenMs) as T
  const later = (name: string, part: unknown): unknown =>
    name === 'launchedMs' && typeof part === 'number' ? part + 0.5 : betweenMs(part)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, later(name, part)])) as T
}

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
          { transfer: 1, agent, names: writeNames(tooMany), against: writeNames([]) },
        ),
      `BODY: fetch.names: names ${FETCH_NAMES_MAX + 1} > ${FETCH_NAMES_MAX}`,
    ],
    [
      'a statement that is no bytes',
      () => forged({ kind: KIND_REQUEST, messageId: 10 }, { license: { order: 'x', permits: [] }, inputJson: '' }),
      'BODY: launch.license.order: bytes expected',
    ],
    [
      'more votes than there can be',
      () => {
        const votes = Array(VOTES_MAX + 1).fill(new Uint8Array(1))
        return forged(
          { messageId: 66 },
          { certificate: { agent, epoch: 1, ballot, holding, previous: cid, release: null, votes } },
        )
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
    const release = await one.seal({
      type: 'release',
      agent,
      epoch: 2,
      reason: 'move',
      holding,
      previous: cid,
      ready: cid,
    })
    const asReady = await resolveMessage(
      one,
      decoded(forged({ kind: KIND_REPLY, messageId: 3, to: 1 }, { ready: release.envelope })),
    )
    expect(asReady).toMatchObject({ ok: false, code: 'ENVELOPE', reason: expect.stringContaining('SIGNATURE') })
  })
})
