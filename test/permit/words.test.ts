import { describe, expect, it } from 'vitest'
import { plainText } from '../../src/base/amounts.ts'
import type { Did } from '../../src/identity/did.ts'
import { grantPermit, parseDelegation } from '../../src/permit/delegation.ts'
import { policyOf } from '../../src/permit/policy.ts'
import { policyOfTerms } from '../../src/permit/terms.ts'
import { conditions, grantSentence } from '../../src/permit/words.ts'
import { DAY_MS, grant, launcher, NOW_MS, root } from './people.ts'

const nameOf = (did: Did): string => (did === root.did ? 'Ada' : 'Bob')
const said = async (more: Parameters<typeof grant>[1]) => {
  const link = parseDelegation(await grantPermit(root, grant(launcher.did, more)))
  return link.ok ? [grantSentence(link.value, nameOf), ...conditions(link.value)] : expect.fail(link.reason)
}

describe('a permit in plain words', () => {
  it('says who lets whom do what, until when, and how much of it', async () => {
    const MIB = 1024 * 1024
    const policy = policyOfTerms({
      quota: { fuel: 1e12, memoryBytes: 64 * MIB, hops: 20, children: 0, lifetimeMs: DAY_MS },
      calls: ['move', 'emit'],
    })
    expect(await said({ policy, expiresMs: NOW_MS + 7 * DAY_MS })).toEqual([
      'Ada lets Bob launch agents until 3 December 2026, 00:00 UTC, each with at most ' +
        '1e12 fuel (about 1 h 23 min of busy JavaScript), 64 MiB of memory, 24 h to live, 20 hops, no forks, ' +
        'of the calls only move, emit.',
    ])
  })

  it('says what else it is for, and what it cannot put into words as it stands', async () => {
    const policy = policyOf([
      ['==', '.bundle', 'bafy'],
      ['like', '.author', 'did:*'],
      ['or', []],
    ])
    expect(await said({ policy, command: '/agent', notBeforeMs: NOW_MS })).toEqual([
      'Ada lets Bob launch agents; move, evict and kill agents ' +
        'from 26 November 2026, 00:00 UTC until 27 November 2026, 00:00 UTC.',
      'only where bundle is bafy',
      'only where ["like",".author","did:*"]',
      'only where ["or",[]]',
    ])
  })
})

describe('text of somebody else', () => {
  it.each([
    ['evil\u202egnp.exe', 'evil·gnp.exe'],
    ['a\u0000b\u001b[31m\nc', 'a·b·[31m·c'],
    ['\u200bhidden\u2066', '·hidden·'],
    ['Ünïcode 名前', 'Ünïcode 名前'],
    ['x'.repeat(50), `${'x'.repeat(39)}…`],
  ])('%j is shown as %j', (text, shown) => {
    expect(plainText(text, 40)).toBe(shown)
  })
})
