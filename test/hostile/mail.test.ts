import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import { MAILBOX_BYTES_MAX, REDIRECTS_MAX } from '../../src/host/mail-limits.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { countOf, lettersOf } from '../../src/sim/cheap-mail.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import { rootOf, statementCid } from '../../src/wire/chain.ts'
import { type Birth, type Letter, NO_MAIL, type Standing } from '../../src/wire/mail.ts'
import type { Certificate, Vote } from '../../src/wire/statements.ts'
import { Cluster, importProgram } from '../host/cluster.ts'
import { licenseOf } from '../host/licenses.ts'
import { Denial, Rogue } from './rogue.ts'
import { refusal } from './stranger.ts'

/** Hosts that write in the name of agents which are not theirs, too much, or in circles. */
const reader = (count: number): CheapProgram => ({ steps: 100, emitEvery: 0, receives: [{ at: 100, count }] })
const bystander: CheapProgram = { steps: 60_000, emitEvery: 0 }

let world: Cluster
let rogue: Rogue

const hostAt = (seed: number) => world.hosts.get(seed) ?? expect.fail(`no host ${seed}`)
const home = () => hostAt(1).host

beforeEach(async () => {
  world = new Cluster()
  await world.start(1, { kind: 'launcher', slots: 0 })
  rogue = await new Rogue(world, 666).meet(1)
})

/** An agent that the rogue holds, in epoch 1; and a reader of the same launcher on an honest host. */
async function holding(count = 1) {
  const own = await world.launch(home(), bystander)
  await world.time.advance(2_000)
  const { brief, certificate } = rogue.held()
  expect(brief.agent).toBe(own)
  // It goes on holding what it has, and takes no more.
  const hold = (): void => {
    rogue.report(hostAt(1).did, [{ agent: own, epoch: 1, fuelUsed: 0, progress: null, note: '' }])
    world.time.after(1_000, hold)
  }
  hold()
  rogue.answers = (_from, message) =>
    message.kind === 'request' && message.name === 'offer' ? new Denial('NO_SLOT', 'full') : rogue.welcomeOnly(message)
  const edge = await world.start(2)
  // Knows the program: what is offered is not fetched from a host that has nothing.
  await importProgram(edge.host, bystander)
  await world.time.advance(1_000)
  const to = await world.launch(home(), reader(count))
  await world.time.advance(3_000)
  await rogue.meet(1, 2)
  expect(world.holders(to)).toEqual([2])
  const { order } = rogue.offerOf(brief, 1).license
  const [vote] = certificate.votes
  const birth = vote ? { vote } : null
  const standing: Standing = { order, bundle: brief.bundle, origin: brief.origin, birth, certificate, charters: [] }
  const letter = (number: number, more: Partial<Letter> = {}): Letter => ({
    from: own,
    epoch: 1,
    number,
    to,
    dataJson: JSON.stringify({ as: 0, n: number }),
    ...more,
  })
  return { own, to, brief, certificate, standing, letter, edge: edge.did }
}

const write = (to: Parameters<Rogue['ask']>[0], letter: Letter, standing: Standing | null) =>
  rogue.ask(to, 'mail', { letter, standing })

const stillReads = (to: AgentId) => expect(home().story(to, 0)?.row.state).toBe('running')

