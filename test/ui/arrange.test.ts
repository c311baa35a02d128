import { describe, expect, it } from 'vitest'
import { freePlaces, hostsInOrder, PLACES_SHOWN, seatAgents } from '../../src/ui/arrange.ts'
import { HOP_FADE_MS, layoutMap } from '../../src/ui/hop-map-layout.ts'
import { agent, did, EDGES, hop, host, NOW_MS, SELF, TABS } from './fixtures.ts'

describe('agents', () => {
  const [ann, ben, cat] = [agent(1, { sinceMs: 5 }), agent(2, { sinceMs: 6 }), agent(3, { sinceMs: 6 })]

  it('are seated in the order of arrival, whatever order the host gives', () => {
    expect(seatAgents([], [cat, ben, ann])).toEqual([ann, ben, cat])
  })

  it('keep their places when a neighbour leaves, and who comes takes the free one', () => {
    const without = seatAgents([ann, ben, cat], [cat, ann])
    expect(without).toEqual([ann, null, cat])
    const dan = agent(4, { sinceMs: 1 })
    expect(seatAgents(without, [cat, ann, dan])).toEqual([ann, dan, cat])
  })

  it('are shown as they are now, and free places at the end are nobody’s', () => {
    const later = { ...ann, progress: 0.9 }
    expect(seatAgents([ann, ben, null], [later])).toEqual([later])
    expect(seatAgents([ann], [])).toEqual([])
  })

  it('leave a fixed number of cards on the page while there are places', () => {
    expect(freePlaces(0, 0, 12)).toEqual({ shown: PLACES_SHOWN, more: 12 - PLACES_SHOWN })
    expect(freePlaces(3, 3, 12)).toEqual({ shown: PLACES_SHOWN - 3, more: 12 - PLACES_SHOWN })
    expect(freePlaces(3, 3, 2)).toEqual({ shown: 0, more: 0 })
  })
})

describe('hosts', () => {
  it('stand by work, then by name', () => {
    expect(hostsInOrder([...TABS, ...EDGES]).map(({ name }) => name)).toEqual([
      'cedar',
      'birch',
      'alder',
      'phone',
      'Kitchen laptop',
    ])
  })
})

describe('the map of hops', () => {
  it('keeps every dot on the picture and this tab among them, from one host to a crowd', () => {
    const crowd = Array.from({ length: 60 }, (_, i) => ({
      id: did(`c${String(i).padStart(6, '0')}`),
      name: `${i}`,
      kind: 'edge' as const,
      agents: 0,
      slots: 64,
      ground: 'open' as const,
    }))
    for (const width of [280, 700]) {
      for (const n of [0, 1, 5, 60]) {
        const { dots, unseen } = layoutMap(host({ acquaintances: crowd.slice(0, n) }), width, 208, NOW_MS)
        expect(dots.length + unseen).toBe(n + 1)
        expect(dots.filter(({ self }) => self)).toHaveLength(1)
        for (const dot of dots)
          expect(Math.min(dot.x - dot.radius, width - dot.x - dot.radius)).toBeGreaterThanOrEqual(0)
      }
    }
  })

  it('draws arrivals above the line and departures below, and lets them fade away', () => {
    const hops = [
      hop(0, { atMs: NOW_MS }),
      hop(1, { from: SELF, to: EDGES[1].id, atMs: NOW_MS - HOP_FADE_MS / 2 }),
      hop(2, { atMs: NOW_MS - HOP_FADE_MS }),
    ]
    const { arcs } = layoutMap(host({ hops }), 700, 208, NOW_MS)
    const bend = (path = ''): number => Number(/C\S+ (\S+)/.exec(path)?.[1])
    expect(arcs.map(({ direction }) => direction)).toEqual(['out', 'in'])
    expect(bend(arcs[0]?.path)).toBeGreaterThan(104)
    expect(bend(arcs[1]?.path)).toBeLessThan(104)
    expect(arcs[0]?.opacity).toBeLessThan(arcs[1]?.opacity ?? 0)
    expect(arcs.map(({ fresh }) => fresh)).toEqual([false, true])
  })

  it('draws a crowd’s travellers before its bystanders', () => {
    const crowd = Array.from({ length: 60 }, (_, i) => ({
      id: did(`c${String(i).padStart(6, '0')}`),
      name: `${i}`,
      kind: 'edge' as const,
      agents: 0,
      slots: 1,
      ground: 'open' as const,
    }))
    const { arcs } = layoutMap(
      host({ acquaintances: crowd, hops: [hop(0, { from: did('c000057') })] }),
      300,
      208,
      NOW_MS,
    )
    expect(arcs).toHaveLength(1)
  })
})
