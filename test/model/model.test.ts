import { describe, expect, it } from 'vitest'
import { BROKEN, HARMLESS, LYING, SOUND } from './configurations.ts'
import { search } from './search.ts'

/** The model of the hand-over, within the bounds that a moment allows; `npm run model` goes further. */
const isQuick = ({ quick }: { readonly quick: boolean }): boolean => quick

describe('the hand-over as decided breaks no invariant', { timeout: 120_000 }, () => {
  it.each(SOUND.filter(isQuick))('$name', ({ rules }) => {
    const { violations, complete } = search(rules)
    expect(Object.fromEntries(violations)).toEqual({})
    expect(complete).toBe(true)
  })
})

describe('with one rule broken the model names what falls', { timeout: 120_000 }, () => {
  it.each(BROKEN.filter(isQuick))('$name: $caughtBy', ({ rules, caughtBy }) => {
    const { violations } = search(rules, { first: true })
    expect([...violations.keys()].filter((name) => name.startsWith(caughtBy))).not.toEqual([])
  })

  it.each(HARMLESS.filter(isQuick))('$name: nothing', ({ rules }) => {
    expect([...search(rules).violations.keys()]).toEqual([])
  })
})

describe('one lying witness of three', { timeout: 120_000 }, () => {
  it.each(LYING.filter(isQuick))('$name: $falls, and no two votes of it tell', ({ rules, falls }) => {
    const { violations, evidence } = search(rules)
    expect([...violations.keys()]).toEqual(falls)
    for (const { votes, promises } of evidence.values())
      expect({ votes, promises }).toEqual({ votes: false, promises: true })
  })
})
