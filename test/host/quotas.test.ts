import { describe, expect, it } from 'vitest'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { PACE_BURST_SECONDS } from '../../src/host/limits.ts'
import { newPace, spend } from '../../src/host/quotas.ts'
import type { Resident } from '../../src/host/state.ts'
import type { Quota } from '../../src/permit/quota.ts'
import { policyOfTerms } from '../../src/permit/terms.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from './cluster.ts'
import { leaveOf } from './licenses.ts'

const residentWith = (some: Partial<Quota>): Resident => {
  const quota = { ...DEFAULT_QUOTA, ...some }
  return { quota, messages: 0, sentBytes: 0, pace: newPace(quota, 0) } as unknown as Resident
}

describe('what an agent says', () => {
  it('is counted over its whole life', () => {
    const resident = residentWith({ messages: 3 })
    expect([1, 2, 3].map(() => spend(resident, 1, 0))).toEqual([null, null, null])
    expect(spend(resident, 1, 3600_000)).toBe('messages 3 >= 3')
  })

  it('is paced by messages and by bytes of a second, with ten seconds’ worth at once', () => {
    const some = residentWith({ messagesPerSecond: 2, messages: 1e9 })
    const passed = (nowMs: number, bytes: number, resident: Resident): number => {
      for (let count = 0; ; count++) if (spend(resident, bytes, nowMs) !== null) return count
    }
    expect(passed(0, 1, some)).toBe(2 * PACE_BURST_SECONDS)
    expect(passed(1_500, 1, some)).toBe(3)
    expect(passed(3600_000, 1, some)).toBe(2 * PACE_BURST_SECONDS)
    const heavy = residentWith({ bytesPerSecond: 100 })
    expect(passed(0, 250, heavy)).toBe((100 * PACE_BURST_SECONDS) / 250)
    expect(passed(5_000, 250, heavy)).toBe(2)
    expect(spend(heavy, 1, 5_000)).toBe('bytes > bytesPerSecond 100')
  })
})

describe('a permit', () => {
  const emits: CheapProgram = { steps: 4_000, emitEvery: 500, moves: [{ at: 2_200, where: 'anywhere' }] }

  async function run(terms: Parameters<typeof policyOfTerms>[0], program = emits) {
    const world = new Cluster()
    const home = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed)
    await world.time.advance(4_000)
    const permit = [await leaveOf(author, home.did, { policy: policyOfTerms(terms) })]
    const launching = home.host.launch(await importProgram(home.host, program), { permit })
    await world.time.advance(5)
    const agent = await launching
    const ended = await world.ended(home.host, agent)
    const told = home.host.story(agent, 0)?.lines ?? []
    return {
      ended,
      emitted: told.filter(({ kind }) => kind === 'emit').length,
      told,
    }
  }

  it('that lists no emit and no move has both denied, wherever the agent is', async () => {
    const { emitted, told } = await run({ calls: ['progress'] })
    expect(emitted).toBe(0)
    expect(told.filter(({ kind }) => kind === 'hop')).toHaveLength(1)
  })

  it('of six messages is used up after six, on both hosts together', async () => {
    // Four emits by 2,000 and a move at 2,200; of the emits after it only the first passes.
    const { emitted, told } = await run({ quota: { messages: 6 } })
    expect(told.filter(({ kind }) => kind === 'hop').length).toBeGreaterThan(1)
    expect(emitted).toBe(5)
  })

  it('for less disk than a checkpoint takes ends the agent at its first one', async () => {
    const { ended } = await run({ quota: { storageBytes: 0 } })
    expect(ended).toMatchObject({
      ok: false,
      value: { code: 'QUOTA', reason: expect.stringMatching(/^storageBytes \d+ > 0/) },
    })
  })
})
