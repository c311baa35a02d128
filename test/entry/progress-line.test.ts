import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { showProgress, type TextStream } from '../../src/entry/node/progress-line.ts'
import { collectRefusals } from '../../src/entry/node/refusals.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'

class Screen implements TextStream {
  readonly isTTY: boolean
  readonly columns = 12
  text = ''
  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }
  write(text: string): void {
    this.text += text
  }
}

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is one line on a terminal, cut to its width and gone at the end', () => {
    const screen = new Screen(true)
    let n = 0
    const line = showProgress(screen, () => `step ${++n} of many more`)
    vi.advanceTimersByTime(400)
    line.say('note')
    line.close()
    const clear = '\r\u001b[2K'
    expect(screen.text).toBe(`${clear}step 1 of m${clear}step 2 of m${clear}note\n${clear}`)
  })

  it('is a line every five seconds elsewhere, without control characters', () => {
    const screen = new Screen(false)
    const line = showProgress(screen, () => 'half way through')
    vi.advanceTimersByTime(10_000)
    line.close()
    vi.advanceTimersByTime(10_000)
    expect(screen.text).toBe('half way through\nhalf way through\n')
  })
})

describe('why nobody takes agents', () => {
  const [one, two] = [1, 2].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
  const host = (id: typeof one, name: string, slots = 2) => ({
    id,
    name,
    kind: 'edge' as const,
    agents: 0,
    slots,
    ground: 'open' as const,
  })

  it('is that nobody is there', () => {
    expect(collectRefusals().sentence({ acquaintances: [host(one, 'console', 0)] })).toBe(
      'no host that takes agents is on line',
    )
  })

  it('is what they said last', () => {
    const refusals = collectRefusals()
    refusals.note(`${one} does not take it: NO_SLOT: agents 2 >= slots 2`)
    refusals.note(`home: info ${one} does not take it: UNTRUSTED_AUTHOR: author x is not trusted here`)
    refusals.note(`${two} does not take it: QUOTA: too much\u001b[2J`)
    refusals.note('on line')
    expect(refusals.sentence({ acquaintances: [host(one, 'edge-1'), host(two, '')] })).toBe(
      `nobody takes the agents: edge-1 says UNTRUSTED_AUTHOR: author x is not trusted here; …${two.slice(-6)} says QUOTA: too much\\u001b[2J`,
    )
  })

  it('is nothing to worry about where there is only no room', () => {
    const refusals = collectRefusals()
    refusals.note(`${one} does not take it: NO_SLOT: agents 2 >= slots 2`)
    expect(refusals.sentence({ acquaintances: [host(one, 'edge-1')] })).toBeNull()
  })
})
