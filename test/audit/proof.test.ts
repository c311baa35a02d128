import { beforeAll, describe, expect, it } from 'vitest'
import { judge, openProof, sealProof } from '../../src/audit/proof.ts'
import type { Cid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { CHEAP_ENGINE, CheapSandbox } from '../../src/sim/cheap-sandbox.ts'
import { blockKey } from '../../src/storage/blocks.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Requests } from '../../src/wire/messages.ts'
import type { Receipt } from '../../src/wire/statements.ts'
import { Cluster } from '../host/cluster.ts'
import { LyingSandbox } from '../hostile/lying-host.ts'

/** Real time for one test: a second on an idle machine. */
const TEST_MS_MAX = 60_000

const verifier = createVerifier()
const reader = createAuthority(createSigner(generateSecretKey(seededRandom(7))), verifier)

/** The evidence of the first segment that begins at a checkpoint, after a run whose host 2 lies or not. */
async function evidence(lies: boolean) {
  const world = new Cluster()
  const { host: home, did } = await world.start(1, { kind: 'launcher', slots: 0 })
  const honest = new CheapSandbox(world.time)
  const { did: maker } = await world.start(2, lies ? { sandbox: new LyingSandbox(honest, 'bit') } : {})
  await world.time.advance(3_000)
  const agent = await world.launch(home, { steps: 30_000, emitEvery: 0 })
  const ask = async <N extends 'segments' | 'segment'>(name: N, body: Requests[N]['ask']) => {
    const asking = home.ask(did, name, body)
    await world.time.advance(1)
    const answer = await asking
    if (!answer.ok) throw new Error(answer.reason)
    return answer.body as Requests[N]['answer']
  }
  const found = async () => {
    for (;;) {
      const { segments } = await ask('segments', { agent, host: null, after: 0 })
      // Before anybody has run it again, or after it was found out.
      const wanted = segments.find(({ state }) => state === (lies ? 'fraud' : 'due'))
      if (wanted) {
        // Then the maker is asked where it stood.
        if (lies) await world.time.advance(500)
        return wanted
      }
      await world.time.advance(20)
    }
  }
  const wanted = await found()
  const { rerun, claims } = await ask('segment', { agent, receipt: wanted.receipt })
  const store = await (await world.kill(1)).open()
  const get = (cid: Cid) => store.read(blockKey(cid))
  return { proof: { rerun, claims, get }, maker, agent }
}

/** Off line, in another sandbox. */
async function judged(file: Uint8Array) {
  const time = new VirtualTime(async () => {})
  const opened = await openProof(file, reader)
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.reason}`)
  const judging = judge(opened.value, { sandbox: new CheapSandbox(time), verifier, engineId: CHEAP_ENGINE })
  for (let i = 0; i < 50; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    await time.advance(10)
  }
  return judging
}

describe('a fraud proof', () => {
  let lying: Awaited<ReturnType<typeof evidence>>
  let honest: Awaited<ReturnType<typeof evidence>>
  let file: Uint8Array

  beforeAll(async () => {
    lying = await evidence(true)
    honest = await evidence(false)
    file = (await sealProof(lying.proof)) ?? new Uint8Array()
  }, TEST_MS_MAX)

  it('is one file that shows a third party, off line, who signed for what is not so', async () => {
    expect(file.length).toBeGreaterThan(1_000)
    const { proven, truth, step } = await judged(file)
    expect(proven).toBe(true)
    expect(truth?.to).not.toEqual(lying.proof.rerun.receipt.statement.to)
    expect(lying.proof.rerun.receipt.signer).toBe(lying.maker)
    expect(step.upTo).toBeGreaterThan(step.after)
    // The bit was turned at the very end: its maker's own answers say so, a program's step at most before it.
    const { fuelFrom, fuelTo } = lying.proof.rerun.receipt.statement
    expect(lying.proof.claims.length).toBeGreaterThan(16)
    expect(step.upTo).toBe(fuelTo)
    expect(step.upTo - step.after).toBeLessThan((fuelTo - fuelFrom) / 200)
  })

  it('of a segment that is as its maker says proves nothing', async () => {
    const { proven, reason } = await judged((await sealProof(honest.proof)) ?? file)
    expect(proven).toBe(false)
    expect(reason).toMatch(/has signed for what is so/)
  })

  it('cannot be made up with another log, beginning or checkpoint than the maker has signed for', async () => {
    const { rerun, claims, get } = honest.proof
    const made = async (changed: object) =>
      judged((await sealProof({ rerun: { ...rerun, ...changed }, claims, get })) ?? file)
    expect(await made({ log: lying.proof.rerun.log.slice(0, -1) })).toMatchObject({ proven: false })
    expect((await made({ seed: rerun.seed + 1 })).reason).toMatch(/does not fit the receipt/)
    expect((await made({ inputJson: '"another"' })).reason).toMatch(/does not fit the receipt/)
  })

  it('with a receipt that somebody else has written in the name of a host does not open', async () => {
    const { rerun, claims, get } = honest.proof
    const forger = createAuthority(createSigner(generateSecretKey(seededRandom(8))), verifier)
    const statement: Receipt = { ...rerun.receipt.statement, fuelTo: rerun.receipt.statement.fuelTo + 1 }
    const forged = await forger.seal(statement)
    const opened = await openProof(
      (await sealProof({ rerun: { ...rerun, receipt: forged }, claims, get })) ?? file,
      reader,
    )
    // It is the forger's own word then, and says nothing of anybody else.
    expect(opened.ok && opened.value.rerun.receipt.signer).toBe(forger.did)
    const bent = Uint8Array.from(rerun.receipt.envelope)
    bent[bent.length - 70] = (bent[bent.length - 70] ?? 0) ^ 1
    const broken = { ...rerun.receipt, envelope: bent }
    const refused = await openProof(
      (await sealProof({ rerun: { ...rerun, receipt: broken }, claims, get })) ?? file,
      reader,
    )
    expect(refused).toMatchObject({ ok: false, code: 'SIGNATURE' })
  })

  it('cut short or with a block missing is refused or proves nothing', async () => {
    expect((await openProof(file.subarray(0, file.length - 100), reader)).ok).toBe(false)
    const without = await sealProof({ ...lying.proof, get: async () => null })
    expect(without).toBeNull()
  })
})
