import { describe, expect, it } from 'vitest'
import type { SimOrder } from '../../../src/entry/browser/sim-orders.ts'
import { createSession } from '../../../src/entry/browser/sim-session.ts'
import { FIRST_SETUP, readSetup, writeSetup } from '../../../src/entry/browser/sim-setup.ts'
import { FAULTS, frameOf } from '../../ui/sim/fixtures.ts'

function session() {
  const orders: SimOrder[] = []
  const addresses: string[] = []
  let nowMs = 0
  const made = createSession(
    FIRST_SETUP,
    { nowMs: () => nowMs, wallMs: () => nowMs },
    (order) => orders.push(order),
    (setup) => addresses.push(writeSetup(setup)),
  )
  const built = { kind: 'built', faults: FAULTS, frame: frameOf() } as const
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { ...made, orders, addresses, built, pass }
}

describe('the window of the simulator', () => {
  it('plays when the cluster stands, and pauses and steps only when that means something', () => {
    const { view, actions, take, built, orders } = session()
    actions.step()
    actions.pause()
    expect(orders).toEqual([])
    take(built)
    expect(view.value).toMatchObject({ phase: 'playing', faults: FAULTS })
    actions.step()
    actions.pause()
    actions.step()
    expect(orders.map(({ kind }) => kind)).toEqual(['play', 'play', 'step'])
  })

  it('gives the picture every frame, and the words a few a second', () => {
    const { view, frames, take, built, pass } = session()
    take(built)
    let [seen, redrawn] = [0, 0]
    const forget = [frames.subscribe(() => void seen++), view.subscribe(() => void redrawn++)]
    for (let i = 1; i <= 40; i++) {
      pass(50)
      take({ kind: 'frame', frame: frameOf({ nowMs: i * 50 }), rate: 1 })
    }
    for (const end of forget) end()
    expect(seen).toBe(41)
    expect(redrawn).toBeLessThan(14)
  })

  it('keeps the newest events on top, none twice, and not for ever', () => {
    const { view, take, built, pass } = session()
    take(built)
    for (let i = 0; i < 300; i++) {
      pass(500)
      const news = [{ atMs: i, kind: 'hop', text: `event ${i}` }] as const
      take({ kind: 'frame', frame: frameOf({ nowMs: i, news }), rate: 1 })
    }
    expect(view.value.news[0]?.text).toBe('event 299')
    expect(view.value.news.length).toBe(200)
    expect(new Set(view.value.news.map(({ text }) => text)).size).toBe(200)
  })

  it('stops at a broken invariant, and begins again from the settings', () => {
    const { view, actions, take, built, orders, addresses } = session()
    take(built)
    const violation = { invariant: 'one', what: 'two', seed: 1, command: 'sim' }
    take({ kind: 'frame', frame: frameOf({ violation }), rate: 1 })
    expect(view.value.phase).toBe('broken')
    actions.play()
    expect(view.value.phase).toBe('broken')
    actions.restart({ ...FIRST_SETUP, seed: 8 })
    expect(view.value).toMatchObject({ phase: 'building', frame: null, news: [] })
    expect(orders.at(-1)).toEqual({ kind: 'start', setup: { ...FIRST_SETUP, seed: 8 } })
    expect(addresses).toEqual([writeSetup({ ...FIRST_SETUP, seed: 8 })])
  })
})

describe('a run in an address', () => {
  it('comes back as it was written', () => {
    const setup = { seed: 77, hosts: 300, agents: 12, witnesses: 5 } as const
    expect(readSetup(writeSetup(setup))).toEqual(setup)
    expect(readSetup('')).toEqual(FIRST_SETUP)
  })

  it('is held within bounds, whatever somebody wrote into a link', () => {
    expect(readSetup('#hosts=1e9&agents=-4&seed=x&witnesses=2')).toEqual({ ...FIRST_SETUP, hosts: 300, agents: 1 })
    expect(readSetup('#hosts=Infinity&agents=3.7')).toMatchObject({ hosts: 300, agents: 3 })
  })
})
