import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Notice } from '../../src/wire/notices.ts'
import { author, Cluster, type ClusterHost } from '../host/cluster.ts'
import { refusal, strangerAt } from './stranger.ts'

/** A key against which a notice stands, as a host, as an author, as a launcher; and notices that somebody made up. */
const adminSigner = createSigner(generateSecretKey(seededRandom(77)))
const admin = createAuthority(adminSigner, createVerifier())
const administrators = [admin.did]

const banOf = async (subject: ClusterHost['did'], signer = admin): Promise<Notice> => ({
  kind: 'ban',
  ban: await signer.seal({ type: 'ban', subject, reason: 'it doubled an agent', issuedMs: 1 }),
})

/** Of hosts that were started here, strangers left out. */
const see = ({ host }: ClusterHost): readonly string[] =>
  host.snapshot().acquaintances.flatMap(({ id, name }) => (name.startsWith('host ') ? [id] : []))

describe('a host that is banned', { timeout: 20_000 }, () => {
  it('loses its sessions at once, hears why, and is not dealt with again', async () => {
    const world = new Cluster()
    const one = await world.start(1, { administrators })
    const two = await world.start(2, { administrators })
    const villain = await world.start(3, { administrators })
    await world.time.advance(5_000)
    expect(see(one)).toContain(villain.did)
    const operator = await strangerAt(world, 1)
    expect(refusal(await operator.ask('publish', { notice: await banOf(villain.did) }))).toBe('reply')
    await world.time.advance(10_000)
    expect([see(one), see(two)]).toEqual([[two.did], [one.did]])
    expect(await settled(world, villain.host.ask(two.did, 'status', {}))).toMatchObject({ ok: false, code: 'BANNED' })
    expect(await settled(world, one.host.ask(villain.did, 'status', {}))).toMatchObject({ ok: false, code: 'BANNED' })
  })

  it('stays so over a restart of those who know it, and for those who were away', async () => {
    const world = new Cluster()
    await world.start(1, { administrators })
    const two = await world.start(2, { administrators })
    const villain = await world.start(3)
    await world.time.advance(5_000)
    const disk = await world.kill(1)
    const operator = await strangerAt(world, 2)
    await operator.ask('publish', { notice: await banOf(villain.did) })
    const again = await world.start(1, { administrators }, disk)
    await world.time.advance(10_000)
    expect(see(again)).toEqual([two.did])
    const twice = await world.start(1, { administrators }, await world.kill(1))
    await world.kill(2)
    await world.time.advance(10_000)
    expect(see(twice)).toEqual([])
  })

  it('runs nothing of ours any more: its home takes the agent back and it ends elsewhere', async () => {
    const world = new Cluster()
    const home = await world.start(1, { administrators, kind: 'launcher', slots: 0 })
    const villain = await world.start(3, { administrators })
    await world.time.advance(5_000)
    const agent = await world.launch(home.host, { steps: 9_000, emitEvery: 5_000 })
    await world.time.advance(1_000)
    expect(world.holders(agent)).toEqual([3])
    const other = await world.start(2, { administrators })
    await world.time.advance(2_000)
    const operator = await strangerAt(world, 1)
    await operator.ask('publish', { notice: await banOf(villain.did) })
    await world.time.advance(1_000)
    expect(see(home)).toEqual([other.did])
    expect(await world.ended(home.host, agent)).toMatchObject({ ok: true })
    expect(home.host.story(agent, 0)?.row.holder).toBe(other.did)
  })
})

