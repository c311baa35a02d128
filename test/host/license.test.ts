import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { HostOptions } from '../../src/host/host.ts'
import { TICK_MS } from '../../src/host/limits.ts'
import { openPermits } from '../../src/host/sign-order.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { openDelegation } from '../../src/permit/delegation.ts'
import { policyOf } from '../../src/permit/policy.ts'
import { policyOfTerms } from '../../src/permit/terms.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { CommandOrder, Revocation } from '../../src/wire/statements.ts'
import { author, Cluster, type ClusterHost, importProgram } from './cluster.ts'
import { leaveOf } from './licenses.ts'

/** Who may launch what, where: hosts know authors and roots, and everybody else shows a permit. */
const person = (seed: number): Signer => createSigner(generateSecretKey(seededRandom(seed)))
const [root, administrator, newcomer] = [person(201), person(202), person(203)]
const long: CheapProgram = { steps: 8_000, emitEvery: 500 }

/** A home without slots and one edge worker, each as it is told. */
async function pair(home: Partial<HostOptions> = {}, edge: Partial<HostOptions> = {}) {
  const world = new Cluster()
  const first = await world.start(1, { kind: 'launcher', slots: 0, ...home })
  const second = await world.start(2, edge)
  await world.time.advance(4_000)
  return { world, home: first, edge: second }
}

async function launchBy(world: Cluster, home: ClusterHost, permit: readonly Uint8Array[], signer = author) {
  const bundle = await importProgram(home.host, long, signer)
  const launching = home.host.launch(bundle, { permit })
  launching.catch(() => {})
  await world.time.advance(1_500)
  return launching
}

