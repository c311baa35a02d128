import { beforeEach, describe, expect, it } from 'vitest'
import type { Cid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { policyOfTerms } from '../../src/permit/terms.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { License } from '../../src/wire/statements.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'
import { leaveOf, licenseOf } from '../host/licenses.ts'
import { beginning, refusal, type Stranger, strangerAt } from './stranger.ts'

/** A home that has been given leave to launch one program with one input, and tries to make more of it. */
const program: CheapProgram = { steps: 8_000, emitEvery: 0 }
const QUOTA = { fuel: 5_000, calls: ['emit'] as const }
let world: Cluster
let home: Stranger
let agent: AgentId
let bundle: Cid
let license: License

beforeEach(async () => {
  world = new Cluster()
  const { host } = await world.start(2)
  await world.time.advance(2_000)
  home = await strangerAt(world, 2)
  agent = agentId({ home: home.did, age: 1, sequence: 1 })
  bundle = await importProgram(host, program)
  license = await licensed({})
})

/** The stranger's own order, by a permit of the author's. */
async function licensed(more: Partial<Parameters<typeof licenseOf>[1]>): Promise<License> {
  const signer = createSigner(generateSecretKey(seededRandom(502)))
  expect(signer.did).toBe(home.did)
  const permit = [
    await leaveOf(author, home.did, { policy: policyOfTerms({ quota: { fuel: 5_000 }, calls: ['emit'] }) }),
  ]
  return licenseOf(signer, { home: home.did, bundle, nowMs: world.time.wallMs(), inputJson: '1', permit, ...more })
}

const offer = async (more: Record<string, unknown> = {}): Promise<string> => {
  const allowance = { ...DEFAULT_QUOTA, ...QUOTA }
  const usual = { agent, epoch: 1, bundle, reason: 'place', hops: 1, fuelUsed: 0, allowance, license, stateBytes: 0 }
  return refusal(await home.ask('offer', { ...usual, ...more }))
}

const send = async (more: Record<string, unknown>): Promise<string> => {
  const brief = {
    agent,
    bundle,
    inputJson: '1',
    seed: 1,
    launchedMs: world.time.wallMs(),
    allowance: { ...DEFAULT_QUOTA, ...QUOTA },
    witnesses: [home.did],
    hops: 1,
    consoleLines: 0,
    sentBytes: 0,
    messages: 0,
    movedBy: null,
    history: null,
    mail: NO_MAIL,
    birth: null,
    forkedFrom: null,
    ...beginning(agent, bundle, license),
    resultTo: null,
    ...more,
  }
  const nothing = { certificate: null, charters: [], atHome: null, base: null, pack: null, checkpointBytes: 0 }
  return refusal(await home.ask('send', { ...nothing, brief, epoch: 1, checkpoint: null, reason: 'place' }))
}

describe('a host that is offered an agent by leave of somebody', () => {
  it('takes what was permitted', async () => {
    expect(await offer()).toBe('reply')
    expect(await send({})).toBe('reply')
  })

  it.each([
    ['more fuel', { fuel: 5_001 }, 'fuel 5001 > 5000'],
    ['a call more', { calls: ['emit', 'move'] }, 'call "move" is not granted'],
  ])('refuses %s than the permit gives', async (_what, more, reason) => {
    const allowance = { ...DEFAULT_QUOTA, ...QUOTA, ...more }
    expect(await offer({ allowance })).toBe(`QUOTA: offered more than the order gives: ${reason}`)
  })

  it('refuses another home’s order, a chain that the order does not name, and no chain at all', async () => {
    const other = agentId({ home: author.did, age: 1, sequence: 1 })
    expect(await offer({ agent: other })).toBe('NOT_AUTHORISED: the order is for another home')
    const longer = { ...license, permits: [...license.permits, ...license.permits] }
    expect(await offer({ license: longer })).toBe('NOT_AUTHORISED: the permits are not those that the order names')
    expect(await offer({ license: await licensed({ permit: [] }) })).toMatch(/^UNTRUSTED_AUTHOR: .*by whose leave/)
  })

  it.each([
    ['another input', { inputJson: '2' }, 'the input is not the one that was ordered'],
    ['another reader of its words', { resultTo: author.did }, 'what it says is sealed to another key than was ordered'],
    [
      'a chain of hops from another order',
      { origin: { order: null, after: null, witnesses: [author.did] } },
      'its chain of hops begins with another order',
    ],
  ])('refuses %s than was ordered', async (_what, more, reason) => {
    expect(await offer()).toBe('reply')
    expect(await send(more)).toBe(`REFUSED: ${reason}`)
  })

  it('refuses an order of last week that is brought out again', async () => {
    license = await licensed({ nowMs: world.time.wallMs() - 7 * 86_400_000 })
    expect(await offer()).toBe('reply')
    expect(await send({})).toBe('REFUSED: it was launched at another time than it was ordered for')
  })
})
