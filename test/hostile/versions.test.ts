import { beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { decode } from '../../src/base/codec.ts'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW, codecOf } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { readCar } from '../../src/bundle/car.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { type AgentParts, sealBundle } from '../../src/bundle/seal.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { CLOCK_SKEW_MS, VERSION_MARKS_MAX } from '../../src/host/limits.ts'
import { PACE_GRACE_MS } from '../../src/host/transfer-limits.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Offer } from '../../src/wire/messages.ts'
import { readNames } from '../../src/wire/names.ts'
import type { Notice } from '../../src/wire/notices.ts'
import { encodeEntry, sealPack } from '../../src/wire/pack.ts'
import type { Revocation } from '../../src/wire/statements.ts'
import { author, Cluster, type ClusterHost, importProgram } from '../host/cluster.ts'
import { leaveOf, licenseOf } from '../host/licenses.ts'
import { refusal, strangerAt } from './stranger.ts'

/**
 * The attacks on updates that TUF lists (https://theupdateframework.io/docs/security/), against bundles: hosts take what
 * authors have signed, from whoever has it.
 */
const program: CheapProgram = { steps: 300, emitEvery: 0 }
const long: CheapProgram = { steps: 8_000, emitEvery: 0 }
let world: Cluster

beforeEach(async () => {
  world = new Cluster()
  await world.start(1, { kind: 'launcher', slots: 0 })
  await world.start(2)
  await world.time.advance(3_000)
})

const hostOf = (seed: number): ClusterHost => {
  const started = world.hosts.get(seed)
  if (!started) throw new Error(`no host ${seed}`)
  return started
}

const release = (seed: number, version: string, changes: Partial<AgentParts> = {}, what = program): Promise<Cid> =>
  importProgram(hostOf(seed).host, what, author, { version, ...changes })

/** How a launch at a host ends: with the agent's result, or with the reason of the refusal. */
async function launch(seed: number, bundle: Cid, by = author): Promise<unknown> {
  const { host } = hostOf(seed)
  const permit = [await leaveOf(by, host.did)]
  const launching = host
    .launch(bundle, { permit })
    .catch((error: Error & { code?: string }) => `${error.code}: ${error.message}`)
  await world.time.advance(5)
  const launched = await Promise.race([launching, Promise.resolve('')])
  if (/^[A-Z_]+:/.test(launched)) return launched
  return world.ended(host, (await launching) as never, 20_000)
}
const done = { ok: true, value: cheapTruth(program) }

