import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { hostNames } from '../../src/entry/node/plain-text.ts'
import { failureText, rowText, storyData, storyText } from '../../src/entry/node/story-text.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { Row, StoryLine } from '../../src/wire/messages.ts'

const [one, two] = [1, 2].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
const nameOf = hostNames([
  { did: one, name: 'edge-1' },
  { did: two, name: 'edge-2' },
])
const line = (kind: StoryLine['kind'], value: unknown): StoryLine => ({
  number: 3,
  atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  kind,
  valueJson: JSON.stringify(value),
})
/** Without the time, which is in this machine's zone. */
const said = (kind: StoryLine['kind'], value: unknown): string | undefined =>
  storyText(line(kind, value), nameOf)?.replace(/^\d\d:\d\d:\d\d\.006 {2}/, '')

describe('a line of a story', () => {
  it.each([
    ['console', { level: 'log', text: 'hello' }, 'console  hello'],
    ['console', { level: 'error', text: 'oh\u001b[31m' }, 'console  error: oh\\u001b[31m'],
    ['emit', { tile: [1, 2] }, 'emit     {"tile":[1,2]}'],
    ['hop', { from: one, to: two, epoch: 2 }, 'hop      edge-1 → edge-2'],
    [
      'recover',
      { from: one, checkpoint: 'bafy' },
      'recover  edge-1 fell silent; the agent is taken back from its last checkpoint',
    ],
    ['recover', { from: one, checkpoint: null }, 'recover  edge-1 fell silent; the agent is taken back from the top'],
    [
      'fork',
      { agents: [`${one.slice(8)}.1.7`, `${one.slice(8)}.1.8`] },
      `fork     into 3; the others are ${one.slice(-6)}.7, ${one.slice(-6)}.8`,
    ],
    ['fork', { from: `${one.slice(8)}.1.3`, index: 2 }, `fork     of ${one.slice(-6)}.3, with index 2`],
    ['fork', { agents: 'none' }, 'fork     of another, with index 0'],
    ['result', 42, 'result   42'],
    ['failure', { code: 'QUOTA', reason: 'fuel' }, 'failed   QUOTA: fuel'],
    ['hop', 'nonsense', 'hop      somewhere → somewhere'],
  ] as const)('%s %j', (kind, value, text) => {
    expect(said(kind, value)).toBe(text)
  })

  it('is indented where a console line has several', () => {
    expect(said('console', { level: 'info', text: 'a\nb' })).toBe(`console  a\n${' '.repeat(23)}b`)
  })

  it('is cut short where an agent emits what nobody can read', () => {
    expect(said('emit', 'x'.repeat(1_000))).toBe(`emit     "${'x'.repeat(239)}… (1002 characters; --json has them all)`)
  })

  it('is left out for checkpoints, which come every two seconds', () => {
    expect(storyText(line('checkpoint', {}), nameOf)).toBeNull()
  })

  it('is whole for programs', () => {
    expect(storyData(line('emit', { a: 1 }))).toEqual({
      number: 3,
      at: '2026-01-02T03:04:05.006Z',
      kind: 'emit',
      value: { a: 1 },
    })
    expect(storyData({ ...line('emit', 1), valueJson: '{' })).toMatchObject({ value: '{' })
  })
})

it('says why an agent failed, whatever form the home gives it', () => {
  expect(failureText('{"code":"THROWN","reason":"Error: x\\n    at y"}')).toBe('THROWN: Error: x\n    at y')
  expect(failureText('{"code":1}')).toBe('{"code":1}')
  expect(failureText('nonsense')).toBe('"nonsense"')
})

it('says in a line how far an agent is', () => {
  const row = { state: 'running', progress: 0.5, note: 'half\nway', fuelUsed: 1_000_000, hops: 2 }
  expect(rowText(row as Row)).toBe('running  ━━━━━─────  50 %  half way  1.00 M fuel  2 hops')
})
