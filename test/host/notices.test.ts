import { describe, expect, it } from 'vitest'
import { encode } from '../../src/base/codec.ts'
import { cborCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../../src/host/events.ts'
import { DEFAULT_POLICY, NOTICES_BY_ISSUER_MAX, PROOFS_MAX } from '../../src/host/limits.ts'
import { step } from '../../src/host/machine.ts'
import { newState } from '../../src/host/new-state.ts'
import { isBanned, isRevoked, noteIssuers } from '../../src/host/notices.ts'
import type { HostState } from '../../src/host/state.ts'
import type { Did } from '../../src/identity/did.ts'
import type { Notice } from '../../src/wire/notices.ts'
import type { Release, Sealed } from '../../src/wire/statements.ts'
import { authorityFor } from '../wire/world.ts'
import { introduction, letIn } from './introduction.ts'

const [admin, other, villain, neighbour] = [1, 2, 3, 4].map(authorityFor) as [A, A, A, A]
type A = ReturnType<typeof authorityFor>
const self = authorityFor(9)
const permit = cborCid(encode('a permit'))

function host(administrators: readonly Did[] = [admin.did]): HostState {
  const state = newState({
    self: self.did,
    age: 1,
    kind: 'edge',
    name: 'test',
    slots: 1,
    engineIds: [],
    policy: DEFAULT_POLICY,
    trusted: [self.did],
    roots: [],
    operators: [self.did],
    administrators: [self.did, ...administrators],
  })
  for (const { did } of [neighbour, admin]) letIn(state, did)
  return state
}

const send = (state: HostState, event: HostEvent): HostEffect[] =>
  step(state, event, { nowMs: 5, wallMs: 5 }, seededRandom(1))
const hear = (state: HostState, ...notices: Notice[]): HostEffect[] =>
  send(state, { kind: 'told', from: neighbour.did, name: 'notices', body: { notices } })
const recordsIn = (effects: readonly HostEffect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === 'persist' ? effect.writes.map(({ key }) => key) : []))

const banBy = async (signer: A, subject: Did): Promise<Notice> => ({
  kind: 'ban',
  ban: await signer.seal({ type: 'ban', subject, reason: 'it lies', issuedMs: 1 }),
})
const revocationBy = async (signer: A, of = permit): Promise<Notice> => ({
  kind: 'revocation',
  revocation: await signer.seal({ type: 'revocation', permit: of, reason: 'lost', issuedMs: 1 }),
})
const release = (signer: A, to: Did, epoch = 3): Promise<Sealed<Release>> =>
  signer.seal({
    type: 'release',
    agent: agentId({ home: other.did, age: 1, sequence: 1 }),
    epoch,
    holding: { holder: to, checkpoint: null, witnesses: [other.did], history: null },
    reason: 'move',
    previous: permit,
    ready: permit,
  })
const doubled = async (signer: A): Promise<Notice> => ({
  kind: 'equivocation',
  of: 'release',
  first: await release(signer, other.did),
  second: await release(signer, admin.did),
})

