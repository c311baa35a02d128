import { afterEach, describe, expect, it, vi } from 'vitest'
import { concatBytes, equalBytes } from '../../src/base/bytes.ts'
import { decode, encode } from '../../src/base/codec.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { Result } from '../../src/base/result.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../src/platform/node/time.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import { KIND_ABORT, KIND_HELLO, KIND_PROOF } from '../../src/wire/header.ts'
import { openSession, type Session } from '../../src/wire/session.ts'
import type { Transport } from '../../src/wire/transport.ts'
import { lie, passOn } from './lying-rendezvous.ts'
import { type Rewrite, standInBetween } from './man-in-the-middle.ts'

// Real connections on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 })

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of closing.splice(0).reverse()) await thing.close()
})

const signerOf = (seed: number): Signer => createSigner(generateSecretKey(seededRandom(seed)))

async function join(url: string, seed: number): Promise<{ transport: Transport; signer: Signer }> {
  const signer = signerOf(seed)
  const transport = await goOnlineFromNode({ rendezvous: url, signer, bindAddress: '127.0.0.1' })
  closing.push(transport)
  return { transport, signer }
}

let messagesHeard = 0
const options = (signer: Signer, role: 'dialler' | 'acceptor', expected: Did | null) => ({
  role,
  self: { did: signer.did, age: 1 },
  expect: expected,
  authority: createAuthority(signer, createVerifier()),
  random: nodeRandom,
  clock: nodeClock,
  timers: nodeTimers,
  nextSequence: () => 1,
  onMessage: () => {
    messagesHeard++
  },
})

/** One host dials another; what both make of it. */
async function meet(url: string, dialled: Signer): Promise<[Result<Session>, Result<Session>]> {
  messagesHeard = 0
  const caller = await join(url, 11)
  const callee = await join(url, 12)
  const incoming = new Promise<Result<Session>>((resolve) =>
    callee.transport.accept((channel) => {
      openSession(channel, options(callee.signer, 'acceptor', null)).then(resolve)
    }),
  )
  const channel = await caller.transport.dial(addressOf(dialled.did))
  const outgoing = openSession(channel, options(caller.signer, 'dialler', dialled.did))
  return Promise.all([outgoing, incoming])
}

async function attack(rewrite: Rewrite): Promise<{ results: [Result<Session>, Result<Session>]; kinds: number[] }> {
  const middle = await standInBetween(rewrite, { bindAddress: '127.0.0.1' })
  closing.push(middle)
  const results = await meet(middle.url, signerOf(12))
  const { dialler, acceptor } = Object.fromEntries(middle.fingerprints)
  expect(dialler && acceptor && !equalBytes(dialler.ours, acceptor.victim)).toBe(true)
  return { results, kinds: middle.seen.map(({ frame }) => frame[3] ?? 0) }
}

describe('a rendezvous in the middle of two real connections', () => {
  it('is found out by the certificates when it passes the words on', async () => {
    const { results, kinds } = await attack((frame) => frame)
    const codes = results.map((result) => (result.ok ? 'OPEN' : result.code))
    expect(codes.every((code) => code === 'FINGERPRINT' || code === 'REFUSED')).toBe(true)
    expect(codes).toContain('FINGERPRINT')
    expect(kinds.every((kind) => kind === KIND_HELLO || kind === KIND_ABORT)).toBe(true)
    expect(messagesHeard).toBe(0)
  })

  it('is found out by the signatures when it rewrites the certificates in the words', async () => {
    const { results, kinds } = await attack((frame, from, middle) => {
      if (frame[3] !== KIND_HELLO) return frame
      const body = decode(frame.subarray(4))
      if (!body.ok) return frame
      const other = middle.fingerprints.get(from === 'dialler' ? 'acceptor' : 'dialler')
      const hello = { ...(body.value as object), local: other?.ours, remote: other?.victim }
      return concatBytes(frame.subarray(0, 4), encode(hello))
    })
    const codes = results.map((result) => (result.ok ? 'OPEN' : result.code))
    expect(codes.every((code) => code === 'SIGNATURE' || code === 'REFUSED')).toBe(true)
    expect(codes).toContain('SIGNATURE')
    expect(kinds.every((kind) => [KIND_HELLO, KIND_PROOF, KIND_ABORT].includes(kind))).toBe(true)
    expect(messagesHeard).toBe(0)
  })
})

