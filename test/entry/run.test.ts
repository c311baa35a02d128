import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TierChoice } from '../../src/engine/machine.ts'
import { loadLocalProgram } from '../../src/entry/node/local-program.ts'
import { type LocalAgent, type LocalRunEnd, runLocally } from '../../src/entry/node/local-run.ts'
import { inSourceLines } from '../../src/entry/node/source-lines.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import type { ClosableSandbox } from '../../src/sandbox/create-sandbox.ts'

const programs = fileURLToPath(new URL('../programs/', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'sojourn-run-'))
afterAll(() => rm(folder, { recursive: true }))
const engine = await loadEngineFiles(resolve('dist/engine'))

interface Ran {
  readonly end: LocalRunEnd
  readonly agents: readonly LocalAgent[]
  readonly console: readonly string[]
  readonly emitted: readonly string[]
}

describe('a local run', () => {
  let sandbox: ClosableSandbox
  beforeAll(() => {
    sandbox = createNodeSandbox({ engines: new Map([[engine.manifest.id, engine.modules]]) })
  })
  afterAll(() => sandbox.close())

  async function run(
    path: string,
    hopEveryFuel: number | null,
    inputJson = 'null',
    fuelMax = 1e10,
    tier?: TierChoice,
  ): Promise<Ran> {
    const console: string[] = []
    const emitted: string[] = []
    const options = {
      engineId: engine.manifest.id,
      inputJson,
      seed: 5,
      fuelMax,
      memoryBytesMax: 64 * 2 ** 20,
      childrenMax: 15,
      hopEveryFuel,
      ...(tier === undefined ? {} : { tier }),
    }
    const agents = await runLocally(sandbox, await loadLocalProgram(path), options, () => ({
      console: ({ level, text }) => console.push(`${level} ${text}`),
      emit: (valueJson) => emitted.push(valueJson),
      progress: () => undefined,
    }))
    const [first] = agents
    if (!first) throw new Error('nothing ran')
    return { end: first.end, agents, console, emitted }
  }

  const unmoved = ({ end: { hops: _, ...end }, console, emitted }: Ran) => ({ end, console, emitted })

  for (const file of readdirSync(programs).sort()) {
    it(`of ${file} ends the same with and without hops`, async () => {
      const straight = await run(join(programs, file), null)
      expect(straight.end).toMatchObject({ ok: true, hops: 0 })
      expect(straight.console.length).toBeGreaterThan(0)
      const hopping = await run(join(programs, file), Math.ceil(straight.end.fuel / 5))
      expect(unmoved(hopping)).toEqual(unmoved(straight))
      expect(hopping.end.hops).toBeGreaterThanOrEqual(3)
    }, 60_000)
  }

  it('ends the same on every build of the engine; on the plain one hops wait for the end of a turn', async () => {
    const path = join(programs, 'async-timers.js')
    const straight = await run(path, null, 'null', 1e10, 'movable')
    for (const tier of ['plain', 'auto'] as const) {
      expect(unmoved(await run(path, null, 'null', 1e10, tier))).toEqual(unmoved(straight))
      const hopping = await run(path, 100_000, 'null', 1e10, tier)
      expect(unmoved(hopping)).toEqual(unmoved(straight))
      expect(hopping.end.hops).toBeGreaterThan(1)
    }
  }, 60_000)

  it('answers what an agent asks, the same with and without hops', async () => {
    const path = join(folder, 'asks.ts')
    await writeFile(
      path,
      `import { agent, RefusalError } from 'sojourn/agent'
       export default agent(async (self, input: { turns: number }) => {
         const seen: unknown[] = [self.host.kind, self.quota.fuel > 0]
         for (let i = 0; i < input.turns; i++) {
           await self.emit({ i, bytes: Uint8Array.of(i) })
           self.progress(i / input.turns, 'turn ' + i)
         }
         seen.push((await self.move({ kind: 'tab' })).kind, self.host.kind, (await self.where()).kind)
         await self.sleep(3_600_000)
         await self.checkpoint()
         seen.push((await self.move({ home: true })).kind, (await self.hosts()).length)
         for (const ask of [() => self.read('x.csv'), () => self.asset('none'), () => self.kernel('none'), () => self.move({ host: 'nobody' })])
           await ask().catch((error) => seen.push(error instanceof RefusalError && error.code))
         return seen
       })`,
    )
    const straight = await run(path, null, '{"turns":20}')
    expect(straight.end).toMatchObject({
      ok: true,
      hops: 2,
      resultJson: '["launcher",true,"tab","tab","tab","launcher",1,"NOT_FOUND","NOT_FOUND","NOT_FOUND","INVALID"]',
    })
    expect(straight.emitted).toEqual(
      Array.from({ length: 20 }, (_, i) => JSON.stringify({ i, bytes: { $bytes: btoa(String.fromCharCode(i)) } })),
    )
    const hopping = await run(path, 40_000, '{"turns":20}')
    expect(unmoved(hopping)).toEqual(unmoved(straight))
    expect(hopping.end.hops).toBeGreaterThan(4)
  })

  it('forks into agents that go on from the same line, each with its index, its chance and its share', async () => {
    const path = join(folder, 'forks.ts')
    await writeFile(
      path,
      `import { agent } from 'sojourn/agent'
       export default agent(async (self) => {
         const before = Math.random()
         const seen = new Map([['before', before]])
         const late = self.sleep(60_000).then(() => 'slept')
         const told = self.emit('once')
         const { children, fuel } = self.quota
         const index = await self.fork(3)
         await told
         if (index === 2) seen.set('deeper', await self.fork(2))
         const shares = [self.quota.children, Math.round((100 * self.quota.fuel) / fuel)]
         await self.emit(index)
         return { index, id: self.id, same: seen.get('before') === before, deeper: seen.get('deeper') ?? null,
           chance: Math.random(), late: await late, children, shares }
       })`,
    )
    const straight = await run(path, null)
    const results = straight.agents.map(({ end }) => (end.ok ? JSON.parse(end.resultJson) : end))
    expect(results.map(({ index, deeper }) => [index, deeper])).toEqual([
      [0, null],
      [1, null],
      [2, 0],
      [2, 1],
    ])
    expect(results.map(({ id }) => id)).toEqual(['local.1.1', 'local.1.2', 'local.1.3', 'local.1.4'])
    expect(straight.agents.map(({ forkedFrom }) => forkedFrom)).toEqual([
      null,
      { agent: 'local.1.1', index: 1 },
      { agent: 'local.1.1', index: 2 },
      { agent: 'local.1.3', index: 1 },
    ])
    expect(results.map(({ shares }) => shares[0])).toEqual([5, 4, 2, 1])
    expect(results.map(({ late, same, children }) => [late, same, children])).toEqual(
      Array.from({ length: 4 }, () => ['slept', true, 15]),
    )
    expect(new Set(results.map(({ chance }) => chance)).size).toBe(4)
    expect(straight.emitted).toEqual(['"once"', '0', '1', '2', '2'])
    const hopping = await run(path, 5_000)
    expect(hopping.end.hops).toBeGreaterThan(1)
    const ends = ({ agents }: Ran) => agents.map(({ end: { hops: _, ...end }, ...agent }) => ({ ...agent, end }))
    expect(ends(hopping)).toEqual(ends(straight))
  }, 60_000)

  it('goes as deep as its sojourn.json asks', async () => {
    const agent = 'const f = (n: number): number => (n === 0 ? 0 : 1 + f(n - 1)); export default () => f(2500)'
    const own = await mkdtemp(join(folder, 'deep-'))
    await writeFile(join(own, 'agent.ts'), agent)
    expect((await run(own, null)).end).toMatchObject({ ok: false, code: 'THROWN' })
    await writeFile(join(own, 'sojourn.json'), '{ "needs": { "depth": 20 } }')
    expect((await run(own, null)).end).toMatchObject({ ok: true, resultJson: '2500' })
  })

  it('says how it failed, hops and all', async () => {
    const path = join(folder, 'endless.js')
    await writeFile(path, 'for (;;) {}')
    const { end } = await run(path, 1_000_000, 'null', 3_500_000)
    expect(end).toMatchObject({ ok: false, code: 'QUOTA', fuel: 3_500_000, hops: 3 })
  })
})

