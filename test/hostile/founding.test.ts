import { beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import type { Did } from '../../src/identity/did.ts'
import { headOf, rootOf, statementCid } from '../../src/wire/chain.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Brief } from '../../src/wire/messages.ts'
import type { Certificate, Founded, License, Vote } from '../../src/wire/statements.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'
import { licenseOf } from '../host/licenses.ts'
import { Rogue } from './rogue.ts'
import { refusal } from './stranger.ts'

/** A host that was asked to be a first witness of an agent, and others who tell it that the agent has begun otherwise. */
let world: Cluster
let witness: Did
/** Of the agent, and honest: it says itself what the test lets it say. */
let home: Rogue
let stranger: Rogue
let license: License

beforeEach(async () => {
  world = new Cluster()
  const { host, did } = await world.start(2)
  witness = did
  home = await new Rogue(world, 666).meet(2)
  stranger = await new Rogue(world, 667).meet(2)
  const bundle = await importProgram(host, { steps: 8_000, emitEvery: 0 })
  license = await licenseOf(author, { home: home.did, bundle, nowMs: world.time.wallMs() })
  await enrol()
})

const agentOf = (rogue: Rogue) => agentId({ home: rogue.did, age: 1, sequence: 1 })

/** Of the agent as it begins with these witnesses. */
async function briefOf(witnesses: readonly Did[], isSigned: boolean): Promise<Brief> {
  const agent = agentOf(home)
  const { bundle } = license.order.statement
  const origin = { order: statementCid(license.order.statement), after: null, witnesses }
  const head = rootOf(agent, bundle, origin)
  const founded = isSigned ? await home.authority.seal<Founded>({ type: 'founded', agent, root: head }) : null
  return {
    agent,
    bundle,
    inputJson: 'null',
    seed: 1,
    launchedMs: world.time.wallMs(),
    allowance: { ...DEFAULT_QUOTA, fuel: 1e9, memoryBytes: 1e7, hops: 10 },
    witnesses,
    hops: 0,
    consoleLines: 0,
    sentBytes: 0,
    messages: 0,
    movedBy: null,
    mail: NO_MAIL,
    birth: founded && { founded },
    forkedFrom: null,
    history: null,
    resultTo: null,
    origin,
    head,
  }
}

async function enrol(): Promise<void> {
  const brief = await briefOf([home.did, witness, new Rogue(world, 668).did], true)
  const estate = {
    ...{ tenure: 0, since: 1, isFounded: false, from: 1, next: 1, isWhole: true, lines: [], state: 'running' as const },
    ...{ killed: null, checkpoint: null, checkpointBytes: 0, consoleLines: 0, sentBytes: 0, messages: 0, fuelUsed: 0 },
    ...{ hops: 0, allowance: brief.allowance, seen: { emit: 0, console: 0, result: 0, failure: 0 }, forks: [] },
    ...{ mail: NO_MAIL, history: null, itinerary: [] },
  }
  const file = { brief, license, epoch: 0, holder: home.did, certificate: null, charters: [], estate }
  expect(refusal(await home.ask(witness, 'enrol', file))).toBe('reply')
}

async function bring(rogue: Rogue, brief: Brief, certificate: Certificate | null): Promise<string> {
  rogue.licenses.set(brief.agent, license)
  const epoch = (certificate?.epoch ?? 0) + 1
  expect(refusal(await rogue.ask(witness, 'offer', rogue.offerOf(brief, epoch)))).toBe('reply')
  const blocks = { checkpoint: null, atHome: null, base: null, pack: null, checkpointBytes: 0 }
  const more = { reason: 'move' as const, certificate, charters: [], ...blocks }
  return refusal(await rogue.ask(witness, 'send', { ...more, brief: { ...brief, hops: 1 }, epoch }))
}

/** That `holder` has it in epoch 1, by these of its witnesses. */
async function decidedBy(voters: readonly Rogue[], brief: Brief, holder: Did): Promise<Certificate> {
  const { agent, witnesses, head: previous } = brief
  const ballot = { round: 1, host: holder, age: 1 }
  const decision = { agent, epoch: 1, holding: { holder, checkpoint: null, witnesses, history: null }, previous }
  const vote = { type: 'vote' as const, ...decision, release: null, ballot, of: witnesses.length, atMs: 1 }
  const votes = await Promise.all(voters.map(({ authority }) => authority.seal<Vote>(vote)))
  return { ...decision, release: null, ballot, votes }
}

/** The stranger and another witness let the stranger have it, who brings it on. */
async function bringDecided(other: Rogue, brief: Brief): Promise<string> {
  const certificate = await decidedBy([stranger, other], brief, stranger.did)
  return bring(stranger, { ...brief, head: headOf(certificate) }, certificate)
}

/** Whether the host would still decide about the agent as the witness that its home has asked it to be. */
async function isWitness(): Promise<boolean> {
  const ballot = { round: 1, host: home.did, age: 1 }
  const said = refusal(await home.ask(witness, 'prepare', { agent: agentOf(home), epoch: 1, ballot }))
  expect(['reply', `UNKNOWN_AGENT: no register for ${agentOf(home)}`]).toContain(said)
  return said === 'reply'
}

describe('a host that was asked to be a witness stays one', () => {
  it('whoever brings the agent with other witnesses, and is not its home', async () => {
    const brief = await briefOf([home.did, stranger.did, new Rogue(world, 669).did], false)
    expect(await bring(stranger, brief, null)).toBe('NOT_AUTHORISED: the first hop is from home')
    expect(await isWitness()).toBe(true)
  })

  it('though the strangers that are named have decided among themselves who has the agent', async () => {
    const other = new Rogue(world, 669)
    const brief = await briefOf([home.did, stranger.did, other.did], false)
    expect(await bringDecided(other, brief)).toBe('reply')
    expect(await isWitness()).toBe(true)
  })

  it('when its home brings it as it was founded', async () => {
    const brief = await briefOf([home.did, witness, new Rogue(world, 668).did], true)
    expect(await bring(home, brief, null)).toBe('reply')
    expect(await isWitness()).toBe(true)
  })
})

describe('and is none any more', () => {
  it('when its home brings the agent with other witnesses', async () => {
    expect(await bring(home, await briefOf([home.did], false), null)).toBe('reply')
    expect(await isWitness()).toBe(false)
  })

  it('when somebody brings it whom the witnesses that home has named in its place have decided for', async () => {
    const other = new Rogue(world, 669)
    expect(await bringDecided(other, await briefOf([home.did, stranger.did, other.did], true))).toBe('reply')
    expect(await isWitness()).toBe(false)
  })
})
