import { describe, expect, it } from 'vitest'
import { bundleSimulator, type Patch } from '../sim/bundle.ts'
import type { Rules } from './rules.ts'
import { tracesTo } from './traces.ts'
import { follow, WALKED, type Walk, walk } from './walks.ts'

/**
 * The model and the production code do the same, action by action: after each one the register of each witness, what each
 * host holds, has started and runs, and what is proposed are compared.
 */
const WALKS = 40

const texts = ({ labels, difference }: Walk): string => `${labels.join(' > ')}: ${difference}`

describe('the production code does what the model does', { timeout: 120_000 }, () => {
  it(`on ${WALKS} random walks`, async () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= WALKS; seed++) {
      const walked = await walk(seed)
      expect(walked.difference, `seed ${seed}: ${texts(walked)}`).toBeNull()
      for (const label of walked.labels) seen.add(label.split(' ')[1]?.replace(/\(.*/, '') ?? '')
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(['FREEZE', 'RELEASE', 'PREPARE', 'PROMISE', 'ACCEPT', 'VOTE', 'learns', 'RUN', 'crashes']),
    )
  })

  it.each(tracesTo(WALKED))('on the shortest way to: $name', async ({ trace }) => {
    const followed = await follow(trace)
    expect(followed.difference, texts(followed)).toBeNull()
    expect(followed.labels.at(-1)).toBe(trace.at(-1))
  })
})

/** How many walks it takes at most to see that one of the two was changed. */
const CHANGED_WALKS = 60

async function firstDifference(walkOf: (seed: number) => Promise<Walk>): Promise<string | null> {
  for (let seed = 1; seed <= CHANGED_WALKS; seed++) {
    const { difference } = await walkOf(seed)
    if (difference !== null) return difference
  }
  return null
}

describe('a rule that is changed on one side only is seen', { timeout: 120_000 }, () => {
  it.each<[string, Partial<Rules>]>([
    ['own value over one that was seen', { repeatsSeen: false }],
    ['an epoch is started twice', { startOnce: false }],
    ['RELEASE is forgotten by a crash', { releaseDurable: false }],
    ['RUN before the certificate', { runNeedsCertificate: false }],
  ])('in the model: %s', async (_name, changed) => {
    expect(await firstDifference((seed) => walk(seed, { ...WALKED, ...changed }))).not.toBeNull()
  })

  it.each<[string, Patch]>([
    [
      'a promise is not kept',
      {
        file: 'src/host/witness.ts',
        find: '  register.promised = ask.ballot\n  persist(turn, writeRegister(register))',
        replace: '',
      },
    ],
    [
      'a vote is not durable',
      {
        file: 'src/host/witness.ts',
        find: "  persist(turn, writeRegister(register))\n  answer(turn, handle, 'accept'",
        replace: "  answer(turn, handle, 'accept'",
      },
    ],
    [
      'own value over one that was seen',
      { file: 'src/host/proposer.ts', find: 'of proposal.promises.values())', replace: 'of [] as Accepted[])' },
    ],
    [
      'an epoch is started again',
      { file: 'src/host/restore.ts', find: 'started: kept.started,', replace: 'started: null,' },
    ],
    [
      'a decision does not clear what was promised',
      { file: 'src/host/certificates.ts', find: '    register.promised = null\n', replace: '' },
    ],
  ])('in production: %s', async (_name, patch) => {
    const path = await bundleSimulator([patch], 'test/model/walks.ts')
    const patched = (await import(/* @vite-ignore */ path)) as { walk: typeof walk }
    expect(await firstDifference(patched.walk)).not.toBeNull()
  })
})
