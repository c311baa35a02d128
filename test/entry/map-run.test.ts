import { describe, expect, it } from 'vitest'
import type { Cid } from '../../src/base/digest.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { type MapWork, startMap } from '../../src/entry/node/map-run.ts'
import { LaunchError } from '../../src/host/host.ts'
import type { Did } from '../../src/identity/did.ts'
import { cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster, importProgram } from '../host/cluster.ts'

type Outcome = { readonly ok: boolean; readonly valueJson: string } | null

/** A home whose agents end when the test says so. */
class ScriptedHome {
  readonly did = 'did:key:zHome' as Did
  readonly launched: string[] = []
  readonly #ends: ((outcome: Outcome) => void)[] = []
  readonly #outcomes: Promise<Outcome>[] = []

  launch = async (_: Cid, { inputJson = '' } = {}): Promise<AgentId> => {
    if (inputJson === '"refuse"') throw new LaunchError('BUSY', 'rows 20000 >= ROWS_MAX 20000')
    this.launched.push(inputJson)
    this.#outcomes.push(new Promise((resolve) => this.#ends.push(resolve)))
    return `agent-${this.launched.length - 1}` as AgentId
  }
  outcome = async (agent: AgentId): Promise<Outcome> => this.#outcomes[Number(agent.slice('agent-'.length))]
  story = () => null
  subscribe = () => () => {}
  kill = () => {}

  end(index: number, outcome: Outcome): Promise<void> {
    this.#ends[index](outcome)
    return new Promise((resolve) => setImmediate(resolve))
  }
}

const result = (value: unknown): Outcome => ({ ok: true, valueJson: JSON.stringify(value) })

function start(inputs: readonly string[], options: Partial<MapWork> = {}) {
  const home = new ScriptedHome()
  const lines: string[] = []
  const run = startMap({
    host: home,
    bundle: 'bafy' as Cid,
    inputs,
    launch: {},
    width: () => 2,
    onResult: (line) => lines.push(line),
    ...options,
  })
  return { home, lines, run, turn: () => new Promise((resolve) => setImmediate(resolve)) }
}

describe('mapping', () => {
  it('gives results out in the order of the inputs, each as soon as it can', async () => {
    const { home, lines, run, turn } = start(['0', '1', '2'], { width: () => 3 })
    await turn()
    await home.end(2, result('two'))
    expect(lines).toEqual([])
    await home.end(0, result('zero'))
    expect(lines).toEqual(['"zero"'])
    await home.end(1, result('one'))
    expect(lines).toEqual(['"zero"', '"one"', '"two"'])
    expect(await run.ended).toMatchObject({ total: 3, finished: 3, failed: 0, fraction: 1 })
  })

  it('has no more agents under way than it may', async () => {
    const { home, run, turn } = start(['0', '1', '2', '3'])
    await turn()
    expect(home.launched).toEqual(['0', '1'])
    expect(run.progress()).toMatchObject({ running: 2 })
    await home.end(1, result(null))
    expect(home.launched).toEqual(['0', '1', '2'])
  })

  it('makes a line of what failed, of what could not be launched and of a home that stopped', async () => {
    const { home, lines, run, turn } = start(['0', '"refuse"', '2'])
    await turn()
    await home.end(0, { ok: false, valueJson: '{"code":"THROWN","reason":"Error: x"}' })
    await turn()
    await home.end(1, null)
    expect((await run.ended).failed).toBe(3)
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { error: { code: 'THROWN', reason: 'Error: x' } },
      { error: { code: 'BUSY', reason: 'rows 20000 >= ROWS_MAX 20000' } },
      { error: { code: 'CLOSED', reason: 'the home host has stopped' } },
    ])
  })

  it('ends at once where there is nothing to do', async () => {
    expect(await start([]).run.ended).toMatchObject({ total: 0, fraction: 1 })
  })
})

describe('mapping over real hosts', () => {
  const program = { steps: 2_000, emitEvery: 0 }

  async function cluster() {
    const world = new Cluster()
    const home = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed, { slots: 2 })
    await world.time.advance(5_000)
    return { world, home: home.host, bundle: await importProgram(home.host, program) }
  }

  it('uses all of them, and counts their hops', async () => {
    const { world, home, bundle } = await cluster()
    const lines: string[] = []
    const inputs = Array.from({ length: 8 }, (_, i) => String(i))
    const run = startMap({
      host: home,
      bundle,
      inputs,
      launch: {},
      width: () => 4,
      onResult: (line) => lines.push(line),
    })
    let end: Awaited<typeof run.ended> | null = null
    void run.ended.then((ended) => {
      end = ended
    })
    await world.time.runUntil(() => end !== null, 60_000)
    expect(lines.map((line) => JSON.parse(line))).toEqual(inputs.map(() => cheapTruth(program)))
    expect(end).toMatchObject({ finished: 8, failed: 0, hops: 8, recoveries: 0 })
    expect(end).toHaveProperty('hosts', new Set([...world.hosts.values()].slice(1).map(({ did }) => did)))
  })

  it('has one result for an input whose agent forks, and ends what it forked into', async () => {
    const { world, home } = await cluster()
    const forking = { steps: 3_000, emitEvery: 0, forks: [{ at: 1_000, n: 3 }] }
    const lines: string[] = []
    const run = startMap({
      host: home,
      bundle: await importProgram(home, forking),
      inputs: ['1', '2'],
      launch: {},
      width: () => 1,
      onResult: (line) => lines.push(line),
    })
    let ended = false
    void run.ended.then(() => {
      ended = true
    })
    await world.time.runUntil(() => ended, 60_000)
    expect(lines.map((line) => JSON.parse(line))).toEqual([cheapTruth(forking, [0]), cheapTruth(forking, [0])])
    await world.time.advance(100)
    await world.kill(1)
    await world.time.advance(2_000)
    for (const { host } of world.hosts.values()) expect(host.snapshot().agents).toEqual([])
  })

  it('kills what is under way when it is aborted, and gives nothing out any more', async () => {
    const { world, home, bundle } = await cluster()
    const lines: string[] = []
    const stop = new AbortController()
    const run = startMap({
      host: home,
      bundle,
      inputs: ['1', '2', '3', '4'],
      launch: {},
      width: () => 4,
      onResult: (line) => lines.push(line),
      signal: stop.signal,
    })
    let reason: unknown = null
    run.ended.catch((error: unknown) => {
      reason = error
    })
    await world.time.advance(1_000)
    stop.abort('enough')
    await world.time.runUntil(() => reason !== null, 5_000)
    // The word is on its way to the holders: once it has arrived they need not hear from home again.
    await world.time.advance(100)
    await world.kill(1)
    await world.time.advance(2_000)
    expect([reason, lines]).toEqual(['enough', []])
    for (const { host } of world.hosts.values()) expect(host.snapshot().agents).toEqual([])
  })
})
