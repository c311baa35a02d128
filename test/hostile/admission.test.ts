import { describe, expect, it } from 'vitest'
import { cborCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type Admission, parseAdmission } from '../../src/host/admission.ts'
import type { HostOptions } from '../../src/host/host.ts'
import { INIC_MS_MAX } from '../../src/host/limits.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { grantPermit } from '../../src/permit/delegation.ts'
import { policyOf } from '../../src/permit/policy.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Mandate } from '../../src/wire/statements.ts'
import { author, Cluster, type ClusterHost, didOfSeed } from '../host/cluster.ts'
import { introduction } from '../host/introduction.ts'
import { refusal, strangerAt } from './stranger.ts'

const admin = createSigner(generateSecretKey(seededRandom(77)))
const administrators = [admin.did]
/** When a cluster begins. */
const NOW_MS = new Cluster().time.wallMs()
const DAY_MS = 24 * 3_600_000

function rules(text: string): Admission {
  const admission = parseAdmission(text)
  if (!admission.ok) throw new Error(admission.reason)
  return admission.value
}

const invitation = (
  to: Did,
  { by = admin, forMs = DAY_MS, kind }: { by?: Signer; forMs?: number; kind?: string } = {},
): Promise<Uint8Array> =>
  grantPermit(by, {
    audience: to,
    subject: by.did,
    command: '/host/join',
    policy: policyOf(kind === undefined ? [] : [['==', '.kind', kind]]),
    expiresMs: NOW_MS + forMs,
    nonce: seededRandom(5).bytes(16),
  })

/** Whether host 1, with these rules, and host 2 let each other in; and why host 2 was not. */
async function meeting(text: string, options: Partial<HostOptions> = {}, own: Partial<HostOptions> = {}) {
  const world = new Cluster()
  const one = await world.start(1, { administrators, admission: rules(text), ...own })
  const two = await world.start(2, options)
  await world.time.advance(5_000)
  return { world, one, two, ground: groundOf(one, two.did), refusals: two.host.snapshot().refusals }
}

const groundOf = ({ host }: ClusterHost, did: Did): string | null =>
  host.snapshot().acquaintances.find(({ id }) => id === did)?.ground ?? null

describe('a host', () => {
  it('that is open lets anybody in, and says so', async () => {
    expect((await meeting('open')).ground).toBe('open')
  })

  it('that is closed lets in whom its owner has named, and nobody else', async () => {
    expect((await meeting('closed', {}, { statics: [didOfSeed(2)] })).ground).toBe('static')
    const { ground, refusals, two, one } = await meeting('closed')
    expect(ground).toBeNull()
    expect(groundOf(two, one.did)).toBeNull()
    expect(refusals).toEqual([
      { id: one.did, code: 'NOT_ADMITTED', reason: 'this host lets in no edge that its owner has not named' },
    ])
  })

  it('that wants invitations lets in who has one, of an administrator, for itself and now', async () => {
    const of = async (options: Parameters<typeof invitation>[1], to = didOfSeed(2)) => {
      const { ground, refusals } = await meeting('invited', { invitation: [await invitation(to, options)] })
      return ground ?? refusals[0]?.reason
    }
    expect(await of({})).toBe('invited')
    expect(await of({ kind: 'edge' })).toBe('invited')
    expect(await of({ kind: 'tab' })).toContain('does not hold')
    expect(await of({ by: author })).toContain('is not a root that this host knows')
    expect(await of({}, didOfSeed(3))).toContain('not to')
    expect(await of({ forMs: -2_000 })).toContain('expired')
    const { refusals } = await meeting('invited')
    expect(refusals).toMatchObject([{ code: 'NOT_ADMITTED', reason: 'an invitation is needed to join' }])
  })

  it('sends away whom it let in with an invitation that is over, or was taken back', async () => {
    const ends = await meeting('invited', { invitation: [await invitation(didOfSeed(2), { forMs: 20_000 })] })
    await ends.world.time.advance(100_000)
    expect(groundOf(ends.one, ends.two.did)).toBeNull()
    expect(ends.two.host.snapshot().refusals[0]?.reason).toContain('expired')

    const bytes = await invitation(didOfSeed(2))
    const taken = await meeting('invited', { invitation: [bytes] })
    const statement = { type: 'revocation', permit: cborCid(bytes), reason: 'lost', issuedMs: 1 } as const
    const revocation = await createAuthority(admin, createVerifier()).seal(statement)
    await taken.one.host.ask(taken.one.did, 'publish', { notice: { kind: 'revocation', revocation } })
    await taken.world.time.advance(1_000)
    expect(groundOf(taken.one, taken.two.did)).toBeNull()
    await taken.world.time.advance(70_000)
    expect(groundOf(taken.one, taken.two.did)).toBeNull()
    expect(taken.two.host.snapshot().refusals[0]?.reason).toContain('revoked')
  })

  it('can mix them by rule', async () => {
    const text = `static, invited by ${author.did}, else open for tabs only`
    expect((await meeting(text, { kind: 'tab' })).ground).toBe('open')
    expect((await meeting(text)).ground).toBeNull()
    const by = [await invitation(didOfSeed(2), { by: author })]
    expect((await meeting(text, { invitation: by })).ground).toBe('invited')
    expect((await meeting(text, { invitation: [await invitation(didOfSeed(2))] })).ground).toBeNull()
  })

  it('that is closed lets in launchers of those whose programs run there anyway, and for that alone', async () => {
    const speak = async (kind: 'launcher' | 'edge', by = author, host = didOfSeed(2)) => {
      const statement: Mandate = { type: 'mandate', host, expiresMs: NOW_MS + DAY_MS }
      const mandate = await createAuthority(by, createVerifier()).seal<Mandate>(statement)
      return (await meeting('closed', { kind, mandate })).ground
    }
    expect(await speak('launcher')).toBe('author')
    expect(await speak('launcher', admin)).toBe('static')
    expect(await speak('edge')).toBeNull()
    expect(await speak('launcher', author, didOfSeed(3))).toBeNull()
    expect(await speak('launcher', createSigner(generateSecretKey(seededRandom(8))))).toBeNull()
  })
})

