import { describe, expect, it } from 'vitest'
import { type Candidate, chooseHost, SILENT_MS } from '../../src/allocator/choose.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { Did } from '../../src/identity/did.ts'
import type { Ground } from '../../src/wire/messages.ts'

const needs = { kinds: null, depth: 5, engineId: 'e', except: [], nowMs: 10_000 }
const host = (agents: number, ground: Ground = 'open', changes: Partial<Candidate> = {}): Candidate => ({
  description: { kind: 'edge', engineIds: ['e'], depth: 10 },
  load: { agents, slots: 4, accepting: true },
  ground,
  connected: true,
  heardMs: 9_000,
  offered: 0,
  ...changes,
})
const choose = (hosts: Record<string, Candidate>, change: Partial<typeof needs> = {}): string | null =>
  chooseHost(new Map(Object.entries(hosts) as [Did, Candidate][]), { ...needs, ...change }, seededRandom(1))

describe('an agent goes', () => {
  it('to the least full host that fits, and nowhere where none does', () => {
    expect(choose({ a: host(3), b: host(1), c: host(2) })).toBe('b')
    expect(choose({ a: host(4), b: host(3, 'open', { offered: 1 }) })).toBeNull()
    expect(
      choose({ a: host(0, 'open', { connected: false }), b: host(0, 'open', { heardMs: 9_999 - SILENT_MS }) }),
    ).toBeNull()
    expect(choose({ a: host(0), b: host(1) }, { except: ['a' as Did] as never })).toBe('b')
    expect(choose({ a: host(0) }, { depth: 11 })).toBeNull()
  })

  it('to a host that somebody answers for, however many that anybody could be are emptier', () => {
    const crowd = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`s${i}`, host(0)]))
    for (const ground of ['static', 'invited', 'author'] as const)
      expect(choose({ ...crowd, a: host(3, ground) })).toBe('a')
    expect(choose({ ...crowd, a: host(3, 'static'), b: host(1, 'invited') })).toBe('b')
  })

  it('to the others when there is no room with those', () => {
    expect(choose({ a: host(4, 'static'), b: host(3), c: host(2) })).toBe('c')
  })
})
