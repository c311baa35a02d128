import { describe, expect, it } from 'vitest'
import { compareVersions, isPrerelease } from '../../src/bundle/version.ts'

describe('versions', () => {
  it('are in the order of Semantic Versioning 2.0.0, section 11', () => {
    const ascending = [
      '0.0.0',
      '0.9.10',
      '0.10.0',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '2.0.0',
      '99999999999999999999.0.0',
      '100000000000000000000.0.0',
    ]
    for (const [i, a] of ascending.entries())
      for (const [j, b] of ascending.entries())
        expect([a, b, Math.sign(compareVersions(a, b))]).toEqual([a, b, Math.sign(i - j)])
  })

  it('of a hyphen are pre-releases', () => {
    expect([isPrerelease('1.0.0'), isPrerelease('1.0.0-rc.1')]).toEqual([false, true])
  })
})
