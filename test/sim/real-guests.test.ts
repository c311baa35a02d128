import { describe, expect, it } from 'vitest'
import type { MachineImage } from '../../src/engine/image.ts'
import { nodePowers } from '../../src/entry/node/sim/powers.ts'
import { realGuests } from '../../src/entry/node/sim/real-guests.ts'
import { buildSimulatedAgent } from '../../src/entry/node/sim/simulated-program.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import type { GuestEvent } from '../../src/sandbox/port.ts'
import { CHEAP_GUESTS, type WorldGuests } from '../../src/sim/cheap-guests.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { HostTime } from '../../src/sim/host-time.ts'
import { DEFAULT_OPTIONS, type SimOptions } from '../../src/sim/options.ts'
import type { Report } from '../../src/sim/report.ts'
import { runOnce, runSeed } from '../../src/sim/run-seed.ts'
import { order } from '../sandbox/orders.ts'

/**
 * The simulator's programs in the real engine say what they say in a cheap guest, so that the same is expected of both; and
 * whole hosts with real guests under faults keep every invariant, the same way each time.
 */
const guests = await realGuests(await buildSimulatedAgent())
const powers = { ...nodePowers(), guests }

const STEPS = 900
const PROGRAMS: Readonly<Record<string, CheapProgram>> = {
  'computes and says how far it is': { steps: STEPS, emitEvery: 70 },
  'prints, and is silent otherwise': { steps: STEPS, emitEvery: 0, printEvery: 130 },
  'moves twice, once where it speaks': {
    steps: STEPS,
    emitEvery: 100,
    moves: [
      { at: 300, where: 'anywhere' },
      { at: 555, where: { home: true } },
    ],
  },
  'forks, as the second of three': { steps: STEPS, emitEvery: 100, forks: [{ at: 400, n: 3 }] },
  sleeps: { steps: STEPS, emitEvery: 100, sleeps: [{ at: 250, ms: 2_000 }] },
  'fails at its end': { steps: STEPS, emitEvery: 250, fail: 'it is meant to fail' },
  'is large': { steps: 500, emitEvery: 200, large: true },
  'writes to a name and to an id': {
    steps: STEPS,
    emitEvery: 400,
    as: 3,
    sends: [
      { at: 100, to: 'box' },
      { at: 100, to: 'an.id.1' },
      { at: 500, to: 'box' },
    ],
  },
  'takes a name and waits for letters': {
    steps: STEPS,
    emitEvery: 0,
    registers: [{ at: 1, name: 'box' }],
    receives: [{ at: 200, count: 3 }],
  },
}

interface Told {
  readonly words: readonly string[]
  readonly end: string
}

/** As its host a small one: it answers at once, forks it into the second, and has a letter whenever one is waited for. */
async function tell(kind: WorldGuests, program: CheapProgram, freezeEveryMs: number | null): Promise<Told> {
  const world = new VirtualTime(() => new Promise((done) => setImmediate(done)))
  const sandbox = kind.sandbox(new HostTime(world))
  const words: string[] = []
  let end: string | null = null
  let image: MachineImage | null = null
  const begin = () => {
    const guest = sandbox.spawn(
      order({ engineId: kind.engineId, code: kind.codeOf(program), inputJson: '{"launch":1}', image, pace: 'real' }),
      (event) => hear(event),
    )
    guest.run()
    return guest
  }
  const hear = (event: GuestEvent): void => {
    if (event.kind === 'console') words.push(event.text)
    else if (event.kind === 'finished') end = event.resultJson
    else if (event.kind === 'failed') end = `${event.code} ${event.reason.split('\n')[0]}`
    else if (event.kind === 'frozen') {
      guest.terminate()
      image = event.image
      guest = begin()
    } else if (event.kind === 'call') {
      const { request, name, argsJson } = event.call
      // A cheap guest does not ask who it is, and counts the letters that it has had as the inbox does.
      if (!event.again && name !== 'self') words.push(`${name} ${argsJson}`)
      guest.deliver({ request, outcome: { ok: true, valueJson: answerTo(name, argsJson) } })
    }
  }
  let guest = begin()
  for (let ms = 0; end === null && ms < 60_000; ms += freezeEveryMs ?? 1_000) {
    await world.advance(freezeEveryMs ?? 1_000)
    if (freezeEveryMs !== null && end === null) guest.freeze()
  }
  return { words, end: end ?? 'no end' }
}

const SELF = { id: 'me.1', host: { id: 'did:key:z1', kind: 'edge', age: 1, name: 'host 1' }, quota: {} }

function answerTo(name: string, argsJson: string): string {
  if (name === 'self') return JSON.stringify(SELF)
  if (name === 'move') return JSON.stringify(SELF.host)
  if (name === 'fork') return JSON.stringify({ ...SELF, index: 1, seed: 5 })
  if (name === 'lookup') return JSON.stringify('box.id.2')
  if (name === 'receive') return JSON.stringify({ from: 'w.1', data: { as: 1, n: JSON.parse(argsJson).after + 1 } })
  return 'null'
}

describe('a program of the simulator in the real engine says and comes to what it does in a cheap guest', () => {
  it.each(Object.entries(PROGRAMS))('one that %s', async (_, program) => {
    const cheap = await tell(CHEAP_GUESTS, program, null)
    expect(cheap.end).not.toBe('no end')
    const real = await tell(guests, program, null)
    expect({ ...real, end: real.end.replace('Error: ', '') }).toEqual(cheap)
  })

  it.each(['moves twice, once where it speaks', 'takes a name and waits for letters'])(
    'also where it is frozen and thawed all the time: one that %s',
    async (name) => {
      const program = PROGRAMS[name] as CheapProgram
      expect(await tell(guests, program, 90)).toEqual(await tell(CHEAP_GUESTS, program, null))
    },
  )
})

/** A few agents among a few hosts, one of which is killed in the middle; fast and durable ones. */
const SHORT: Omit<SimOptions, 'seed'> = {
  ...DEFAULT_OPTIONS,
  guests: 'real',
  hosts: 4,
  agents: 3,
  seconds: 30,
  faults: ['crash', 'torn', 'owner', 'sever', 'drop', 'suspend'],
}

function expectWell({ violations, sometimes }: Report): void {
  expect(violations).toEqual([])
  expect(sometimes['recovery won']).toBeGreaterThan(0)
  expect(sometimes['restarted holder']).toBeGreaterThan(0)
}

describe('real guests on simulated hosts', () => {
  it('keep every invariant, and go on elsewhere, with three witnesses, twice alike', async () => {
    expectWell(await runSeed({ ...SHORT, seed: 25, witnesses: 3 }, powers))
  }, 120_000)

  it('and with their home alone', async () => {
    expectWell(await runOnce({ ...SHORT, seed: 25 }, powers))
  }, 120_000)

  it('that come to something else are noticed by the same oracles', async () => {
    const wrong: WorldGuests = {
      ...guests,
      codeOf: (program) => guests.codeOf(program).replaceAll('Math.imul(hash, 31)', 'Math.imul(hash, 33)'),
    }
    const options: SimOptions = { ...SHORT, seed: 7, agents: 1, seconds: 10, faults: [], mail: false, effects: 'fast' }
    const { violations } = await runOnce(options, { ...powers, guests: wrong })
    expect(violations.map(({ invariant }) => invariant)).toContain('effects-once')
  }, 60_000)
})