describe('an author or launcher who is banned', { timeout: 20_000 }, () => {
  it('has no agent left, and home says why', async () => {
    const world = new Cluster()
    const home = await world.start(1, { administrators, kind: 'launcher', slots: 0 })
    await world.start(2, { administrators })
    await world.time.advance(5_000)
    const agent = await world.launch(home.host, { steps: 1e9, emitEvery: 1e9 })
    await world.time.advance(3_000)
    expect(world.holders(agent)).toEqual([2])
    const operator = await strangerAt(world, 2)
    await operator.ask('publish', { notice: await banOf(author.did) })
    await world.time.advance(2_000)
    expect(world.holders(agent)).toEqual([])
    const ended = await world.ended(home.host, agent)
    expect(ended).toMatchObject({ ok: false, value: { code: 'BANNED' } })
    await expect(world.launch(home.host, { steps: 1, emitEvery: 1 })).rejects.toMatchObject({ code: 'BANNED' })
    await world.time.advance(10_000)
    for (const { host } of world.hosts.values()) expect(host.snapshot().agents).toEqual([])
  })

  it('has no agent left anywhere where it was home: what it launched ends without it', async () => {
    const world = new Cluster()
    const home = await world.start(1, { kind: 'launcher', slots: 0 })
    const edge = await world.start(2, { administrators })
    await world.time.advance(5_000)
    await world.launch(home.host, { steps: 1e9, emitEvery: 1e9 })
    await world.time.advance(3_000)
    expect(edge.host.snapshot().agents).toHaveLength(1)
    const operator = await strangerAt(world, 2)
    await operator.ask('publish', { notice: await banOf(home.did) })
    await world.time.advance(2_000)
    expect(edge.host.snapshot().agents).toEqual([])
  })
})

describe('a notice that somebody made up', () => {
  it('by a key that does not administer is refused by name and told to nobody', async () => {
    const world = new Cluster()
    const one = await world.start(1, { administrators })
    const two = await world.start(2, { administrators })
    await world.time.advance(5_000)
    const stranger = await strangerAt(world, 1)
    const notice = await banOf(two.did, stranger.authority)
    expect(refusal(await stranger.ask('publish', { notice }))).toMatch(/^NOT_AUTHORISED: .* no administrator here$/)
    stranger.session.send({ kind: 'async', name: 'notices', body: { notices: Array(16).fill(notice) } })
    await world.time.advance(5_000)
    expect([see(one), see(two)]).toMatchObject([[two.did], [one.did]])
    expect(await (await (await world.kill(1)).open()).list('notice/')).toEqual([])
  })

  it('in an administrator’s name ends the session', async () => {
    const world = new Cluster()
    const one = await world.start(1, { administrators })
    const two = await world.start(2, { administrators })
    await world.time.advance(5_000)
    const stranger = await strangerAt(world, 1)
    const notice = await banOf(two.did)
    if (notice.kind !== 'ban') throw new Error()
    const envelope = Uint8Array.from(notice.ban.envelope)
    envelope[envelope.length - 80] = (envelope[envelope.length - 80] ?? 0) ^ 1
    const forged: Notice = { kind: 'ban', ban: { ...notice.ban, envelope } }
    stranger.session.send({ kind: 'async', name: 'notices', body: { notices: [forged] } })
    await world.time.advance(500)
    expect(see(one)).toEqual([two.did])
    expect(await stranger.session.closed).toMatchObject({ code: 'CLOSED_THERE' })
  })

  it('of too many bytes, or too many in one message, ends the session', async () => {
    for (const notices of [
      [{ kind: 'ban', ban: { statement: {}, signer: '', envelope: new Uint8Array(2_049) } }],
      Array(17).fill(await banOf(author.did)),
    ]) {
      const world = new Cluster()
      await world.start(1, { administrators })
      const stranger = await strangerAt(world, 1)
      stranger.session.send({ kind: 'async', name: 'notices', body: { notices } } as never)
      await world.time.advance(500)
      expect(await stranger.session.closed).toMatchObject({ code: 'CLOSED_THERE' })
    }
  })
})

async function settled<T>(world: Cluster, promise: Promise<T>): Promise<T | null> {
  let value: T | null = null
  void promise.then((answer) => {
    value = answer
  })
  await world.time.advance(6_000)
  return value
}
