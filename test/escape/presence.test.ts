import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { factsOf } from '../../src/host/calls.ts'
import type { HostState } from '../../src/host/state.ts'
import { CALLS } from '../../src/permit/calls.ts'
import { parseCall } from '../../src/sandbox/calls.ts'

/** Nothing tells an agent whether the owner of its host is there: not what it can ask, not what it is answered. */
const table = readFileSync(new URL('../../src/sandbox/SYSCALLS.md', import.meta.url), 'utf8')
const DOCUMENTED = [...table.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name ?? '')
const isKnown = (name: string): boolean => {
  const call = parseCall({ request: 1, name, argsJson: '{}' })
  return call.ok || call.code !== 'UNKNOWN_CALL'
}

test('every call that an agent can make stands in the table of calls', () => {
  expect(DOCUMENTED.length).toBeGreaterThan(8)
  expect(DOCUMENTED.filter((name) => !isKnown(name))).toEqual([])
  expect([...CALLS].sort()).toEqual([...DOCUMENTED].sort())
})

test.each([
  'idle',
  'presence',
  'battery',
  'charging',
  'visibility',
  'hidden',
  'online',
  'focus',
  'pressure',
  'load',
  'cpu',
  'device',
  'memory',
  'screen',
  'user',
  'owner',
  'language',
  'timezone',
  'address',
  'location',
  'clock',
  'fetch',
  'storage',
  'clipboard',
])('there is no call "%s"', (name) => {
  expect(isKnown(name)).toBe(false)
})

test('a host says four things of itself to an agent, whatever its owner does', () => {
  const state = { self: 'did:key:z', kind: 'tab', age: 3, name: 'a tab', slots: 2, accepting: true, evicting: false }
  const told = factsOf(state as unknown as HostState)
  expect(told).toEqual({ id: 'did:key:z', kind: 'tab', age: 3, name: 'a tab' })
  expect(factsOf({ ...state, accepting: false, evicting: true } as unknown as HostState)).toEqual(told)
})
