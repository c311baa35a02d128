import { describe, expect, it } from 'vitest'
import { NAME_SHOWN_MAX, plainView } from '../../src/ui/plain-view.ts'
import { agent, did, hop, host, view } from './fixtures.ts'

/** What strangers may call themselves, and what is shown of it. */
const NASTY = `\u202eecila\u0007\u200b${'x'.repeat(500)}`

describe('a page', () => {
  it('shows no name, note or reason of a stranger that could mislead, wherever it stands', () => {
    const shown = plainView(
      view({
        cluster: { state: 'known', name: NASTY },
        authors: [{ did: did('Author0'), name: NASTY, isRoot: false, agreedMs: null }],
        host: host({
          agents: [agent(1, { name: NASTY, note: NASTY })],
          hops: [hop(1, { name: NASTY })],
          acquaintances: [{ id: did('tab0xyz'), name: NASTY, kind: 'tab', agents: 0, slots: 1, ground: 'open' }],
          refusals: [{ id: did('tab0xyz'), code: 'REFUSED', reason: NASTY }],
        }),
        paintings: [{ key: 'k', title: NASTY, width: 1, height: 1, whole: true, tiles: [] }],
      }),
    )
    const texts: string[] = []
    JSON.stringify(shown, (_, value) => {
      if (typeof value === 'string') texts.push(value)
      return value
    })
    expect(texts.filter((text) => text.includes('ecila'))).toHaveLength(8)
    for (const text of texts) expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(shown.authors[0]?.name).toHaveLength(NAME_SHOWN_MAX)
    expect(shown.authors[0]?.name).toMatch(/^·ecila··x+…$/)
  })

  it('leaves honest names as they are', () => {
    const honest = view()
    expect(plainView(honest)).toEqual(honest)
  })
})