describe('a host that writes for an agent', () => {
  it('is believed where it holds it, and its letter repeated is one letter', async () => {
    const { to, standing, letter, edge } = await holding(2)
    expect(refusal(await write(edge, letter(1), null))).toMatch(/^UNPROVEN/)
    for (const shown of [standing, null, null])
      expect(await write(edge, letter(1), shown)).toMatchObject({ kind: 'reply' })
    expect(refusal(await write(edge, letter(1, { dataJson: '"else"' }), null))).toMatch(/^CONFLICT/)
    stillReads(to)
    await write(edge, letter(2), null)
    expect(await world.ended(home(), to)).toMatchObject({
      ok: true,
      value: { mail: countOf([1, 2].map((n) => ({ as: 0, n }))) },
    })
  })

  it('is not believed for another agent, whatever it shows, and fences out nobody', async () => {
    const { to, brief, standing, letter, edge, certificate } = await holding(1)
    const honest = await world.launch(home(), { ...bystander, sends: [{ at: 20_000, to }] })
    await world.time.advance(1_000)
    const forged = async (epoch: number): Promise<Certificate> => {
      const holdingOf = { ...certificate.holding, holder: rogue.did }
      const { ballot, previous, release } = certificate
      const decision = { agent: honest, epoch, ballot, holding: holdingOf, previous, release }
      const vote = await rogue.authority.seal<Vote>({ type: 'vote', ...decision, of: 1, atMs: 0 })
      return { ...decision, votes: [vote] }
    }
    const asHonest = (epoch: number) => letter(1, { from: honest, epoch })
    const huge = 2 ** 50
    const tries: [Letter, Standing][] = [
      [asHonest(1), standing],
      [asHonest(1), { ...standing, certificate: await forged(1) }],
      [asHonest(huge), { ...standing, certificate: await forged(huge) }],
      [asHonest(0), standing],
      [asHonest(0), { ...standing, certificate: null, birth: null }],
      [letter(1, { epoch: 9 }), standing],
    ]
    for (const [as, shown] of tries) expect(refusal(await write(edge, as, shown))).toMatch(/^NOT_AUTHORISED/)
    stillReads(to)
    expect(brief.agent).not.toBe(honest)
    await world.time.advance(25_000)
    expect(await world.ended(home(), to)).toMatchObject({ ok: true, value: { mail: { count: 1, disorder: 0 } } })
  })

  it('cannot pass its agent off as another launcher’s', async () => {
    const { to, standing, letter, edge } = await holding(1)
    // An order that the rogue has signed for that home, as if it had launched the agent.
    const bundle = standing.bundle
    const { order } = await licenseOf(rogue.signer, { home: hostAt(1).did, bundle, nowMs: world.time.wallMs() })
    const origin = { ...standing.origin, order: statementCid(order.statement) }
    expect(refusal(await write(edge, letter(1), { ...standing, order }))).toMatch(/begins with another order/)
    const own = letter(1).from
    const root = rootOf(own, bundle, origin)
    const atHome = createAuthority(createSigner(generateSecretKey(seededRandom(1))), createVerifier())
    const births: Birth[] = [
      ...(standing.birth ? [standing.birth] : []),
      // By whom it is not to say, of another agent, and of another beginning.
      { founded: await rogue.authority.seal({ type: 'founded', agent: own, root }) },
      { founded: await atHome.seal({ type: 'founded', agent: to, root }) },
      { founded: await atHome.seal({ type: 'founded', agent: own, root: rootOf(own, bundle, standing.origin) }) },
    ]
    for (const birth of births)
      expect(refusal(await write(edge, letter(1), { ...standing, order, origin, birth }))).toMatch(/home has not said/)
    stillReads(to)
  })

  it('that floods a mailbox makes its own letters wait, and nothing grows', async () => {
    const { to, standing, letter, edge } = await holding(500)
    const dataJson = JSON.stringify({ as: 0, n: 1, ballast: 'x'.repeat(30_000) })
    // Its reader takes them at once, so they are kept up to the next checkpoint only.
    const answers: string[] = []
    for (let number = 1; number <= 30; number++) {
      const sent = rogue.say(edge, 'mail', { letter: letter(number, { dataJson }), standing })
      await world.time.advance(30)
      answers.push(refusal(rogue.answerTo(edge, sent)))
    }
    const taken = answers.filter((answer) => answer === 'reply').length
    expect(taken).toBeGreaterThanOrEqual(Math.floor(MAILBOX_BYTES_MAX / 30_200))
    expect(taken).toBeLessThanOrEqual(2 * Math.ceil(MAILBOX_BYTES_MAX / 30_200))
    expect(answers.some((answer) => answer.startsWith('BUSY: mailbox'))).toBe(true)
    stillReads(to)
  })

  it('brings no letter that is no JSON, too deep or too long', async () => {
    const { to, standing, letter, edge } = await holding(1)
    const bad = ['1,"from":"me"', `${'['.repeat(65)}${']'.repeat(65)}`, JSON.stringify('x'.repeat(32_768))]
    for (const dataJson of bad) expect(refusal(await write(edge, letter(1, { dataJson }), standing))).toMatch(/^QUOTA/)
    stillReads(to)
  })
})

describe('an agent that is brought with a mailbox', () => {
  it.each([
    ['fuller than there are', Array.from({ length: 5 }, () => JSON.stringify('x'.repeat(30_000))), /mailBytes/],
    ['of letters that are no JSON', ['}{'], /no JSON/],
  ])('%s is not thawed', async (_, texts, reason) => {
    const { brief, certificate, edge } = await holding()
    const letters = texts.map((dataJson, i) => ({ from: brief.agent, number: i + 1, dataJson }))
    await expect(rogue.bring(edge, { ...brief, mail: { ...NO_MAIL, letters } }, certificate, 2)).rejects.toThrow(reason)
  })
})

describe('hosts that send letters round in circles', () => {
  it('cost a sender a bounded number of tries, further and further apart', async () => {
    const second = new Rogue(world, 667)
    await world.start(2)
    await world.time.advance(1_000)
    await rogue.meet(1, 2)
    await second.meet(1, 2)
    const circle = (next: Rogue) => (mine: Rogue) => {
      mine.answers = (_from, message) =>
        message.kind === 'request' && message.name === 'mail'
          ? new Denial('MIGRATED', next.did)
          : mine.welcomeOnly(message)
    }
    circle(second)(rogue)
    circle(rogue)(second)
    const nobody = agentId({ home: rogue.did, age: 1, sequence: 1 })
    const other = await world.launch(home(), reader(1))
    await world.launch(home(), {
      ...bystander,
      sends: [
        { at: 100, to: nobody },
        { at: 100, to: other },
      ],
    })
    await world.time.advance(20_000)
    const asked = [rogue, second].flatMap(({ heard }) =>
      heard.filter(({ message }) => message.kind === 'request' && message.name === 'mail'),
    ).length
    expect(asked).toBeGreaterThan(REDIRECTS_MAX)
    expect(asked).toBeLessThanOrEqual(8 * (REDIRECTS_MAX + 1))
    expect(await world.ended(home(), other), 'letters to others do not wait for it').toMatchObject({
      ok: true,
      value: { mail: countOf(lettersOf({ sends: [{ at: 0, to: other }] }, other)) },
    })
  })
})
