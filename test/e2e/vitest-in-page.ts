import type { Plugin } from 'vite'

/**
 * Test files that know nothing of Node, run by a page: the parts of vitest that they use, with vitest's own `expect`, and
 * stand-ins for the two modules of Node that the cluster of test/host takes: compressing nothing, and signatures that are
 * checked in JavaScript, at once, so that virtual time is as deterministic as elsewhere.
 */
const VITEST = `
  import * as chai from 'chai'
  import { JestAsymmetricMatchers, JestChaiExpect, JestExtend, ASYMMETRIC_MATCHERS_OBJECT, GLOBAL_EXPECT, setState } from '@vitest/expect'
  globalThis.setImmediate ??= (() => {
    const due = []
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => due.shift()?.()
    return (run) => { due.push(run); port2.postMessage(null) }
  })()
  chai.use(JestExtend); chai.use(JestChaiExpect); chai.use(JestAsymmetricMatchers)
  export const expect = (value, message) => {
    const { assertionCalls = 0 } = {}
    return chai.expect(value, message)
  }
  Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT])
  globalThis[GLOBAL_EXPECT] = expect
  setState({ assertionCalls: 0, isExpectingAssertions: false, isExpectingAssertionsError: null, expectedAssertionsNumber: null, expectedAssertionsNumberErrorGen: null }, expect)
  expect.fail = chai.expect.fail

  const root = { name: '', parent: null, before: [], after: [], first: [], last: [] }
  let group = root
  const tests = []
  const bodyOf = (rest) => rest.find((part) => typeof part === 'function')
  const named = (name, row) => { let at = 0; return name.replace(/%[sdj]/g, () => String(row[at++])) }
  const rowOf = (row) => (Array.isArray(row) ? row : [row])
  export const describe = (name, ...rest) => {
    const before = group
    group = { name, parent: before, before: [], after: [], first: [], last: [] }
    bodyOf(rest)()
    group = before
  }
  describe.each = (rows) => (name, ...rest) => { for (const row of rows) describe(named(name, rowOf(row)), () => bodyOf(rest)(...rowOf(row))) }
  describe.skipIf = (skip) => (skip ? () => {} : describe)
  export const it = (name, ...rest) => void tests.push({ name, group, run: bodyOf(rest) })
  it.each = (rows) => (name, ...rest) => { for (const row of rows) it(named(name, rowOf(row)), () => bodyOf(rest)(...rowOf(row))) }
  it.skipIf = (skip) => (skip ? () => {} : it)
  export const test = it
  export const beforeEach = (run) => void group.before.push(run)
  export const afterEach = (run) => void group.after.unshift(run)
  export const beforeAll = (run) => void group.first.push(run)
  export const afterAll = (run) => void group.last.push(run)
  export const vi = { setConfig: () => {} }

  const pathOf = (one) => (one === null ? [] : [...pathOf(one.parent), one])
  export async function runAll() {
    const ended = []
    const entered = new Set()
    for (const { name, group: own, run } of tests) {
      const path = pathOf(own)
      const title = [...path.map((one) => one.name), name].filter(Boolean).join(' > ')
      try {
        for (const one of path) if (!entered.has(one)) { entered.add(one); for (const first of one.first) await first() }
        for (const one of path) for (const before of one.before) await before()
        await run()
        for (const one of [...path].reverse()) for (const after of one.after) await after()
        ended.push({ title, fault: null })
      } catch (error) {
        ended.push({ title, fault: String(error?.stack ?? error).slice(0, 600) })
      }
    }
    for (const one of entered) for (const last of one.last) await last()
    return ended
  }
`

const STAND_INS: Readonly<Record<string, string>> = {
  'src/platform/node/deflate.ts': `
    const plain = {
      deflate: async (bytes) => new Uint8Array(bytes.length + 1),
      inflate: async () => ({ ok: false, code: 'DEFLATE', reason: 'never compressed' }),
    }
    export { plain as promptDeflate, plain as nodeDeflate }
  `,
  'src/platform/node/native-signatures.ts': `
    export const createNativeSubtle = () => undefined
    export const lendNativeSignatures = () => {}
  `,
}

export const vitestInPage: Plugin = {
  name: 'vitest in a page',
  enforce: 'pre',
  resolveId: (id) => (id === 'vitest' ? '\0vitest' : null),
  load(id) {
    if (id === '\0vitest') return VITEST
    return Object.entries(STAND_INS).find(([path]) => id.endsWith(path))?.[1] ?? null
  },
}
