import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { ANSWER_SEND_MS, READY_MS, ROUND_LEAP_MAX } from '../../src/host/limits.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Message } from '../../src/wire/messages.ts'
import { Cluster, importProgram } from '../host/cluster.ts'
import { Rogue } from './rogue.ts'

/** A host that takes part up to some step of the protocol, and then says nothing more, to nobody. */
const program: CheapProgram = { steps: 2_000, emitEvery: 500 }
let world: Cluster
let rogue: Rogue

const hostAt = (seed: number) => {
  const host = world.hosts.get(seed)
  if (!host) throw new Error(`no host ${seed}`)
  return host
}

beforeEach(async () => {
  world = new Cluster()
  await world.start(1, { kind: 'launcher', slots: 0 })
  rogue = await new Rogue(world, 666).meet(1)
  rogue.lure(hostAt(1).did)
})

/** Silent from this request on. */
const stopAt = (name: Message['name']) => {
  const { answers } = rogue
  let isSilent = false
  rogue.answers = (from, message) => {
    isSilent ||= message.name === name
    return isSilent ? null : answers(from, message)
  }
}

const keepReporting = (agent: AgentId, fuelUsed = 1): { stop(): void } => {
  let stopped = false
  const report = (): void => {
    if (stopped) return
    const reports = [{ agent, epoch: 1, fuelUsed, progress: null, note: '' }]
    rogue.report(hostAt(1).did, reports)
    world.time.after(1_000, report)
  }
  report()
  return {
    stop() {
      stopped = true
    },
  }
}

/** It ends right somewhere else, in the time that the step may take, and nothing of it is left with anybody. */
async function endsElsewhere(agent: AgentId, limitMs: number) {
  const ended = await world.ended(hostAt(1).host, agent, limitMs)
  expect(ended).toEqual({ ok: true, value: cheapTruth(program) })
  await world.time.advance(READY_MS + 10_000)
  for (const { host } of world.hosts.values()) expect(host.snapshot().agents).toEqual([])
}

async function launchAtRogue(): Promise<AgentId> {
  const agent = await world.launch(hostAt(1).host, program)
  await world.start(2)
  await importProgram(hostAt(2).host, program)
  await world.time.advance(2_000)
  return agent
}

describe('an agent whose next host falls silent', { timeout: 30_000 }, () => {
  it('when it is offered goes elsewhere', async () => {
    stopAt('offer')
    await endsElsewhere(await launchAtRogue(), 15_000)
  })

  it('when it is sent goes elsewhere, once the time for an answer is over', async () => {
    stopAt('send')
    await endsElsewhere(await launchAtRogue(), ANSWER_SEND_MS + 15_000)
  })

  it('when it has said READY is taken back after its lease, and not given there again', async () => {
    const agent = await launchAtRogue()
    expect(hostAt(1).host.story(agent, 0)?.row.holder).toBe(rogue.did)
    await endsElsewhere(agent, 15_000)
    const given = rogue.heard.filter(({ message }) => message.kind === 'request' && message.name === 'send')
    expect(given).toHaveLength(1)
  })
})

describe('an agent whose holder stops', { timeout: 30_000 }, () => {
  it('some time later is taken back when it has not been heard of for a lease', async () => {
    const agent = await launchAtRogue()
    const reporting = keepReporting(agent)
    await world.time.advance(20_000)
    expect(hostAt(1).host.story(agent, 0)?.row.holder).toBe(rogue.did)
    reporting.stop()
    await endsElsewhere(agent, 15_000)
  })

  it('after it has offered the agent on, or sent it, or had READY for it, is taken back just as well', async () => {
    const agent = await launchAtRogue()
    await rogue.meet(1, 2)
    const { brief, certificate } = rogue.held()
    await rogue.bring(hostAt(2).did, brief, certificate, 2)
    await endsElsewhere(agent, READY_MS + 15_000)
  })

  it.each(['prepare', 'accept'] as const)(
    'and first says %s for the highest round there is, is taken back just as well',
    async (name) => {
      const agent = await launchAtRogue()
      const home = hostAt(1).did
      const { brief, certificate } = rogue.held()
      const ballot = { round: Number.MAX_SAFE_INTEGER, host: rogue.did, age: 1 }
      const asked = { agent, epoch: 2, ballot }
      const { holding } = certificate
      const answered =
        name === 'prepare'
          ? await rogue.ask(home, 'prepare', asked)
          : await rogue.ask(home, 'accept', {
              ...asked,
              holding,
              previous: brief.head,
              release: null,
              ready: null,
              voucher: null,
              log: null,
            })
      expect(answered).toMatchObject({ kind: 'error', reason: expect.stringContaining('ROUND_LEAP_MAX') })
      await endsElsewhere(agent, 15_000)
    },
  )

  it('and has climbed far above its home in small steps, is taken back in a few tries', async () => {
    const agent = await launchAtRogue()
    const step = (round: number) =>
      rogue.say(hostAt(1).did, 'prepare', { agent, epoch: 2, ballot: { round, host: rogue.did, age: 1 } })
    for (let n = 1; n <= 40; n++) {
      step(n * ROUND_LEAP_MAX)
      await world.time.advance(50)
    }
    expect(hostAt(1).host.story(agent, 0)?.row.holder).toBe(rogue.did)
    await endsElsewhere(agent, 20_000)
  })

  it('but goes on saying that it has it keeps it, until it is killed: that needs nobody but home', async () => {
    const agent = await launchAtRogue()
    const reporting = keepReporting(agent)
    await world.time.advance(60_000)
    expect(hostAt(1).host.story(agent, 0)?.row).toMatchObject({ holder: rogue.did, state: 'running' })
    hostAt(1).host.kill(agent)
    await world.time.advance(1_000)
    expect(hostAt(1).host.story(agent, 0)?.row).toMatchObject({ holder: hostAt(1).did, state: 'killed' })
    reporting.stop()
  })
})

describe('a host that lets agents down again and again', { timeout: 30_000 }, () => {
  it('gets fewer and fewer of them, as long as there is another', async () => {
    await world.start(2, { slots: 8 })
    await world.time.advance(3_000)
    for (let i = 0; i < 12; i++) {
      await world.launch(hostAt(1).host, program)
      await world.time.advance(7_000)
    }
    const given = rogue.heard.filter(({ message }) => message.kind === 'request' && message.name === 'send')
    expect(given.length).toBeGreaterThan(0)
    expect(given.length).toBeLessThan(7)
  })

  it('is still asked where there is no other', async () => {
    await world.launch(hostAt(1).host, program)
    await world.time.advance(30_000)
    const given = rogue.heard.filter(({ message }) => message.kind === 'request' && message.name === 'send')
    expect(given.length).toBeGreaterThan(2)
  })
})