describe('a stranger', () => {
  it('gets no answer to anything before INIC, and is hung up on when none comes', async () => {
    const world = new Cluster()
    await world.start(1)
    const silent = await strangerAt(world, 1, undefined, { isSilent: true })
    for (const [name, body] of [
      ['status', {}],
      ['locate', { agent: `${silent.did.slice(8)}.1.1` }],
      ['fetch', { transfer: 1, agent: null, names: new Uint8Array(), against: new Uint8Array() }],
      ['reconcile', { from: 0, marks: new Uint8Array(1_024) }],
    ] as const)
      expect(refusal(await silent.ask(name, body))).toBe('NOT_ADMITTED: INIC comes first')
    await world.time.advance(INIC_MS_MAX + 2_000)
    expect(await silent.session.closed).toMatchObject({ code: 'CLOSED_THERE' })
  })

  it('cannot come with the description of another host, or of another age', async () => {
    const world = new Cluster()
    await world.start(1)
    const one = await strangerAt(world, 1, undefined, { isSilent: true })
    const other = createAuthority(admin, createVerifier())
    expect(refusal(await one.ask('inic', await introduction(other)))).toBe(
      'NOT_ADMITTED: it brings the description of another host',
    )
    await world.time.advance(5_000)
    const two = await strangerAt(world, 1, undefined, { isSilent: true, key: 9 })
    expect(refusal(await two.ask('inic', await introduction(two.authority, { age: 2 })))).toBe(
      'NOT_ADMITTED: it is described at age 2, and comes at 1',
    )
  })
})

describe('a host that was set back', () => {
  it('to an old copy of its disk is refused, also when it starts again and again', async () => {
    const world = new Cluster()
    const one = await world.start(1)
    await world.start(2)
    const copy = await copyOf(await world.kill(2))
    const disk = await world.start(2, {}, await copyOf(copy)).then(() => world.kill(2))
    const now = await world.start(2, {}, disk)
    await world.time.advance(5_000)
    expect(now.host.age).toBe(3)
    expect(groundOf(one, now.did)).toBe('open')
    await world.kill(2)

    let restored = copy
    for (const [age, reason] of [
      [2, 'age 2 < 3'],
      [3, 'its age 3 was another life'],
      [4, 'its age 3 was another life'],
    ] as const) {
      const back = await world.start(2, {}, restored)
      await world.time.advance(70_000)
      expect(back.host.age).toBe(age)
      expect(groundOf(one, back.did)).toBeNull()
      expect(back.host.snapshot().refusals).toMatchObject([{ code: 'OLD_AGE' }])
      expect(back.host.snapshot().refusals[0]?.reason).toContain(reason)
      restored = await world.kill(2)
    }
    const good = await world.start(2, {}, disk)
    await world.time.advance(70_000)
    expect(groundOf(one, good.did)).toBe('open')
  })

  it('is known for it after a restart of those who met it', async () => {
    const world = new Cluster()
    await world.start(1)
    await world.start(2)
    await world.time.advance(5_000)
    await world.kill(2)
    const again = await world.start(1, {}, await world.kill(1))
    const fresh = await world.start(2, {}, new MemoryDisk())
    await world.time.advance(5_000)
    expect(groundOf(again, fresh.did)).toBeNull()
    expect(fresh.host.snapshot().refusals).toMatchObject([{ code: 'OLD_AGE' }])
  })
})

/** A backup of a disk that no host has open. */
async function copyOf(disk: MemoryDisk): Promise<MemoryDisk> {
  const copy = new MemoryDisk()
  const [from, to] = [await disk.open(), await copy.open()]
  for (const key of await from.list('')) await to.commit([{ key, value: await from.read(key) }])
  await from.close()
  await to.close()
  return copy
}

it('a host that leaves INIC unanswered loses the session, and is met again when it does answer', async () => {
  const world = new Cluster()
  const one = await world.start(1)
  const busy = await strangerAt(world, 1, undefined, { isBusy: true })
  await world.time.advance(INIC_MS_MAX + 2_000)
  expect(await busy.session.closed).toMatchObject({ code: 'CLOSED_THERE' })
  expect(groundOf(one, busy.did)).toBeNull()
  const again = await strangerAt(world, 1)
  expect(groundOf(one, again.did)).toBe('open')
})