describe('a notice', () => {
  it('by an administrator bans, is kept before anything else and comes back after a restart', async () => {
    const state = host()
    const effects = hear(state, await banBy(admin, villain.did))
    expect(isBanned(state, villain.did)).toBe(true)
    expect(effects[0]).toMatchObject({ kind: 'persist' })
    const again = host()
    const [persisted] = effects
    if (persisted?.kind !== 'persist') throw new Error('nothing is kept')
    send(again, { kind: 'restored', records: new Map(persisted.writes.map(({ key, value }) => [key, value])) })
    expect(isBanned(again, villain.did)).toBe(true)
  })

  it('by anybody else does nothing and is neither kept nor passed on', async () => {
    const state = host()
    await meet(state, other)
    const effects = hear(state, await banBy(other, villain.did), await revocationBy(villain))
    expect(isBanned(state, villain.did)).toBe(false)
    expect(isRevoked(state, permit, [villain.did])).toBe(false)
    expect(effects).toEqual([])
  })

  it('is passed on once, to all but who brought it', async () => {
    const state = host()
    await meet(state, neighbour)
    await meet(state, other)
    const ban = await banBy(admin, villain.did)
    expect(tellings(hear(state, ban))).toEqual([other.did])
    expect(hear(state, ban)).toEqual([])
    expect(hear(state, { ...(await banBy(admin, villain.did)) })).toEqual([])
  })

  it('bans neither the host itself nor an administrator', async () => {
    const state = host([admin.did, other.did])
    hear(state, await banBy(admin, self.did), await banBy(admin, other.did), await doubled(other))
    expect([isBanned(state, self.did), isBanned(state, other.did)]).toEqual([false, false])
  })

  it('that proves itself bans whoever signed both, and nothing less does', async () => {
    const state = host()
    const [first, second] = [await release(villain, other.did), await release(villain, admin.did)]
    hear(
      state,
      { kind: 'equivocation', of: 'release', first, second: first },
      { kind: 'equivocation', of: 'release', first, second: await release(other, admin.did) },
      { kind: 'equivocation', of: 'release', first, second: await release(villain, admin.did, 4) },
    )
    expect(isBanned(state, villain.did)).toBe(false)
    hear(state, { kind: 'equivocation', of: 'release', first, second })
    expect(isBanned(state, villain.did)).toBe(true)
  })

  it('takes a permit back where the signer issued it or one above it, and for nobody else', async () => {
    const state = host()
    hear(state, await revocationBy(other))
    expect(isRevoked(state, permit, [other.did])).toBe(false)
    const turn = {
      state,
      nowMs: 0,
      wallMs: 0,
      random: seededRandom(1),
      effects: [],
      writes: new Map(),
      soon: new Map(),
    }
    noteIssuers(turn, [other.did])
    hear(state, await revocationBy(other))
    expect(isRevoked(state, permit, [admin.did, other.did])).toBe(true)
    expect(isRevoked(state, permit, [admin.did])).toBe(false)
  })

  it('is not taken back by any message, nor by another notice', async () => {
    const state = host()
    hear(state, await banBy(admin, villain.did))
    hear(state, await banBy(admin, villain.did), await revocationBy(admin, cborCid(encode(['ban', villain.did]))))
    send(state, { kind: 'told', from: admin.did, name: 'notices', body: { notices: [] } })
    expect(isBanned(state, villain.did)).toBe(true)
  })

  it('by an issuer leaves room for those of others', async () => {
    const state = host()
    state.trusted.add(other.did)
    const revocations = await Promise.all(
      Array.from({ length: NOTICES_BY_ISSUER_MAX + 1 }, (_, i) => revocationBy(other, cborCid(encode(i)))),
    )
    for (const notice of revocations) hear(state, notice)
    expect(state.notices.notices.size).toBe(NOTICES_BY_ISSUER_MAX)
    hear(state, await revocationBy(admin))
    expect(isRevoked(state, permit, [admin.did])).toBe(true)
  })

  it('against keys that were never met gives way to the next, against one that was met does not', async () => {
    const state = host()
    await meet(state, villain)
    const real = await doubled(villain)
    hear(state, real)
    if (real.kind !== 'equivocation' || real.of !== 'release') throw new Error()
    // The machine believes signers: the session has verified them.
    const made = (i: number): Notice => {
      const signer = `did:key:made-up-${i}` as Did
      return {
        kind: 'equivocation',
        of: 'release',
        first: { ...real.first, signer },
        second: { ...real.second, signer },
      }
    }
    let written = 0
    for (let i = 0; i < PROOFS_MAX + 50; i++) written += recordsIn(hear(state, made(i))).length
    expect(state.notices.notices.size).toBe(PROOFS_MAX)
    expect(isBanned(state, villain.did)).toBe(true)
    expect(isBanned(state, 'did:key:made-up-0' as Did)).toBe(false)
    // Each that goes is deleted in the commit of the one that comes.
    expect(written).toBe(PROOFS_MAX - 1 + 2 * 51)
  })
})

async function meet(state: HostState, host: A): Promise<void> {
  letIn(state, host.did)
  send(state, { kind: 'asked', from: host.did, handle: 1, name: 'inic', body: await introduction(host) })
}

const tellings = (effects: readonly HostEffect[]): Did[] =>
  effects.flatMap((effect) => (effect.kind === 'tell' && effect.name === 'notices' ? [effect.to] : []))
