import { describe, expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, agentId, shortAgentId } from '../../src/directory/agent-id.ts'
import {
  type ClusterView,
  familyOf,
  findAgent,
  findHost,
  inOrder,
  leastLoaded,
  viewOf,
} from '../../src/entry/node/cluster-view.ts'
import { agentOrHostNamed } from '../../src/entry/node/naming.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { HoldingReport, Requests, Row } from '../../src/wire/messages.ts'

const didOf = (seed: number): Did => createSigner(generateSecretKey(seededRandom(seed))).did
const [one, two, three] = [didOf(1), didOf(2), didOf(3)]

const agentOf = (home: Did, age: number, sequence: number): AgentId => agentId({ home, age, sequence })

const row = (agent: AgentId, changes: Partial<Row> = {}): Row => ({
  agent,
  name: 'counter',
  author: three,
  epoch: 1,
  holder: two,
  state: 'running',
  progress: null,
  note: '',
  fuelUsed: 0,
  hops: 1,
  forkedFrom: null,
  head: rawCid(Uint8Array.of(1)),
  ...changes,
})

const held = (agent: AgentId): HoldingReport => ({ agent, epoch: 3, fuelUsed: 7, progress: 0.5, note: 'on' })

const answer = (
  name: string,
  parts: Partial<Requests['status']['answer']> = {},
  load = { agents: 0, slots: 2, accepting: true },
): Requests['status']['answer'] => ({
  description: {
    statement: {
      type: 'description',
      kind: 'edge',
      name,
      engineIds: [],
      depth: 20,
      memoryBytes: 0,
      slots: 2,
      admission: 'open',
      age: 1,
      births: new Uint8Array(),
      issuedMs: 0,
    },
    signer: one,
    envelope: new Uint8Array(),
  },
  load,
  here: [],
  rows: [],
  hidden: 0,
  ...parts,
})

describe('the view of a cluster', () => {
  it('believes about an agent only its home', () => {
    const agent = agentOf(one, 1, 4)
    const view = viewOf([
      { did: one, answer: answer('edge-1', { rows: [row(agent)] }) },
      {
        did: two,
        answer: answer('edge-2', { rows: [row(agent, { state: 'killed', name: 'lie' })], here: [held(agent)] }),
      },
    ])
    expect(view.agents).toEqual([{ ...row(agent), home: one }])
  })

  it('shows what a holder has whose home is silent', () => {
    const agent = agentOf(one, 1, 4)
    const view = viewOf([
      { did: one, silent: 'TIMEOUT: no answer' },
      { did: two, answer: answer('edge-2', { here: [held(agent)] }) },
    ])
    expect(view.agents).toMatchObject([{ agent, home: one, holder: two, state: 'away', progress: 0.5, author: null }])
    expect(view.silent).toEqual([{ did: one, reason: 'TIMEOUT: no answer' }])
  })

  it('knows what an agent forked into, and what those did', () => {
    const [first, second, third, stranger] = [1, 2, 10, 3].map((sequence) => agentOf(one, 1, sequence)) as [
      AgentId,
      AgentId,
      AgentId,
      AgentId,
    ]
    const from = (agent: AgentId) => ({ forkedFrom: { agent, request: 5, index: 1, seed: 0 } })
    const rows = [row(third, from(second)), row(stranger), row(second, from(first)), row(first)]
    const view = viewOf([{ did: one, answer: answer('edge-1', { rows }) }])
    const family = (agent: AgentId) => familyOf(view, agent).map((member) => member.agent)
    expect([family(first), family(second), family(stranger)]).toEqual([
      [first, second, third],
      [second, third],
      [stranger],
    ])
  })

  it('puts agents that work before those that have ended, by home, age and number', () => {
    const view = viewOf([
      {
        did: one,
        answer: answer('edge-1', {
          rows: [
            row(agentOf(one, 1, 3), { state: 'finished' }),
            row(agentOf(one, 2, 1)),
            row(agentOf(one, 1, 10)),
            row(agentOf(one, 1, 9)),
          ],
        }),
      },
    ])
    expect(inOrder(view.agents).map(({ agent }) => agent.split('.').slice(1).join('.'))).toEqual([
      '1.9',
      '1.10',
      '2.1',
      '1.3',
    ])
  })

  it('finds the edge worker with the most room', () => {
    const load = (agents: number, accepting = true) => ({ agents, slots: 2, accepting })
    const view = viewOf([
      { did: one, answer: answer('full', {}, load(2)) },
      { did: two, answer: answer('closed', {}, load(0, false)) },
      { did: three, answer: answer('half', {}, load(1)) },
    ])
    expect(leastLoaded(view)).toBe(three)
    expect(leastLoaded({ ...view, hosts: view.hosts.map((host) => ({ ...host, kind: 'tab' as const })) })).toBeNull()
  })
})

