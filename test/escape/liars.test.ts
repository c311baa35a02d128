import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import type { ClosableSandbox } from '../../src/sandbox/create-sandbox.ts'
import { endOf, IN_A_THREAD, LIARS, liarScript } from './liars.ts'
import { runProgram } from './programs.ts'

/** Guests that were taken over, in worker threads; in browsers: test/e2e/escape.test.ts. */
const { manifest, modules } = await loadEngineFiles(resolve('dist/engine'))
const engineId = manifest.id
const engines = new Map([[engineId, modules]])
const HERE = LIARS.filter(({ needs }) => needs !== 'ports')

describe('a guest in a worker thread that', () => {
  test.each(HERE.map((liar) => [liar.name, liar] as const))(
    '%s is ended',
    async (_, liar) => {
      const hostile = createNodeSandbox({ engines, spares: 0, script: IN_A_THREAD + liarScript(liar) })
      const end = await endOf(hostile, engineId, liar)
      hostile.close()
      if (end.kind !== 'failed') throw new Error(end.kind)
      expect(liar.end.codes).toContain(end.code)
      expect(end.reason).toContain(liar.end.reason ?? '')
      expect(Reflect.get({}, 'polluted')).toBeUndefined()
    },
    30_000,
  )
})

describe('an honest guest', () => {
  let honest: ClosableSandbox
  beforeAll(() => {
    honest = createNodeSandbox({ engines })
  })
  afterAll(() => honest.close())

  /** Those that cost their host most. */
  const LOUD = HERE.filter(({ name }) => /bomb|floods|silent/.test(name))

  test('is none the worse for the loudest of them, all at once', async () => {
    const hostile = LOUD.map((liar) =>
      createNodeSandbox({ engines, spares: 0, script: IN_A_THREAD + liarScript(liar) }),
    )
    const place = { sandbox: honest, engineId }
    const code = 'let sum = 0; for (let i = 0; i < 100000; i++) sum = (sum * 31 + i) | 0; console.log(sum)'
    const alone = await runProgram(place, code)
    const [among] = await Promise.all([
      runProgram(place, code),
      ...hostile.map((sandbox, i) => endOf(sandbox, engineId, LOUD[i] ?? LOUD[0])),
    ])
    for (const sandbox of hostile) sandbox.close()
    expect(among).toEqual(alone)
  }, 60_000)
})
