import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { decode, encode } from '../../src/base/codec.ts'
import { DOMAINS, signedMessage, UCAN_HEAD } from '../../src/identity/domain.ts'
import { openEnvelope, sealEnvelope } from '../../src/identity/envelope.ts'
import { CALLS } from '../../src/permit/calls.ts'
import { checkPermit, type Demand, openChain, verifyPermit } from '../../src/permit/chain.ts'
import { grantPermit, openDelegation } from '../../src/permit/delegation.ts'
import { openInvocation, sealInvocation } from '../../src/permit/invocation.ts'
import { policyOf } from '../../src/permit/policy.ts'
import { QUOTA_FIELDS, type QuotaField } from '../../src/permit/quota.ts'
import { policyOfTerms, termsOf } from '../../src/permit/terms.ts'
import {
  administrator,
  author,
  chainOf,
  DAY_MS,
  grant,
  launcher,
  NOW_MS,
  operator,
  random,
  root,
  stranger,
  verifier,
} from './people.ts'

const ARGUMENT = { fuel: 10, calls: ['move'] }
const demand = (more: Partial<Demand> = {}): Demand => ({
  roots: new Set([root.did]),
  audience: launcher.did,
  command: '/agent/run',
  argument: ARGUMENT,
  nowMs: NOW_MS,
  isRevoked: () => false,
  ...more,
})
const verify = (chain: readonly Uint8Array[], more: Partial<Demand> = {}) =>
  verifyPermit({ verifier, chain, ...demand(more) })

describe('a permit', () => {
  it('is a chain from a root that the host knows to whoever shows it', async () => {
    const chain = await chainOf(4, (at) => ({ expiresMs: NOW_MS + (5 - at) * DAY_MS }))
    const verified = await verify(chain)
    if (!verified.ok) return expect.fail(verified.reason)
    expect(verified.value).toMatchObject({
      root: root.did,
      holder: launcher.did,
      issuers: [root, administrator, operator, author].map(({ did }) => did),
      expiresMs: NOW_MS + 2 * DAY_MS,
    })
    expect(verified.value.permits).toHaveLength(4)
  })

  it('is not needed by a root itself', async () => {
    expect(await verify([], { audience: root.did })).toMatchObject({ ok: true, value: { root: root.did, permits: [] } })
    expect(await verify([], { audience: stranger.did })).toMatchObject({ ok: false, code: 'ROOT' })
  })

  it('gives the least that any of its links gives', async () => {
    const fuel = [500, 900, 300, 800]
    const calls = [CALLS, ['move', 'emit', 'fork'], ['emit', 'move'], ['move', 'read']] as const
    const chain = await chainOf(4, (at) => ({
      policy: policyOfTerms({ quota: { fuel: fuel[at] ?? 0, hops: 10 * (at + 1) }, calls: calls[at] ?? [] }),
    }))
    const verified = await verify(chain, { argument: { fuel: 300, hops: 1, calls: ['move'] } })
    if (!verified.ok) return expect.fail(verified.reason)
    expect(verified.value.terms).toMatchObject({ fuel: 300, hops: 10, calls: ['move'] })
    expect(await verify(chain, { argument: { fuel: 301, hops: 1, calls: ['move'] } })).toMatchObject({ code: 'POLICY' })
    expect(await verify(chain, { argument: { fuel: 1, hops: 1, calls: ['emit'] } })).toMatchObject({ code: 'POLICY' })
  })

  it('is read back as it was meant, whoever wrote the statement', () => {
    const terms = termsOf([
      policyOf([
        ['<', '.fuel', 11],
        [
          'and',
          [
            ['<=', '.hops', 7],
            ['==', '.children', 3],
          ],
        ],
        [
          'or',
          [
            ['<=', '.memoryBytes', 1],
            ['>', '.memoryBytes', 0],
          ],
        ],
        ['all', '.calls', ['not', ['like', '.', '*o*']]],
      ]),
    ])
    expect(terms).toMatchObject({ fuel: 10, hops: 7, children: 3, memoryBytes: Number.MAX_SAFE_INTEGER })
    expect(terms.calls).toEqual(['self', 'emit', 'asset', 'read', 'seal', 'unseal', 'send', 'receive', 'register'])
  })
})

