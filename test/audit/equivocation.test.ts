import { describe, expect, it } from 'vitest'
import { type Binding, equivocationOf } from '../../src/audit/equivocation.ts'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Release, Vote } from '../../src/wire/statements.ts'

const authorityOf = (seed: number) =>
  createAuthority(createSigner(generateSecretKey(seededRandom(seed))), createVerifier())
const [home, source, one, other] = [1, 2, 3, 4].map(authorityOf)
const agent = agentId({ home: home.did, age: 1, sequence: 1 })
const checkpoint = rawCid(Uint8Array.of(1))
const previous = rawCid(Uint8Array.of(0))

const release = (to = one, more: Partial<Release> = {}, by = source) =>
  by.seal<Release>({
    type: 'release',
    agent,
    epoch: 4,
    holding: { holder: to.did, checkpoint, witnesses: [home.did], history: null },
    reason: 'move',
    previous,
    ready: previous,
    ...more,
  })

const vote = (to = one, more: Partial<Vote> = {}, by = home) =>
  by.seal<Vote>({
    type: 'vote',
    agent,
    epoch: 4,
    ballot: { round: 0, host: source.did, age: 4 },
    holding: { holder: to.did, checkpoint, witnesses: [home.did], history: null },
    previous,
    of: 1,
    release: null,
    atMs: 0,
    ...more,
  })

describe('two statements of one key', () => {
  it('that release one epoch to two hosts prove equivocation, in either order', async () => {
    const pair: [Binding, Binding] = [await release(one), await release(other)]
    const proof = { signer: source.did, kind: 'release', agent, epoch: 4 }
    expect(equivocationOf(...pair)).toEqual(proof)
    expect(equivocationOf(pair[1], pair[0])).toEqual(proof)
  })

  it('that release two states of one agent in one epoch prove it as well', async () => {
    const newer = { holder: one.did, checkpoint: rawCid(Uint8Array.of(2)), witnesses: [home.did], history: null }
    expect(equivocationOf(await release(one), await release(one, { holding: newer }))).not.toBeNull()
  })

  it('of a home that decides one epoch twice prove it, whatever the ballots', async () => {
    const later = { round: 3, host: home.did, age: 1 }
    expect(equivocationOf(await vote(one), await vote(other))).toMatchObject({ signer: home.did, kind: 'vote' })
    expect(equivocationOf(await vote(one), await vote(other, { ballot: later }))).toMatchObject({ kind: 'vote' })
  })

  it('of a witness among others prove it at one ballot only: what it voted for before was perhaps not decided', async () => {
    const later = { round: 3, host: home.did, age: 1 }
    expect(equivocationOf(await vote(one, { of: 3 }, source), await vote(other, { of: 3 }, source))).not.toBeNull()
    expect(
      equivocationOf(await vote(one, { of: 3 }, source), await vote(other, { of: 3, ballot: later }, source)),
    ).toBeNull()
  })
})

describe('nobody is framed by', () => {
  it('one statement said twice, or repeated for another reason', async () => {
    expect(equivocationOf(await release(one), await release(one))).toBeNull()
    expect(equivocationOf(await release(one), await release(one, { reason: 'evict' }))).toBeNull()
    expect(equivocationOf(await vote(one), await vote(one))).toBeNull()
  })

  it('statements of two epochs, two agents or two signers', async () => {
    const another = agentId({ home: home.did, age: 1, sequence: 2 })
    expect(equivocationOf(await release(one), await release(other, { epoch: 5 }))).toBeNull()
    expect(equivocationOf(await release(one), await release(other, { agent: another }))).toBeNull()
    expect(equivocationOf(await release(one), await release(other, {}, one))).toBeNull()
  })

  it('a release and a vote that differ: a holder gives away, the witnesses decide', async () => {
    expect(equivocationOf(await release(one, {}, home), await vote(other, {}, home))).toBeNull()
  })
})
