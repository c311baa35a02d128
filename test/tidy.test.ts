import { describe, expect, it } from 'vitest'
import { RULES } from './tidy/rules.ts'
import { blank, importsOf, readProject } from './tidy/source.ts'
import { ROOMS } from './tidy/table.ts'

/** The house is tidy. The plan is test/tidy/table.ts; the habits are test/tidy/rules.ts. */
const project = readProject()

describe('the project', () => {
  it('is seen whole', () => {
    const paths = project.map(({ path }) => path)
    for (const path of ['package.json', 'src/base/bytes.ts', 'test/tidy.test.ts', 'scripts/setup.mjs'])
      expect(paths).toContain(path)
  })

  for (const rule of RULES) {
    it(`keeps: ${rule.name}`, () => {
      const faults = project.flatMap((file) => rule.find(file, project).map((fault) => `${file.path}: ${fault}`))
      expect(faults).toEqual([])
    })
  }
})

describe('the table of rooms', () => {
  it('has a direction: no room reaches itself', () => {
    const reach = (room: string, seen: Set<string>): Set<string> => {
      for (const next of ROOMS[room]?.imports ?? []) if (!seen.has(next)) reach(next, seen.add(next))
      return seen
    }
    for (const room of Object.keys(ROOMS)) expect(reach(room, new Set()).has(room), room).toBe(false)
  })

  it('names only rooms that it has', () => {
    const named = Object.values(ROOMS).flatMap(({ imports, types = [] }) => [...imports, ...types])
    expect(named.filter((room) => ROOMS[room] === undefined)).toEqual([])
  })
})

describe('the rules', () => {
  for (const rule of RULES) {
    it(`catch what breaks: ${rule.name}`, () => {
      expect(rule.find(rule.breaks, [rule.breaks])).not.toEqual([])
    })
  }

  it('see imports of every form, and tell types from code', () => {
    const text = [
      "import type { A } from './a.ts'",
      "import { type B, type C } from './b.ts'",
      "import { type D, e } from './c.ts'",
      "import f, { g } from 'pkg/sub'",
      "export { h } from './d.ts'",
      "export type { I } from './e.ts'",
      "import {\n  j,\n  k,\n} from '@scope/pkg'",
      "import './side-effect.ts'",
      "const l = await import('node:fs')",
      "// import { m } from './not-this.ts'",
      "export type N = 'nor' | 'this'",
      "export interface O { readonly kind: 'nor this' }",
    ]
    expect(importsOf({ path: 'src/base/a.ts', text: text.join('\n') })).toEqual([
      { from: './a.ts', typeOnly: true },
      { from: './b.ts', typeOnly: true },
      { from: './c.ts', typeOnly: false },
      { from: 'pkg/sub', typeOnly: false },
      { from: './d.ts', typeOnly: false },
      { from: './e.ts', typeOnly: true },
      { from: '@scope/pkg', typeOnly: false },
      { from: './side-effect.ts', typeOnly: false },
      { from: 'node:fs', typeOnly: false },
    ])
  })

  it('do not mistake comments, strings, templates and regular expressions for code', () => {
    const cases = [
      ['a // Date.now()', 'a              '],
      ['b /* Math.random() */ c', 'b                     c'],
      ['\'it\' + "is"', '\'  \' + "  "'],
      ['`x$' + '{y + `z$' + '{1}`}w`', '` $' + '{y + ` $' + '{1}`} `'],
      ['d = /[\'"`/]/g.test(e) / f', 'd = /      /g.test(e) / f'],
    ]
    for (const [text = '', code = ''] of cases) expect(blank(text, 'all')).toBe(code)
    expect(blank("'kept' // not", 'comments')).toBe("'kept'       ")
  })
})