describe('a rendezvous that swaps ids', () => {
  it('is found out by the dialler, who asked for somebody else', async () => {
    const wanted = signerOf(99)
    const there = addressOf(signerOf(12).did)
    const caller = addressOf(signerOf(11).did)
    const rendezvous = await lie((from, signal, lines) => {
      const dst = signal.dst === addressOf(wanted.did) ? there : signal.dst
      const src = from === there ? addressOf(wanted.did) : from
      passOn(src, { ...signal, dst }, lines)
    })
    closing.push(rendezvous)
    const [outgoing, incoming] = await meet(rendezvous.url, wanted)
    expect(outgoing).toMatchObject({
      ok: false,
      code: 'IDENTITY',
      reason: expect.stringContaining(`dialled ${wanted.did}`),
    })
    expect(incoming).toMatchObject({ ok: false, code: 'REFUSED', reason: 'the other end refused: IDENTITY' })
    expect(messagesHeard).toBe(0)
    expect(caller).not.toBe(there)
  })
})

describe('a rendezvous that talks nonsense', () => {
  const offer = (change: object) => ({
    type: 'OFFER',
    src: addressOf(signerOf(77).did),
    payload: {
      sdp: { type: 'offer', sdp: 'v=0' },
      type: 'data',
      connectionId: 'dc_x',
      label: 'x',
      reliable: true,
      serialization: 'raw',
      ...change,
    },
  })
  const nonsense: unknown[] = [
    { ...offer({}), payload: null },
    { type: 'OFFER' },
    offer({ serialization: 'evil' }),
    offer({ serialization: '__proto__' }),
    offer({ type: 'media' }),
    offer({ reliable: false }),
    offer({ connectionId: { evil: true } }),
    offer({ sdp: null }),
    offer({}), // well-formed, but its description is not
    null,
    42,
    [],
    { type: 'ANSWER', src: 'x', payload: { connectionId: 'unknown' } },
    ...Array.from({ length: 3_000 }, (_, i) => ({
      type: 'CANDIDATE',
      src: addressOf(signerOf(77).did),
      payload: { candidate: { candidate: 'c' }, type: 'data', connectionId: `dc_${i}` },
    })),
    { type: 'constructor' },
  ]

  it('does not end the process, nor the connections that are there, nor the next dial', async () => {
    const rendezvous = await lie(passOn)
    closing.push(rendezvous)
    const [outgoing, incoming] = await meet(rendezvous.url, signerOf(12))
    if (!outgoing.ok || !incoming.ok) throw new Error('honest hosts did not meet')
    const caller = rendezvous.lines.get(addressOf(signerOf(11).did))
    const callee = rendezvous.lines.get(addressOf(signerOf(12).did))
    for (const message of nonsense) for (const line of [caller, callee]) line?.send(JSON.stringify(message))
    for (const line of [caller, callee]) line?.send('{ not json')
    // LEAVE would make PeerJS close what it has with that host.
    callee?.send(JSON.stringify({ type: 'LEAVE', src: addressOf(signerOf(11).did) }))
    outgoing.value.send({ kind: 'async', name: 'bye', body: { reason: 'still here' } })
    await expect.poll(() => messagesHeard, { timeout: 4_000 }).toBe(1)
    const third = await join(rendezvous.url, 13)
    const channel = await third.transport.dial(addressOf(signerOf(12).did))
    expect(channel.remoteAddress).toBe(addressOf(signerOf(12).did))
  })
})