describe('sojourn run', { timeout: 30_000 }, () => {
  const bin = fileURLToPath(new URL('../../bin/sojourn.js', import.meta.url))
  const sojourn = (...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((end) => {
      execFile(process.execPath, [bin, 'run', ...args], { cwd: folder }, (error, stdout, stderr) =>
        end({ code: error ? Number(error.code) : 0, stdout, stderr }),
      )
    })
  const written = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return name
  }

  it('prints a script’s console, warnings apart', async () => {
    const path = await written('says.js', `console.log('one', { two: 2 }); console.warn('careful')`)
    expect(await sojourn(path)).toEqual({ code: 0, stdout: 'one { two: 2 }\n', stderr: 'careful\n' })
  })

  it('prints an agent’s result, and its talk apart', async () => {
    const path = await written(
      'doubles.ts',
      `export default async (n: number) => { console.log('got', n); return { twice: 2 * n } }`,
    )
    expect(await sojourn(path, '--input', '21')).toEqual({ code: 0, stdout: '{"twice":42}\n', stderr: 'got 21\n' })
    await written('input.json', '4')
    expect((await sojourn(path, '--input', '@input.json')).stdout).toBe('{"twice":8}\n')
  })

  it('prints one line of JSON for programs', async () => {
    const path = await written('json.ts', `export default async () => { console.log('x'); return 1 }`)
    const { code, stdout, stderr } = await sojourn(path, '--json')
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      result: 1,
      console: [{ level: 'log', text: 'x' }],
      emitted: [],
      fuel: expect.any(Number),
      hops: 0,
      stateHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('prints a result for each that it forked into, in the order in which they were made', async () => {
    const path = await written(
      'forks.js',
      `import { agent } from 'sojourn/agent'
       export default agent(async (self) => { const n = await self.fork(3); console.log('I am', n); return n })`,
    )
    expect(await sojourn(path)).toEqual({
      code: 0,
      stdout: '0\n1\n2\n',
      stderr: 'I am 0\nlocal.1.2: I am 1\nlocal.1.3: I am 2\n',
    })
    const { children, ...first } = JSON.parse((await sojourn(path, '--json')).stdout)
    expect(first).toMatchObject({ ok: true, result: 0, console: [{ level: 'log', text: 'I am 0' }] })
    expect(children).toMatchObject([
      { agent: 'local.1.2', forkedFrom: 'local.1.1', index: 1, ok: true, result: 1 },
      { agent: 'local.1.3', forkedFrom: 'local.1.1', index: 2, ok: true, result: 2 },
    ])
  })

  it('fails with the author’s own lines', async () => {
    const path = await written(
      'throws.ts',
      `interface Unused { a: number }\n\nfunction inner(): never {\n  throw new Error('no such luck')\n}\nexport default async () => inner()`,
    )
    const { code, stdout, stderr } = await sojourn(path)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^sojourn: THROWN: Error: no such luck\n\s+at inner \(throws\.ts:4:\d+\)/)
    const json = JSON.parse((await sojourn(path, '--json')).stdout)
    expect(json).toMatchObject({ ok: false, result: null, stateHash: null, error: { code: 'THROWN' } })
  })

  it.each([
    [['none.ts'], 'none.ts is not there'],
    [['says.js', '--input', '{'], 'the input is refused: not JSON'],
    [['says.js', '--input', '@none.json'], 'cannot read none.json'],
    [['says.js', '--fuel', 'lots'], "option '--fuel <n>' argument 'lots' is invalid"],
    [['says.js', '--memory', '1'], 'memory of 1048576 bytes < MEMORY_BYTES_MIN'],
    [['says.js', '--hop-every', '3'], 'It must be a whole number from 100'],
    [['input.car'], 'cannot read input.car'],
    [[], "missing required argument 'agent'"],
  ])('%j is refused with a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await sojourn(...args)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(sentence)
    expect(stderr).not.toContain('    at ')
  })
})

describe('a failure in source lines', () => {
  it('stays as it is where the map does not help', () => {
    expect(inSourceLines('Error: x\n at f (agent.js:9:9)', null)).toBe('Error: x\n at f (agent.js:9:9)')
    expect(inSourceLines('at f (agent.js:9:9)', 'no map')).toBe('at f (agent.js:9:9)')
    const map = JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings: '' })
    expect(inSourceLines('at f (agent.js:9:9)', map)).toBe('at f (agent.js:9:9)')
  })
})
