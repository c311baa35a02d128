import { expect, it } from 'vitest'
import { Cluster } from '../host/cluster.ts'
import { Rogue } from './rogue.ts'

/** What a holder says came of its agent is a stranger's text: none of it ends the home, and what is no JSON is not kept. */
it.each([
  ['nothing that is named', 'null', true],
  ['no object', '[1]', true],
  ['no text', '{"code":{"toString":1,"valueOf":1},"reason":{"toString":1,"valueOf":1}}', true],
  ['no JSON', '{', false],
  ['no JSON either', '', false],
])('a failure that is %s does not end the home', async (_, valueJson, isTaken) => {
  const world = new Cluster()
  const { host: home, did, logs } = await world.start(1, { kind: 'launcher', slots: 0 })
  const rogue = await new Rogue(world, 666).meet(1)
  rogue.lure(did)
  await world.time.advance(1_500)
  const agent = await world.launch(home, { steps: 9_000, emitEvery: 500 })
  await world.time.advance(500)
  const { brief } = rogue.held()
  expect(brief.agent).toBe(agent)
  const grounds = { after: 0, stretch: null, voucher: null }
  const said = await rogue.ask(did, 'effect', { agent, epoch: 1, kind: 'failure', number: 1, valueJson, ...grounds })
  expect(logs.filter((line) => line.includes('the host stops'))).toEqual([])
  expect(said?.kind).toBe(isTaken ? 'reply' : 'error')
  expect(home.story(agent, 0)?.row.state).toBe(isTaken ? 'failed' : 'running')
})