describe('an abbreviation', () => {
  const agents = [agentOf(one, 1, 4), agentOf(one, 2, 4), agentOf(two, 1, 5)]
  const view: ClusterView = viewOf([
    { did: one, answer: answer('edge-1', { rows: agents.slice(0, 2).map((agent) => row(agent)) }) },
    { did: two, answer: answer('edge-2', { rows: [row(agents[2])] }) },
    { did: three, answer: answer('edge-2') },
  ])

  it('is the end of the home’s key and the number', () => {
    expect(findAgent(view, `${two.slice(-6)}.5`)).toEqual({ ok: true, value: agents[2] })
    expect(findAgent(view, `${two.slice(-1)}.5`)).toEqual({ ok: true, value: agents[2] })
    expect(findAgent(view, agents[1])).toEqual({ ok: true, value: agents[1] })
  })

  it('says which agents it can mean, and takes the age to decide', () => {
    expect(findAgent(view, `${one.slice(-5)}.4`)).toEqual({
      ok: false,
      code: 'AMBIGUOUS',
      reason: `"${one.slice(-5)}.4" can mean 2 agents: ${agents[0]}, ${agents[1]}`,
    })
    expect(findAgent(view, `${one.slice(-6)}.2.4`)).toEqual({ ok: true, value: agents[1] })
  })

  it('means the very agent that is shown by it, also where home has begun anew since', () => {
    expect(agents.slice(0, 2).map(shortAgentId)).toEqual([`${one.slice(-6)}.4`, `${one.slice(-6)}.2.4`])
    for (const agent of agents) expect(findAgent(view, shortAgentId(agent))).toEqual({ ok: true, value: agent })
  })

  it.each(['.4', '4', '', `${one.slice(-6)}`, `${one.slice(-6)}.`, `${one.slice(-6)}.44`, 'x.1.2.3'])(
    '"%s" is no agent',
    (text) => {
      expect(findAgent(view, text)).toEqual({
        ok: false,
        code: 'UNKNOWN',
        reason: `no agent here is called "${text}"`,
      })
    },
  )

  it('is a host’s name, the end of its key as tables show it, or its did', () => {
    expect(findHost(view, 'edge-1')).toEqual({ ok: true, value: one })
    expect(findHost(view, `…${two.slice(-6)}`)).toEqual({ ok: true, value: two })
    expect(findHost(view, three)).toEqual({ ok: true, value: three })
    expect(findHost(view, 'edge-2')).toMatchObject({ ok: false, code: 'AMBIGUOUS' })
    expect(findHost(view, two.slice(-3))).toMatchObject({ ok: false, code: 'UNKNOWN' })
  })

  it('can be of a host or of an agent; what is neither may be with a host that did not answer', () => {
    expect(agentOrHostNamed(view, 'edge-1')).toEqual({ host: one })
    expect(agentOrHostNamed(view, agents[0])).toEqual({ agent: agents[0] })
    expect(() => agentOrHostNamed({ ...view, silent: [{ did: three, reason: '' }] }, 'edge-9')).toThrow(
      'no agent and no host here is called "edge-9"; 1 of the hosts on line did not answer',
    )
  })
})