describe('an agent is let in', () => {
  it('by a host that trusts its author, where the author lets its home launch', async () => {
    const { world, home } = await pair()
    const agent = await launchBy(world, home, [await leaveOf(author, home.did)])
    expect(await world.ended(home.host, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })

  it('of an author whom nobody there has heard of, down the line from a root that the host knows', async () => {
    const roots = [root.did]
    const { world, home, edge } = await pair({ trust: [], roots }, { trust: [], roots })
    const chain = [
      await leaveOf(root, administrator.did),
      await leaveOf(administrator, author.did, { subject: root.did }),
      await leaveOf(author, home.did, { subject: root.did }),
    ]
    const agent = await launchBy(world, home, chain)
    expect(world.holders(agent)).toEqual([2])
    expect(await world.ended(home.host, agent)).toEqual({ ok: true, value: cheapTruth(long) })
    // The permit names the author; that of another author is refused before a block but the first has come.
    const elsewhere = await launchBy(world, home, chain, newcomer).catch((error: Error) => error.message)
    expect(elsewhere).toBe(`author ${newcomer.did} is not trusted here`)
    expect(edge.host.snapshot().totals.refused).toBe(0)
  })
})

describe('a host takes no agent', () => {
  const refusals = ({ logs }: ClusterHost): string[] =>
    logs.flatMap((line) => /refused: (.*)$/.exec(line)?.[1]?.replaceAll(/did:key:\w+|baf\w+/g, '…') ?? [])

  it('of a trusted author that somebody else has launched, with an input of their own', async () => {
    const { world, home, edge } = await pair()
    const agent = await launchBy(world, home, [])
    expect(world.holders(agent)).toEqual([])
    expect(refusals(edge)[0]).toBe('UNTRUSTED_AUTHOR: …, by whose leave it runs, is not trusted here')
  })

  it('by a permit that was made out to another home', async () => {
    const { world, home } = await pair()
    const stolen = [await leaveOf(author, newcomer.did)]
    await expect(launchBy(world, home, stolen)).rejects.toThrow(/^AUDIENCE: given to /)
  })

  it('of a trusted author by the leave of another trusted author', async () => {
    const { world, home } = await pair({ trust: [author.did, newcomer.did] })
    const permit = [await leaveOf(newcomer, home.did)]
    await expect(launchBy(world, home, permit)).rejects.toThrow(/^ROOT: .* is not a root that this host knows/)
  })

  it('of another bundle, or for another input, than the permit is for', async () => {
    const { world, home } = await pair()
    const bundle = await importProgram(home.host, { steps: 1, emitEvery: 0 })
    const other = [await leaveOf(author, home.did, { policy: policyOfTerms({ bundle }) })]
    await expect(launchBy(world, home, other)).rejects.toThrow(/^POLICY: .* does not hold: \["==","\.bundle"/)
    const input = [await leaveOf(author, home.did, { policy: policyOf([['==', '.input', bundle]]) })]
    await expect(launchBy(world, home, input)).rejects.toThrow(/^POLICY: .* does not hold: \["==","\.input"/)
  })

  it('by a permit for something else, or one that has expired', async () => {
    const { world, home } = await pair()
    const other = [await leaveOf(author, home.did, { command: '/agent/command' })]
    await expect(launchBy(world, home, other)).rejects.toThrow(/^COMMAND: /)
    const expired = [await leaveOf(author, home.did, { expiresMs: world.time.wallMs() })]
    await expect(launchBy(world, home, expired)).rejects.toMatchObject({ code: 'EXPIRED' })
  })
})

describe('what a permit gives', () => {
  it('is the most that an agent may have, wherever it goes and whatever its bundle asks', async () => {
    const { world, home } = await pair()
    const policy = policyOfTerms({ quota: { fuel: 3_000 }, calls: ['emit'] })
    const agent = await launchBy(world, home, [await leaveOf(author, home.did, { policy })])
    expect(await world.ended(home.host, agent)).toEqual({
      ok: false,
      value: { code: 'QUOTA', reason: 'fuel: 3000 used up' },
    })
  })

  it('ends with it: an agent is stopped within a tick, and its home is told why', async () => {
    const { world, home, edge } = await pair()
    const expiresMs = world.time.wallMs() + 3_000
    const agent = await launchBy(world, home, [await leaveOf(author, home.did, { expiresMs })])
    expect(world.holders(agent)).toEqual([2])
    await world.time.advance(expiresMs - world.time.wallMs() + TICK_MS)
    expect(world.holders(agent)).toEqual([])
    expect(await world.ended(home.host, agent, 1_000)).toMatchObject({ ok: false, value: { code: 'EXPIRED' } })
    expect(edge.host.snapshot().agents).toEqual([])
  })

  it('ends when it is taken back, by who gave it and by nobody else', async () => {
    const { world, home, edge } = await pair()
    const bytes = await leaveOf(author, home.did)
    const permit = await openDelegation(createVerifier(), bytes)
    if (!permit.ok) return expect.fail(permit.reason)
    const agent = await launchBy(world, home, [bytes])
    expect(world.holders(agent)).toEqual([2])
    const revoke = async (signer: Signer) => {
      const authority = createAuthority(signer, createVerifier())
      const statement = { type: 'revocation', permit: permit.value.cid, reason: 'lent too long', issuedMs: 0 } as const
      const notice = { kind: 'revocation', revocation: await authority.seal<Revocation>(statement) } as const
      const asked = home.host.ask(edge.did, 'publish', { notice })
      await world.time.advance(1_000)
      return asked
    }
    expect(await revoke(newcomer)).toMatchObject({ ok: false, code: 'NOT_AUTHORISED' })
    expect(world.holders(agent)).toEqual([2])
    expect(await revoke(author)).toMatchObject({ ok: true })
    expect(world.holders(agent)).toEqual([])
    expect(await world.ended(home.host, agent, 1_000)).toMatchObject({ ok: false, value: { code: 'REVOKED' } })
    expect(edge.host.snapshot().agents).toEqual([])
    await expect(launchBy(world, home, [bytes])).rejects.toThrow(/^REVOKED: /)
  })
})

describe('a command', () => {
  it('is obeyed of an agent’s author and launcher, and of whom they let, for what they let it and no longer', async () => {
    const { world, home, edge } = await pair()
    const agent = await launchBy(world, home, [await leaveOf(author, home.did)])
    let nonce = 0
    const command = async (signer: Signer, verb: 'evict' | 'move', chain: readonly Uint8Array[]) => {
      const authority = createAuthority(signer, createVerifier())
      const expiresMs = world.time.wallMs() + 60_000
      const statement = {
        type: 'command',
        host: edge.did,
        verb,
        agent,
        to: null,
        nonce: `${nonce++}`,
        expiresMs,
      } as const
      const permits = await openPermits(authority, chain)
      if (!permits.ok) return expect.fail(permits.reason)
      const order = await authority.seal<CommandOrder>(statement)
      const asked = home.host.ask(edge.did, 'command', { order, permits: permits.value })
      await world.time.advance(200)
      const answer = await asked
      return answer.ok ? 'done' : answer.reason.replaceAll(/did:key:\w+|baf\w+/g, '…')
    }
    const letTo = (more: Parameters<typeof leaveOf>[2]) =>
      leaveOf(author, newcomer.did, { command: '/agent/command', ...more })
    expect(await command(newcomer, 'move', [])).toBe('… is neither author, launcher nor operator')
    expect(await command(newcomer, 'move', [await leaveOf(author, newcomer.did)])).toMatch(/^COMMAND: /)
    const onlyEvict = [await letTo({ policy: policyOf([['==', '.verb', 'evict']]) })]
    expect(await command(newcomer, 'move', onlyEvict)).toMatch(/^POLICY: .* does not hold: \["==","\.verb","evict"\]/)
    expect(await command(administrator, 'evict', onlyEvict)).toMatch(/^AUDIENCE: /)
    expect(await command(newcomer, 'evict', onlyEvict)).toBe('done')
  })
})
