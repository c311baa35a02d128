import { describe, expect, it } from 'vitest'
import type { AgentId } from '../../../src/directory/agent-id.ts'
import { parseEmitted } from '../../../src/entry/browser/emitted.ts'

const emitted = (valueJson: string, agent = 'z6MkHome.3.17') =>
  parseEmitted({ agent: agent as AgentId, name: 'mandelbrot', bundle: 'bafy1', valueJson })

describe('an emitted value', () => {
  it('has bytes where the program wrote bytes', () => {
    expect(emitted('{"pixels":{"$bytes":"AQID"},"of":{"w":3}}').value).toEqual({
      pixels: Uint8Array.of(1, 2, 3),
      of: { w: 3 },
    })
  })

  it('is left alone where it is something else, and null where it is no JSON at all', () => {
    expect(emitted('[1,2]').value).toEqual([1, 2])
    expect(emitted('{"pixels":{"$bytes":"%%"}}').value).toEqual({ pixels: { $bytes: '%%' } })
    expect(emitted('{').value).toBeNull()
  })

  it('belongs with what other agents of the same bundle and home emit', () => {
    expect(emitted('1').family).toBe(emitted('2', 'z6MkHome.3.18').family)
    expect(emitted('1').family).not.toBe(emitted('1', 'z6MkElse.3.17').family)
  })
})