describe('rollback: an old release', () => {
  it('begins no agent at a home that has had a newer one, and an equal one does', async () => {
    expect(await launch(1, await release(1, '1.10.0'))).toEqual(done)
    expect(await launch(1, await release(1, '1.9.0'))).toBe('REFUSED: version 1.9.0 < 1.10.0, which has been here')
    expect(await launch(1, await release(1, '1.10.0', { description: 'built again' }))).toEqual(done)
  })

  it('is let in by no host that has had a newer one, also after a restart, whoever is its home', async () => {
    expect(await launch(1, await release(1, '2.0.0'))).toEqual(done)
    const disk = await world.kill(2)
    await world.start(2, {}, disk)
    // Another home, which has never seen the newer one.
    await world.start(3, { kind: 'launcher', slots: 0 })
    await world.time.advance(3_000)
    const launching = hostOf(3).host.launch(await release(3, '1.0.0'))
    await world.time.advance(2_000)
    expect(world.holders(await launching)).toEqual([])
    expect(hostOf(2).logs.join('\n')).toMatch(/refused: REFUSED: version 1\.0\.0 < 2\.0\.0/)
  })

  it('that runs already may finish, and come back to where it was', async () => {
    await world.start(3)
    await world.time.advance(3_000)
    const launching = hostOf(1).host.launch(await release(1, '1.0.0', {}, long))
    await world.time.advance(500)
    const agent = await launching
    const [here = 0] = world.holders(agent)
    const there = here === 2 ? 3 : 2
    expect(await launch(1, await release(1, '1.1.0'))).toEqual(done)
    hostOf(here).host.move(agent, hostOf(there).did)
    await world.time.advance(1_000)
    hostOf(there).host.move(agent, hostOf(here).did)
    await world.time.advance(1_000)
    expect(world.holders(agent)).toEqual([here])
    expect(await world.ended(hostOf(1).host, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })

  it('is told by its author and its name: a pre-release or another author’s bundle makes nothing old', async () => {
    expect(await launch(1, await release(1, '3.0.0-rc.1'))).toEqual(done)
    expect(await launch(1, await release(1, '3.0.0', { name: 'another' }))).toEqual(done)
    const second = createSigner(generateSecretKey(seededRandom(44)))
    for (const { host } of world.hosts.values()) host.trust(second.did)
    expect(await launch(1, await importProgram(hostOf(1).host, program, second, { version: '3.0.0' }), second)).toEqual(
      done,
    )
    expect(await launch(1, await release(1, '2.0.0'))).toEqual(done)
  })

  it('is known of the highest few releases only, so that memory is bounded', async () => {
    for (let i = 1; i <= VERSION_MARKS_MAX + 3; i++) expect(await launch(1, await release(1, `${i}.0.0`))).toEqual(done)
    const disk = await (await world.kill(1)).open()
    expect(await disk.list('version/')).toEqual([`version/${author.did}/cheap`])
    const kept = decode((await disk.read(`version/${author.did}/cheap`)) ?? new Uint8Array())
    expect(kept.ok && kept.value).toHaveLength(VERSION_MARKS_MAX)
  })
})

describe('fast-forward: a release with a number that nobody can top', () => {
  it('locks its author out no longer than until the author takes that bundle back', async () => {
    expect(await launch(1, await release(1, '1.0.0'))).toEqual(done)
    const stolen = await release(1, '999999999.0.0')
    expect(await launch(1, stolen)).toEqual(done)
    const mended = await release(1, '1.0.1')
    expect(await launch(1, mended)).toBe('REFUSED: version 1.0.1 < 999999999.0.0, which has been here')
    const authority = createAuthority(author, createVerifier())
    const statement = { type: 'revocation', permit: stolen, reason: 'stolen', issuedMs: world.time.wallMs() } as const
    const notice: Notice = { kind: 'revocation', revocation: await authority.seal<Revocation>(statement) }
    void hostOf(1).host.ask(hostOf(2).did, 'publish', { notice })
    await world.time.advance(100)
    expect(await launch(1, stolen)).toBe('REFUSED: its author or an administrator has taken the bundle back')
    expect(await launch(1, mended)).toEqual(done)
    expect(await launch(1, await release(1, '0.9.0'))).toBe('REFUSED: version 0.9.0 < 1.0.1, which has been here')
  })
})

describe('a stolen key', () => {
  it('begins nothing any more, and what runs of it ends, within a second of its ban', async () => {
    const admin = await world.start(3, { kind: 'launcher', slots: 0 })
    for (const seed of [1, 2]) {
      const disk = await world.kill(seed)
      await world.start(seed, { administrators: [admin.did], ...(seed === 1 ? { slots: 0 } : {}) }, disk)
    }
    await world.time.advance(3_000)
    const bundle = await release(1, '1.0.0', {}, { steps: 100_000, emitEvery: 0 })
    const launching = hostOf(1).host.launch(bundle)
    await world.time.advance(1_000)
    const agent = await launching
    expect(world.holders(agent)).toEqual([2])
    await admin.host.ban(author.did, 'its key is stolen')
    await world.time.advance(1_000)
    expect(world.holders(agent)).toEqual([])
    expect(await world.ended(hostOf(1).host, agent, 10)).toMatchObject({ ok: false, value: { code: 'BANNED' } })
    expect(await launch(1, bundle)).toMatch(/^BANNED: /)
    const stranger = await strangerAt(world, 2)
    expect(refusal(await stranger.ask('offer', await offerOf(bundle)))).toMatch(/^BANNED: /)
  })
})

describe('indefinite freeze: a bundle that its author has let expire', () => {
  it('begins no agent, at home or elsewhere, and those that run finish', async () => {
    const expiresMs = world.time.wallMs() + 10_000
    const bundle = await release(1, '1.0.0', { expiresMs }, long)
    const launching = hostOf(1).host.launch(bundle)
    await world.time.advance(500)
    const agent = await launching
    expect(world.holders(agent)).toEqual([2])
    await world.time.advance(10_000 + CLOCK_SKEW_MS)
    expect(await launch(1, bundle)).toBe(`EXPIRED: bundle expired at ${new Date(expiresMs).toISOString()}`)
    const stranger = await strangerAt(world, 2)
    expect(refusal(await stranger.ask('offer', await offerOf(bundle)))).toMatch(/^EXPIRED: bundle expired at/)
    expect(await world.ended(hostOf(1).host, agent, 10)).toEqual({ ok: true, value: cheapTruth(long) })
  })
})

const offerOf = async (bundle: Cid): Promise<Offer> => ({
  agent: agentId({ home: hostOf(1).did, age: 1, sequence: 77 }),
  epoch: 1,
  bundle,
  reason: 'place',
  hops: 1,
  fuelUsed: 0,
  allowance: { ...DEFAULT_QUOTA, fuel: 1e9, memoryBytes: 1e7, hops: 10 },
  license: await licenseOf(author, { home: hostOf(1).did, bundle, nowMs: world.time.wallMs() }),
  stateBytes: 0,
})

const plain = {
  deflate: async (bytes: Uint8Array) => new Uint8Array(bytes.length + 1),
  inflate: async () => ({ ok: false, code: 'DEFLATE', reason: 'never compressed' }) as const,
}

/** Offers a bundle and answers for each block what the attack wants to be there; what the host makes of it. */
async function serve(bundle: Cid, blockFor: (cid: Cid) => Uint8Array | null): Promise<string> {
  const stranger = await strangerAt(world, 2, (message, to) => {
    if (message.kind !== 'request' || message.name !== 'fetch') return null
    const entries = readNames((message.body as { names: Uint8Array }).names).flatMap((cid) => {
      const bytes = cid && blockFor(cid)
      return bytes ? [encodeEntry({ codec: codecOf(cid), bytes, before: null })] : []
    })
    if (entries.length === 0) return null
    void sealPack(entries, plain).then((pack) =>
      stranger.session.send({ kind: 'reply', name: 'fetch', to, body: { pack } }),
    )
    return null
  })
  const answer = await stranger.ask('offer', await offerOf(bundle))
  if (answer) return refusal(answer)
  await world.time.advance(2 * PACE_GRACE_MS)
  const late = stranger.heard.find((message) => message.kind === 'error')
  return refusal(late)
}

async function sealed(
  version: string,
  code: string,
  signer = author,
): Promise<{ id: Cid; blocks: ReadonlyMap<Cid, Uint8Array> }> {
  const { car, id } = await sealBundle(
    {
      name: 'cheap',
      version,
      description: '',
      code,
      sourceMap: null,
      kernels: new Map(),
      assets: new Map(),
      needs: {},
      quota: {},
      effects: 'fast',
    },
    signer,
  )
  const file = readCar(car)
  if (!file.ok) throw new Error(file.reason)
  return { id, blocks: file.value.blocks }
}
const codeOf = ({ blocks }: { blocks: ReadonlyMap<Cid, Uint8Array> }): Uint8Array =>
  [...blocks].find(([cid]) => codecOf(cid) === CODEC_RAW)?.[1] ?? new Uint8Array()
const rootOf = ({ id, blocks }: { id: Cid; blocks: ReadonlyMap<Cid, Uint8Array> }): Uint8Array =>
  blocks.get(id) ?? new Uint8Array()

describe('whoever brings a bundle that an author has signed', () => {
  it('brings it whole and right, and it is taken', async () => {
    const { id, blocks } = await sealed('1.0.0', JSON.stringify(program))
    expect(await serve(id, (cid) => blocks.get(cid) ?? null)).toBe('reply')
  })

  it('cannot mix it with the parts of another release of the same author (mix and match)', async () => {
    const [old, current] = [await sealed('1.0.0', '{"steps":1}'), await sealed('2.0.0', '{"steps":2}')]
    expect(await serve(current.id, (cid) => (cid === current.id ? rootOf(current) : codeOf(old)))).toMatch(
      /^REFUSED: block \S+ was not asked for$/,
    )
  })

  it('cannot bring another bundle than the one that was asked for (wrong software)', async () => {
    const [asked, other] = [await sealed('1.0.0', '{"steps":1}'), await sealed('1.0.0', '{"steps":2}')]
    expect(await serve(asked.id, (cid) => (cid === asked.id ? rootOf(other) : codeOf(other)))).toBe(
      `REFUSED: block ${other.id} was not asked for`,
    )
  })

  it('cannot install what no trusted author has signed (arbitrary software)', async () => {
    const mallory = createSigner(generateSecretKey(seededRandom(45)))
    const { id, blocks } = await sealed('1.0.0', '{"steps":1}', mallory)
    const asked: Cid[] = []
    const bring = (cid: Cid): Uint8Array | null => {
      asked.push(cid)
      return blocks.get(cid) ?? null
    }
    expect(await serve(id, bring)).toBe(`UNTRUSTED_AUTHOR: author ${mallory.did} is not trusted here`)
    expect(asked).toEqual([id])
  })

  it('cannot send more than the author has signed for (endless data)', async () => {
    const { id, blocks } = await sealed('1.0.0', JSON.stringify(program))
    const endless = new Uint8Array(900_000)
    expect(await serve(id, (cid) => (codecOf(cid) === CODEC_DAG_CBOR ? (blocks.get(cid) ?? null) : endless))).toBe(
      `QUOTA: bytes of the transfer > ${utf8(JSON.stringify(program)).length}`,
    )
  })

  it('cannot take for ever (slow retrieval)', async () => {
    const { id, blocks } = await sealed('1.0.0', JSON.stringify(program))
    expect(await serve(id, (cid) => (cid === id ? (blocks.get(cid) ?? null) : null))).toMatch(/^TIMEOUT: .* too slow$/)
  })
})
