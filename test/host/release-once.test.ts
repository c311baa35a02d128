import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { decode } from '../../src/base/codec.ts'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import type { Wish } from '../../src/host/events.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { step } from '../../src/host/machine.ts'
import { newState } from '../../src/host/new-state.ts'
import { NOTHING_DONE, spawn } from '../../src/host/spawn.ts'
import type { Turn } from '../../src/host/turn.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier, type Verifier } from '../../src/identity/verifier.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Store } from '../../src/storage/port.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Release } from '../../src/wire/statements.ts'
import { Cluster } from './cluster.ts'
import { licenseOf } from './licenses.ts'

/**
 * An honest host that dies at any moment, comes back and is told to send the agent elsewhere never says two RELEASEs for
 * one epoch: that would be a proof against it. What it says is taken from what its witness has to verify.
 */
const program: CheapProgram = { steps: 3_000, emitEvery: 0, moves: [{ at: 1_000, where: 'anywhere' }] }

/** Dies at its n-th commit after `armed`: before the disk has it, or after. */
function dyingStore(inner: Store, dieAt: number, when: 'before' | 'after') {
  const dying = { commits: 0, armed: false, isDead: false }
  const store: Store = {
    ...inner,
    commit: async (writes) => {
      if (dying.armed && ++dying.commits === dieAt) {
        dying.isDead = true
        if (when === 'after') await inner.commit(writes)
      }
      // A dead host waits for ever: nothing that depends on the commit is carried out.
      if (dying.isDead) return new Promise(() => {})
      await inner.commit(writes)
    },
  }
  return { dying, store }
}

async function lifeWithDeathAt(dieAt: number, when: 'before' | 'after') {
  const world = new Cluster()
  const releases: { signer: Did; payload: string; epoch: number }[] = []
  const honest = createVerifier()
  const verifier: Verifier = {
    async verify(signer, domain, payload, signature) {
      const right = await honest.verify(signer, domain, payload, signature)
      const statement = decode(payload)
      if (right && domain === 'release' && statement.ok)
        releases.push({ signer, payload: toHex(payload), epoch: (statement.value as { epoch: number }).epoch })
      return right
    },
  }
  const home = await world.start(1, { kind: 'launcher', slots: 0, verifier })
  const disk = new MemoryDisk()
  const { dying, store } = dyingStore(await disk.open(), dieAt, when)
  const two = await world.start(2, { store }, new MemoryDisk())
  await world.time.advance(3_000)
  const agent = await world.launch(home.host, program)
  dying.armed = true
  await world.start(3)
  await world.start(4)
  await world.time.runUntil(() => dying.isDead, 4_000)
  if (dying.isDead) {
    await world.kill(2)
    // Home is out of reach at first, so that nobody tells it what has been decided meanwhile.
    world.network.cut(addressOf(home.did), addressOf(two.did))
    const again = await world.start(2, {}, disk)
    await world.time.runUntil(() => again.host.hosts().length === 2, 5_000)
    for (const seed of [3, 4]) {
      again.host.move(agent, world.hosts.get(seed)?.did ?? null)
      await world.time.advance(700)
    }
    world.network.heal(addressOf(home.did), addressOf(two.did))
    void again.host.drain()
  }
  const ended = await world.ended(home.host, agent, 90_000)
  const logs = [...world.hosts.values()].flatMap((host) => host.logs).join('\n')
  return { ended, releases, logs, died: dying.isDead }
}

describe('a host that has signed a RELEASE and come back', () => {
  it('sends the agent nowhere else in that epoch, whoever wishes it', async () => {
    const authority = createAuthority(createSigner(generateSecretKey(seededRandom(1))), createVerifier())
    const state = newState({
      self: authority.did,
      age: 2,
      kind: 'edge',
      name: 'test',
      engineIds: [],
      policy: DEFAULT_POLICY,
      slots: 4,
      trusted: [],
      operators: [],
      administrators: [],
    })
    const moment = { nowMs: 1, wallMs: 1 }
    const turn: Turn = { state, random: seededRandom(1), ...moment, effects: [], writes: new Map(), soon: new Map() }
    const bundle = rawCid(Uint8Array.of(7))
    const birth = {
      name: 'one',
      author: authority.did,
      launcher: authority.did,
      bundle,
      inputJson: 'null',
      seed: 4,
      resultTo: null,
    }
    const origin = { order: null, after: null, witnesses: [authority.did] }
    const author = createSigner(generateSecretKey(seededRandom(3)))
    const license = await licenseOf(author, { home: authority.did, bundle, nowMs: 1 })
    const begun = { launchedMs: 1, allowance: DEFAULT_QUOTA, license, origin, ...NOTHING_DONE }
    const resident = spawn(turn, DEFAULT_QUOTA, { ...birth, ...begun })
    const other = createSigner(generateSecretKey(seededRandom(2))).did
    const offers = (wish: Wish) =>
      step(state, { kind: 'wish', wish }, moment, seededRandom(2)).filter(
        (effect) => effect.kind === 'ask' && effect.name === 'offer',
      ).length
    resident.release = await authority.seal<Release>({
      type: 'release',
      agent: resident.agent,
      epoch: resident.epoch + 1,
      holding: { holder: other, checkpoint: null, witnesses: [authority.did], history: null },
      reason: 'move',
      previous: bundle,
      ready: bundle,
    })
    const { agent } = resident
    expect(offers({ kind: 'move', agent, to: other }) + offers({ kind: 'evict' })).toBe(0)
    resident.release = null
    expect(offers({ kind: 'move', agent, to: other })).toBe(1)
  })
})

describe('a host that dies at any of its commits', { timeout: 60_000 }, () => {
  it.each(['before', 'after'] as const)('%s it is durable, is never accused of doubling', async (when) => {
    let deaths = 0
    for (let dieAt = 1; dieAt <= 7; dieAt++) {
      const { ended, releases, logs, died } = await lifeWithDeathAt(dieAt, when)
      if (died) deaths += 1
      expect(ended, `death at ${dieAt}`).toEqual({ ok: true, value: cheapTruth(program) })
      const said = new Map<string, string>()
      for (const { signer, epoch, payload } of releases) {
        const key = `${signer} ${epoch}`
        expect(said.get(key) ?? payload, `death at ${dieAt}: epoch ${epoch}`).toBe(payload)
        said.set(key, payload)
      }
      expect(logs).not.toMatch(/has said two things/)
    }
    expect(deaths).toBe(7)
  })
})
