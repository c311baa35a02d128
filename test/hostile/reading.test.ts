import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Message, Requests } from '../../src/wire/messages.ts'
import { writeNames } from '../../src/wire/names.ts'
import type { Mandate } from '../../src/wire/statements.ts'
import { author, Cluster, type ClusterHost } from '../host/cluster.ts'
import { refusal, type Stranger, strangerAt } from './stranger.ts'

/** Who was let into a cluster, and wants to know what others have in it. */
const operator = createSigner(generateSecretKey(seededRandom(77)))
const nobody = createSigner(generateSecretKey(seededRandom(78)))

let world: Cluster
let home: ClusterHost
let edge: ClusterHost
let agent: AgentId

beforeEach(async () => {
  world = new Cluster()
  home = await world.start(1, { kind: 'launcher', slots: 0, operators: [operator.did] })
  edge = await world.start(2)
  await world.time.advance(5_000)
  agent = await world.launch(home.host, { steps: 1e9, emitEvery: 1_000 })
  await world.time.advance(6_000)
  expect(world.holders(agent)).toEqual([2])
}, 20_000)

const checkpointAtHome = () => {
  const told = home.host.story(agent, 0)?.lines.findLast(({ kind }) => kind === 'checkpoint')
  return JSON.parse(told?.valueJson ?? '{}').checkpoint
}

/** A host with a key of its own that asks in somebody's name. */
async function asking(at: number, person: Signer | null, key = 0): Promise<Stranger> {
  if (person === null) return strangerAt(world, at, undefined, { key })
  return strangerAt(world, at, undefined, {
    key,
    mandate: (host) =>
      createAuthority(person, createVerifier()).seal<Mandate>({
        type: 'mandate',
        host,
        expiresMs: world.time.wallMs() + 60_000,
      }),
  })
}

const bodyOf = <N extends keyof Requests>(_name: N, message: Message | undefined): Requests[N]['answer'] | null =>
  message?.kind === 'reply' ? (message.body as Requests[N]['answer']) : null

const fetchBy = async (stranger: Stranger, name: string, of: AgentId | null): Promise<string> => {
  const names = writeNames([name as never])
  const answer = await stranger.ask('fetch', { transfer: 1, agent: of, names, against: new Uint8Array() })
  const pack = bodyOf('fetch', answer)?.pack
  // An entry for what is not here is one byte.
  return pack ? (pack.byteLength > 1 ? 'bytes' : 'nothing') : refusal(answer)
}

describe('a host that nobody has named', () => {
  it('sees no row, hears no story, and gets no block of an agent’s memory by any name', async () => {
    const stranger = await asking(1, null)
    expect(bodyOf('status', await stranger.ask('status', {}))).toMatchObject({ rows: [], here: [], hidden: 1 })
    expect(refusal(await stranger.ask('story', { agent, from: 0 }))).toMatch(/^NOT_AUTHORISED: only its author/)
    const checkpoint = checkpointAtHome()
    expect(await fetchBy(stranger, checkpoint, agent)).toMatch(/^NOT_AUTHORISED: .* may not read/)
    expect(await fetchBy(stranger, checkpoint, null)).toBe('nothing')
    // An agent of its own gives it no right to another's blocks.
    expect(await fetchBy(stranger, checkpoint, `${stranger.did.slice(8)}.1.1` as AgentId)).toBe('nothing')
    const there = await asking(2, null, 1)
    expect(bodyOf('status', await there.ask('status', {}))).toMatchObject({ rows: [], here: [], hidden: 1 })
    expect(await fetchBy(there, checkpoint, agent)).toMatch(/^NOT_AUTHORISED/)
  })

  it('gets no more in the name of somebody whose nothing is either', async () => {
    const stranger = await asking(1, nobody)
    expect(bodyOf('status', await stranger.ask('status', {}))).toMatchObject({ rows: [], hidden: 1 })
    expect(refusal(await stranger.ask('story', { agent, from: 0 }))).toMatch(/^NOT_AUTHORISED/)
  })

  it('still gets blocks of bundles, which are nobody’s secret', async () => {
    const stranger = await asking(1, null)
    const bundle = await world.bundle(home.host, { steps: 5, emitEvery: 1 })
    expect(await fetchBy(stranger, bundle, null)).toBe('bytes')
  })
})

describe.each([
  ['the author', author],
  ['an operator of its home', operator],
])('%s', (_, person) => {
  it('sees and hears what is there, through a host with a key for once', async () => {
    const asker = await asking(1, person)
    expect(bodyOf('status', await asker.ask('status', {}))).toMatchObject({ rows: [{ agent }], hidden: 0 })
    expect(bodyOf('story', await asker.ask('story', { agent, from: 0 }))?.row.agent).toBe(agent)
    expect(await fetchBy(asker, checkpointAtHome(), agent)).toBe('bytes')
  })
})

it('whose mandate has run out sees nothing more', async () => {
  const asker = await asking(1, author)
  await world.time.advance(61_000)
  expect(bodyOf('status', await asker.ask('status', {}))).toMatchObject({ rows: [], hidden: 1 })
})

it('an operator of one host has no right on another for it', async () => {
  const asker = await asking(2, operator)
  expect(bodyOf('status', await asker.ask('status', {}))).toMatchObject({ here: [], hidden: 1 })
  expect(edge.host.snapshot().agents).toHaveLength(1)
})
