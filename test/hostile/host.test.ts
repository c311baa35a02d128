import { beforeEach, describe, expect, it } from 'vitest'
import { cborCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { agentId, homeOf } from '../../src/directory/agent-id.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { type Authority, createAuthority } from '../../src/wire/authority.ts'
import { rootOf } from '../../src/wire/chain.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Offer } from '../../src/wire/messages.ts'
import { writeNames } from '../../src/wire/names.ts'
import type { CommandOrder, Vote } from '../../src/wire/statements.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'
import { leaveOf, licenseOf } from '../host/licenses.ts'
import { beginning, refusal, strangerAt } from './stranger.ts'

const long: CheapProgram = { steps: 8_000, emitEvery: 500 }
let world: Cluster

beforeEach(async () => {
  world = new Cluster()
  await world.start(1, { kind: 'launcher', slots: 0 })
  await world.start(2)
  await world.time.advance(5_000)
})

const hostOf = (seed: number) => {
  const started = world.hosts.get(seed)
  if (!started) throw new Error(`no host ${seed}`)
  return started
}

/** A SEND that brings no blocks along. */
const nothing = { certificate: null, charters: [], atHome: null, base: null, pack: null, checkpointBytes: 0 }

async function offerOf(agent: Offer['agent'], epoch: number): Promise<Offer> {
  const bundle = await importProgram(hostOf(2).host, long)
  return {
    agent,
    epoch,
    bundle,
    reason: 'place',
    hops: 1,
    fuelUsed: 0,
    allowance: { ...DEFAULT_QUOTA, fuel: 1e9, memoryBytes: 1e7, hops: 10 },
    license: await licenseOf(author, { home: homeOf(agent), bundle, nowMs: world.time.wallMs() }),
    stateBytes: 0,
  }
}

describe('a host that did the handshake', () => {
  it('that answers with something else than it was asked for loses its session, and nothing more happens', async () => {
    const stranger = await strangerAt(world, 2, (message, to) =>
      message.kind === 'request' && message.name === 'inic'
        ? { kind: 'reply', name: 'offer', to, body: { ttlMs: 1, have: null } }
        : null,
    )
    expect(await Promise.race([stranger.session.closed, Promise.resolve(null)])).not.toBeNull()
    expect(hostOf(2).logs.join('\n')).toMatch(/answers inic with offer/)
    const agent = await world.launch(hostOf(1).host, long)
    expect(await world.ended(hostOf(1).host, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })

  it('cannot make a second host run an agent by witnesses of its own', async () => {
    const agent = agentId({ home: hostOf(1).did, age: 1, sequence: 77 })
    const stranger = await strangerAt(world, 2)
    const offer = await offerOf(agent, 1)
    expect((await stranger.ask('offer', offer))?.kind).toBe('reply')
    const brief = {
      agent,
      bundle: offer.bundle,
      inputJson: 'null',
      seed: 1,
      launchedMs: world.time.wallMs(),
      allowance: offer.allowance,
      witnesses: [stranger.did],
      hops: 1,
      consoleLines: 0,
      sentBytes: 0,
      messages: 0,
      movedBy: null,
      history: null,
      mail: NO_MAIL,
      birth: null,
      forkedFrom: null,
      ...beginning(agent, offer.bundle, offer.license),
      resultTo: null,
    }
    expect(
      refusal(await stranger.ask('send', { ...nothing, brief, epoch: 1, checkpoint: null, reason: 'place' })),
    ).toBe('NOT_AUTHORISED: the first hop is from home')
    const own = { ...brief.origin, witnesses: [stranger.did] }
    const founded = { ...brief, origin: own, head: rootOf(agent, offer.bundle, own) }
    expect(
      refusal(await stranger.ask('send', { ...nothing, brief: founded, epoch: 1, checkpoint: null, reason: 'place' })),
    ).toBe('REFUSED: the first witness of an agent is its home')
    const honest = { ...brief, witnesses: [hostOf(1).did] }
    expect(
      refusal(await stranger.ask('send', { ...nothing, brief: honest, epoch: 1, checkpoint: null, reason: 'place' })),
    ).toBe('NOT_AUTHORISED: the first hop is from home')
    const holding = { holder: hostOf(2).did, checkpoint: null, witnesses: [stranger.did], history: null }
    const ballot = { round: 1, host: stranger.did, age: 1 }
    const decision = { agent, epoch: 1, holding, previous: brief.head, release: null }
    const vote = await stranger.authority.seal<Vote>({ type: 'vote', ...decision, ballot, of: 1, atMs: 0 })
    stranger.session.send({
      kind: 'async',
      name: 'certificate',
      body: { certificate: { ...decision, ballot, votes: [vote] }, charters: [], release: null, ready: null },
    })
    await world.time.advance(1_000)
    expect(world.holders(agent)).toEqual([])
  })

  it('cannot offer an agent to its home that it does not hold', async () => {
    const agent = await world.launch(hostOf(1).host, long)
    await world.time.advance(1_000)
    const stranger = await strangerAt(world, 1)
    const row = hostOf(1).host.story(agent, 0)?.row
    const offer = { ...(await offerOf(agent, 99)), bundle: await importProgram(hostOf(1).host, long) }
    expect(refusal(await stranger.ask('offer', offer))).toBe(
      `NOT_AUTHORISED: ${stranger.did} does not hold this agent of ours`,
    )
    expect(row?.holder).toBe(hostOf(2).did)
  })

  it('leaves no guest behind when it offers and sends again before the first thaw is done', async () => {
    const agent = agentId({ home: hostOf(1).did, age: 1, sequence: 78 })
    const stranger = await strangerAt(world, 2)
    const offer = await offerOf(agent, 1)
    for (let i = 0; i < 3; i++) stranger.session.send({ kind: 'request', name: 'offer', body: offer })
    await world.time.advance(100_000)
    expect(hostOf(2).host.snapshot().agents).toEqual([])
  })

  it('commands nothing without authority, and does not use up the memory for orders', async () => {
    const stranger = await strangerAt(world, 2)
    const order = async (signer: Authority, nonce: string) =>
      signer.seal<CommandOrder>({
        type: 'command',
        host: hostOf(2).did,
        verb: 'evict',
        agent: null,
        to: null,
        nonce,
        expiresMs: world.time.wallMs() + 60_000,
      })
    expect(
      refusal(await stranger.ask('command', { order: await order(stranger.authority, 'one'), permits: [] })),
    ).toMatch(/^NOT_AUTHORISED: .* does not operate this host/)
    const owner = createAuthority(createSigner(generateSecretKey(seededRandom(2))), createVerifier())
    expect((await stranger.ask('command', { order: await order(owner, 'one'), permits: [] }))?.kind).toBe('reply')
  })

  it('that never sends the blocks of what it sent loses the place that was kept for it, and is told why', async () => {
    const stranger = await strangerAt(world, 2)
    const agent = agentId({ home: stranger.did, age: 1, sequence: 78 })
    const offer = await offerOf(agent, 1)
    expect((await stranger.ask('offer', offer))?.kind).toBe('reply')
    const brief = {
      agent,
      bundle: offer.bundle,
      inputJson: 'null',
      seed: 1,
      launchedMs: world.time.wallMs(),
      allowance: offer.allowance,
      witnesses: [stranger.did],
      hops: 1,
      consoleLines: 0,
      sentBytes: 0,
      messages: 0,
      movedBy: null,
      history: null,
      mail: NO_MAIL,
      birth: null,
      forkedFrom: null,
      ...beginning(agent, offer.bundle, offer.license),
      resultTo: null,
    }
    const send = { ...nothing, brief, epoch: 1, checkpoint: cborCid(Uint8Array.of(1)), reason: 'place' }
    expect(await stranger.ask('send', { ...send, checkpointBytes: 4_096 })).toBeUndefined()
    expect(hostOf(2).host.snapshot().agents).toHaveLength(1)
    await world.time.advance(13_000)
    expect(stranger.heard.flatMap((message) => (message.kind === 'error' ? refusal(message) : []))).toEqual([
      expect.stringMatching(/^TIMEOUT: \d+ bytes in \d+ ms < \d+: too slow$/),
    ])
    expect(hostOf(2).host.snapshot().agents).toEqual([])
  })

  it('has nothing fetched or kept of a bundle whose author is not trusted', async () => {
    const unknown = createSigner(generateSecretKey(seededRandom(88)))
    const elsewhere = await world.start(3, { kind: 'launcher', slots: 0, trust: [unknown.did] })
    const bundle = await importProgram(elsewhere.host, long, unknown)
    await world.time.advance(3_000)
    const launching = elsewhere.host.launch(bundle, { permit: [await leaveOf(unknown, elsewhere.did)] })
    await world.time.advance(2_000)
    await launching
    expect(hostOf(2).logs.join('\n')).toMatch(
      /refused: UNTRUSTED_AUTHOR: did:key:.*, by whose leave it runs, is not trusted here/,
    )
    const stranger = await strangerAt(world, 2)
    const asked = { transfer: 1, agent: null, names: writeNames([bundle]), against: new Uint8Array() }
    // One entry, and it says that the block is not there.
    expect(await stranger.ask('fetch', asked)).toMatchObject({ body: { pack: { bytes: Uint8Array.of(0) } } })
  })
})