describe('a chain is refused', () => {
  const third = async (change: Parameters<typeof grant>[1], giver = operator) => {
    const [first, second, , fourth] = await chainOf(4)
    const changed = await grantPermit(giver, grant(author.did, change))
    return [first, second, changed, fourth].flatMap((bytes) => bytes ?? [])
  }
  it.each([
    ['when a link has expired, at that very moment', { expiresMs: NOW_MS }, 'EXPIRED'],
    ['when a link is not in force yet', { notBeforeMs: NOW_MS + 1000 }, 'TOO_EARLY'],
    ['when a link is for something else', { command: '/agent/command' }, 'COMMAND'],
    ['when a link is for a word that only begins alike', { command: '/agent/ru' }, 'COMMAND'],
    ['when a link is about somebody else', { subject: stranger.did }, 'SUBJECT'],
    ['when a link was given to somebody else', { audience: stranger.did }, 'AUDIENCE'],
    ['when a policy does not hold', { policy: policyOf([['<=', '.fuel', 9]]) }, 'POLICY'],
    ['when a policy asks for what the argument does not say', { policy: policyOf([['==', '.tier', 'x']]) }, 'POLICY'],
  ])('%s', async (_what, change, code) => {
    expect(await verify(await third(change))).toMatchObject({ ok: false, code })
  })

  it('when a link is given by somebody who was not given the one before', async () => {
    expect(await verify(await third({}, stranger))).toMatchObject({ ok: false, code: 'AUDIENCE' })
  })

  it('when a link is missing, twice there, or in another place', async () => {
    const [a, b, c, d] = (await chainOf(4)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    for (const chain of [
      [a, b, d],
      [a, b, b, c, d],
      [a, c, b, d],
      [b, c, d],
      [a, b, c],
      [d, c, b, a],
    ])
      expect((await verify(chain)).ok).toBe(false)
  })

  it('when its first link is a stranger\u2019s, or speaks in another\u2019s name', async () => {
    const own = await grantPermit(stranger, grant(launcher.did, { subject: stranger.did }))
    expect(await verify([own])).toMatchObject({ ok: false, code: 'ROOT' })
    expect(await verify([await grantPermit(stranger, grant(launcher.did))])).toMatchObject({ ok: false, code: 'CLAIM' })
    expect(await verify([await grantPermit(root, grant(launcher.did, { subject: null }))])).toMatchObject({
      ok: false,
      code: 'CLAIM',
    })
  })

  it('when whoever shows it is not whom it was given to', async () => {
    expect(await verify(await chainOf(4), { audience: stranger.did })).toMatchObject({ ok: false, code: 'AUDIENCE' })
  })

  it('when one of its links was taken back, by somebody who may', async () => {
    const chain = await chainOf(4)
    const opened = await openChain(verifier, chain)
    if (!opened.ok) return expect.fail(opened.reason)
    for (const [at, { cid }] of opened.value.entries()) {
      const asked: unknown[] = []
      const isRevoked: Demand['isRevoked'] = (permit, issuers) => permit === cid && asked.push(issuers) > 0
      expect(checkPermit(opened.value, demand({ isRevoked }))).toMatchObject({ ok: false, code: 'REVOKED' })
      expect(asked).toEqual([[root, administrator, operator, author].slice(0, at + 1).map(({ did }) => did)])
    }
  })

  it('when it is longer than a chain may be, before a signature is looked at', async () => {
    const one = await grantPermit(root, grant(root.did))
    const chain = Array.from({ length: 8 }, () => one)
    expect(await verify(chain, { audience: root.did })).toMatchObject({ ok: true })
    expect(await verify([...chain, one], { audience: root.did })).toMatchObject({ ok: false, code: 'CHAIN_LENGTH' })
  })
})

describe('hostile bytes', () => {
  it('are refused when a link is larger than a link may be', async () => {
    const padded = (bytes: number) => grantPermit(root, grant(launcher.did, { meta: { note: 'x'.repeat(bytes) } }))
    const most = 8 * 1024 - (await padded(1000)).length + 1000
    expect(await verify([await padded(most)])).toMatchObject({ ok: true })
    expect(await verify([await padded(most + 1)])).toMatchObject({ ok: false, code: 'SIZE' })
  })

  const tampered: readonly [string, (payload: Record<string, unknown>) => unknown][] = [
    ['an unknown field', (payload) => ({ ...payload, more: 1 })],
    ['no expiry at all', ({ exp: _gone, ...payload }) => payload],
    ['a nonce of too few bytes', (payload) => ({ ...payload, nonce: new Uint8Array(11) })],
    ['a date beyond the year 9999', (payload) => ({ ...payload, exp: 253_402_300_800 })],
    ['a fraction of a second', (payload) => ({ ...payload, exp: 1.5 })],
    ['a command in capitals', (payload) => ({ ...payload, cmd: '/Agent' })],
    ['a command that ends in a slash', (payload) => ({ ...payload, cmd: '/agent/' })],
    [
      'a small-order key',
      (payload) => ({ ...payload, aud: 'did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP' }),
    ],
  ]
  it.each(tampered)('with %s are refused, though they are signed', async (_what, change) => {
    const decoded = decode(await grantPermit(root, grant(launcher.did)))
    const [, body] = (decoded.ok ? decoded.value : []) as [unknown, Record<string, Record<string, unknown>>]
    const map = { ...body, 'ucan/dlg@1.0.0': change(body['ucan/dlg@1.0.0'] ?? {}) }
    const bytes = encode([await root.sign('ucan', encode(map)), map])
    expect(await openDelegation(verifier, bytes)).toMatchObject({ ok: false, code: 'SHAPE' })
  })

  it('never verify with any byte of a chain changed, cut or added', async () => {
    const chain = await chainOf(3)
    const audience = author.did
    expect(await verify(chain, { audience })).toMatchObject({ ok: true })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(2),
        async (which, at, flip, how) => {
          const changed = chain.map((bytes, link) => {
            if (link !== which) return bytes
            const place = at % bytes.length
            if (how === 0) return bytes.map((byte, index) => (index === place ? byte ^ flip : byte))
            if (how === 1) return concatBytes(bytes.subarray(0, place), bytes.subarray(place + 1))
            return concatBytes(bytes.subarray(0, place), Uint8Array.of(flip), bytes.subarray(place))
          })
          expect((await verify(changed, { audience })).ok).toBe(false)
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('a chain of any length', () => {
  const quota = fc.record(
    Object.fromEntries(QUOTA_FIELDS.map((field) => [field, fc.nat(1000)])) as Record<QuotaField, fc.Arbitrary<number>>,
    { requiredKeys: [] },
  )
  const link = fc.record({ quota, calls: fc.option(fc.subarray([...CALLS])), hours: fc.integer({ min: 1, max: 48 }) })

  it('never grants more than its root does, nor than any of its links', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(link, { minLength: 1, maxLength: 4 }), async (links) => {
        const chain = await chainOf(links.length, (at) => {
          const { quota = {}, calls, hours = 1 } = links[at] ?? {}
          return {
            policy: policyOfTerms({ quota, ...(calls && { calls }) }),
            expiresMs: NOW_MS + hours * 3600_000,
          }
        })
        const opened = await openChain(verifier, chain)
        if (!opened.ok) return expect.fail(opened.reason)
        const audience = opened.value.at(-1)?.audience ?? root.did
        const most = termsOf(opened.value.map(({ policy }) => policy))
        const allowed = checkPermit(opened.value, demand({ audience, argument: most }))
        if (!allowed.ok) return expect.fail(allowed.reason)
        for (const { quota, calls: listed, hours } of links) {
          for (const field of QUOTA_FIELDS) expect(most[field]).toBeLessThanOrEqual(quota[field] ?? most[field])
          if (listed) for (const call of most.calls) expect(['self', ...listed]).toContain(call)
          expect(allowed.value.expiresMs).toBeLessThanOrEqual(NOW_MS + hours * 3600_000)
        }
        for (const field of QUOTA_FIELDS) {
          if (most[field] === Number.MAX_SAFE_INTEGER) continue
          const argument = { ...most, [field]: most[field] + 1 }
          expect(checkPermit(opened.value, demand({ audience, argument }))).toMatchObject({ code: 'POLICY' })
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a signature of a permit', () => {
  it('is none of anything else that a key signs, nor the other way round', async () => {
    const signed = encode({ h: UCAN_HEAD.subarray(4), 'ucan/dlg@1.0.0': {} })
    for (const domain of DOMAINS) {
      if (domain === 'ucan') continue
      const message = signedMessage(domain, signed)
      expect(message[0]).toBe('s'.charCodeAt(0))
      expect(await verifier.verify(root.did, 'ucan', message, await root.sign(domain, signed))).toBe(false)
      expect(await verifier.verify(root.did, domain, signed, await root.sign('ucan', signed))).toBe(false)
    }
    expect(signedMessage('ucan', signed)).toEqual(signed)
    const envelope = await sealEnvelope(root, 'launch', { a: 1 })
    expect(await openDelegation(verifier, envelope)).toMatchObject({ ok: false })
    expect(await openEnvelope(verifier, 'launch', await grantPermit(root, grant(launcher.did)))).toMatchObject({
      ok: false,
    })
  })

  it('is never made over bytes that do not say that they are a permit', async () => {
    await expect(async () => root.sign('ucan', utf8('sojourn/v1/vote'))).rejects.toThrow(
      'a permit begins with its head',
    )
  })

  it('of an invocation is none of a delegation', async () => {
    const use = {
      subject: root.did,
      command: '/ucan/revoke',
      argument: {},
      proofs: [],
      expiresMs: null,
      nonce: random.bytes(16),
    }
    const bytes = await sealInvocation(root, use)
    expect(await openInvocation(verifier, bytes)).toMatchObject({ ok: true, value: { issuer: root.did } })
    expect(await openDelegation(verifier, bytes)).toMatchObject({ ok: false, code: 'SHAPE' })
    expect(await openInvocation(verifier, await grantPermit(root, grant(launcher.did)))).toMatchObject({
      code: 'SHAPE',
    })
  })
})
