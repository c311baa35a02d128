import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import type { ClosableSandbox } from '../../src/sandbox/create-sandbox.ts'
import { APART_CLAIMS } from '../contract/apart.ts'
import type { SandboxPlace } from '../contract/play.ts'
import { PROGRAMS, runProgram } from './programs.ts'

/** Agents that try to get out of their engine, and at each other, in worker threads; in browsers: test/e2e/escape.test.ts. */
let sandbox: ClosableSandbox
let place: SandboxPlace
beforeAll(async () => {
  const { manifest, modules } = await loadEngineFiles(resolve('dist/engine'))
  sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]) })
  place = { sandbox, engineId: manifest.id }
})
afterAll(() => sandbox.close())

describe('an agent in a worker thread does not reach', () => {
  test.each(PROGRAMS.map((program) => [program.name, program] as const))(
    '%s',
    async (_, { code, prints }) => {
      const ran = await runProgram(place, code)
      expect(ran.end).toMatch(/^finished/)
      if (prints.length > 0) expect(ran.lines).toEqual(prints)
      expect(await runProgram(place, code)).toEqual(ran)
      expect(Reflect.get({}, 'polluted')).toBeUndefined()
    },
    30_000,
  )
})

describe('two agents in worker threads', () => {
  test.each(APART_CLAIMS.map(({ claim, prove }) => [claim, prove] as const))('%s', (_, prove) => prove(place), 30_000)
})
