import { describe, expect, it } from 'vitest'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { estateFault } from '../../src/host/estates.ts'
import type { HomeRow } from '../../src/host/state.ts'
import type { Estate } from '../../src/wire/decisions.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import { Cluster, importProgram } from '../host/cluster.ts'
import { Rogue } from './rogue.ts'
import { refusal } from './stranger.ts'

/** Hosts that tell a witness what stands in a row that is not theirs to keep, and keepers that tell what cannot be. */
const estate: Estate = {
  tenure: 3,
  since: 4,
  isFounded: true,
  from: 7,
  next: 9,
  isWhole: true,
  lines: [7, 8].map((number) => ({ number, atMs: 0, kind: 'emit', valueJson: '1', of: null })),
  state: 'running',
  killed: null,
  checkpoint: null,
  checkpointBytes: 0,
  consoleLines: 0,
  sentBytes: 0,
  messages: 0,
  fuelUsed: 0,
  hops: 2,
  allowance: { ...DEFAULT_QUOTA, calls: [] },
  seen: { emit: 5, console: 0, result: 0, failure: 0 },
  forks: [],
  mail: NO_MAIL,
  history: null,
  itinerary: [],
}
const row = { tenure: 3, storyNext: 7, seen: { emit: 4, console: 0, result: 0, failure: 0 }, forks: [], hops: 2 }
const faultOf = (more: Partial<Estate>): string | null =>
  estateFault(row as unknown as HomeRow, { ...estate, ...more }, 5)

describe('what a witness takes over of a row', () => {
  it('goes on from what it has', () => {
    expect(faultOf({})).toBeNull()
    expect(faultOf({ tenure: 5, since: 6, seen: { ...estate.seen, emit: 1 }, hops: 1 })).toBeNull()
    // The first part of a story that is longer than a message: this keeper's own lines come later.
    expect(faultOf({ isWhole: false, since: 66 })).toBeNull()
  })

  it.each<[string, Partial<Estate>]>([
    ['is of a keeper that nobody has decided', { tenure: 6 }],
    ['begins behind its end', { from: 10 }],
    ['is the keeper’s from behind its end on', { since: 10 }],
    ['has lines before its beginning', { from: 8 }],
    ['has lines behind its end', { next: 8 }],
    ['has a line twice', { lines: [...estate.lines, ...estate.lines] }],
    ['takes back effects of the same keeper', { seen: { ...estate.seen, emit: 3 } }],
    ['takes back hops', { hops: 1 }],
  ])('is refused where it %s', (_, more) => expect(faultOf(more)).not.toBeNull())

  it('comes from its keeper, and goes to its witnesses', async () => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed)
    await world.time.advance(5_000)
    const launching = home.launch(await importProgram(home, { steps: 60_000, emitEvery: 0 }), { witnesses: 3 })
    await world.time.advance(2_000)
    const agent = await launching
    const rogue = await new Rogue(world, 666).meet(2)
    rogue.answers = (_from, message) => rogue.welcomeOnly(message)
    const witness = world.hosts.get(2)?.did ?? expect.fail('no witness')
    const told = { agent, epoch: home.story(agent, 0)?.row.epoch ?? 0, estate }
    expect(refusal(await rogue.ask(witness, 'mirror', told))).toMatch(/^NOT_AUTHORISED/)
    const asked = { agent, after: { next: 1, epoch: 0 } }
    expect(refusal(await rogue.ask(witness, 'estate', asked))).toMatch(/^NOT_AUTHORISED/)
  })
})
