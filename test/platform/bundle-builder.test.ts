import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { afterAll, describe, expect, it } from 'vitest'
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import { AgentBuildError } from '../../src/platform/node/agent-build-error.ts'
import { buildAgent } from '../../src/platform/node/bundle-builder.ts'

const folder = await mkdtemp(join(tmpdir(), 'sojourn-build-'))
afterAll(() => rm(folder, { recursive: true }))

let folders = 0
/** Writes files into a folder of their own and returns its path. */
async function written(files: Readonly<Record<string, string>>, name = `agent-${folders++}`): Promise<string> {
  const root = join(folder, name)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

/** Runs a script as the engine does, as the body of an async function; what it printed and the agent it set. */
async function run(code: string): Promise<{ printed: unknown[]; agent: unknown }> {
  const printed: unknown[] = []
  const realm = vm.createContext({ console: { log: (value: unknown) => printed.push(value) } })
  await vm.runInContext(`(async () => {${code}\n})()`, realm)
  return { printed, agent: realm.__agent }
}

describe('a script', () => {
  it('with a default export sets the agent', async () => {
    const root = await written({
      'one.ts': 'export default async (n: number): Promise<number> => n + 1\nexport const other = 1',
    })
    const { code, name, version } = await buildAgent(join(root, 'one.ts'))
    expect([name, version]).toEqual(['one', '0.0.0'])
    const { agent } = await run(code)
    expect(await Reflect.apply(Object(agent), undefined, [41])).toBe(42)
  })

  it('without one is a plain script, and may await at its top', async () => {
    const root = await written({
      'plain.ts':
        "import { twice } from './twice.ts'\nconst x: number = await Promise.resolve(twice(21))\nconsole.log(x)",
      'twice.ts': 'export const twice = (n: number) => 2 * n',
    })
    expect(await run((await buildAgent(join(root, 'plain.ts'))).code)).toEqual({ printed: [42], agent: undefined })
  })

  it('in JavaScript is taken too, and is strict either way', async () => {
    const root = await written({ 'My Agent 2.js': 'console.log((function () { return this })() === undefined)' })
    const { code, name } = await buildAgent(join(root, 'My Agent 2.js'))
    expect(name).toBe('my-agent-2')
    expect((await run(code)).printed).toEqual([true])
  })

  it('has a source map with its sources, and no path of the machine', async () => {
    const root = await written({ 'a.ts': "import './b.ts'\nconsole.log(1)", 'b.ts': 'console.log(2)' })
    const { code, sourceMap } = await buildAgent(join(root, 'a.ts'))
    const map = JSON.parse(sourceMap ?? '')
    expect(map.sources).toEqual(['b.ts', 'a.ts'])
    expect(map.sourcesContent).toContain('console.log(2)')
    expect(code + sourceMap).not.toContain(folder)
  })

  it('gives the same bytes from another folder', async () => {
    const files = {
      'agent.ts': "import { a } from './lib/a.ts'\nexport default () => a",
      'lib/a.ts': 'export const a = 1',
    }
    const [here, there] = await Promise.all([
      buildAgent(await written(files, 'here/x')),
      buildAgent(await written(files, 'far/away/x')),
    ])
    expect(there).toEqual(here)
  })

  it.each([
    ['a type of Node', "import 'node:fs'", /an agent cannot import "node:fs": it runs in browsers too/],
    [
      'the door of hosts',
      "import { createHost } from 'sojourn'\nexport default createHost",
      /an agent cannot import "sojourn", which is for hosts/,
    ],
    ['a package that is not there', "import 'no-such-package'", /Could not resolve "no-such-package"/],
    ['a file that is not there', "import './nowhere.ts'", /Could not resolve "\.\/nowhere\.ts"/],
  ])('that imports %s is refused in a sentence', async (_what, content, reason) => {
    const root = await written({ 'a.ts': content })
    const refusal = await buildAgent(join(root, 'a.ts')).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AgentBuildError)
    expect(Object(refusal).message).toMatch(reason)
  })

  it('with a mistake is refused with file, line and column', async () => {
    const root = await written({ 'a.ts': 'const x = 1\nconst x = 2' })
    await expect(buildAgent(join(root, 'a.ts'))).rejects.toThrow(/"x" has already been declared[\s\S]*a\.ts:2:6/)
  })
})

describe('a folder', { timeout: 60_000 }, () => {
  it('brings program, kernels, assets and description', async () => {
    const root = await written({
      'agent.ts': 'export default () => 1',
      'kernels/add.ts': 'export function add(a: i32, b: i32): i32 { assert(b != 7, "not seven"); return a + b }',
      'assets/deep/table.txt': 'data',
      'assets/.hidden': 'not this',
      'sojourn.json': JSON.stringify({
        name: 'adder',
        version: '2.0.1',
        description: 'Adds',
        needs: { kind: 'edge', depth: 20 },
        quota: { fuel: 7 },
        effects: 'durable',
      }),
    })
    const parts = await buildAgent(root)
    expect(parts).toMatchObject({
      name: 'adder',
      version: '2.0.1',
      description: 'Adds',
      needs: { kind: 'edge', depth: 20 },
      quota: { fuel: 7 },
      effects: 'durable',
    })
    expect([...parts.assets.keys()]).toEqual(['deep/table.txt'])
    const wasm = parts.kernels.get('add') ?? expect.fail('no kernel')
    expect(instrumentKernel(wasm)).toMatchObject({ ok: true })
    expect(await buildAgent(join(root, 'agent.ts'))).toEqual(parts)
  })

  it('compiles the same kernel to the same bytes', async () => {
    const files = {
      'agent.js': '',
      'kernels/k.ts': 'export function f(n: i32): i32 { let s = 0; for (let i = 0; i < n; i++) s += i; return s }',
    }
    const [one, two] = [await buildAgent(await written(files)), await buildAgent(await written(files))]
    expect(two.kernels).toEqual(one.kernels)
  })

  it.each([
    ['has no program', { 'kernels/a.ts': '' }, /has no agent\.ts and no agent\.js/],
    [
      'has a kernel with a mistake',
      { 'agent.ts': '', 'kernels/a.ts': 'export function f(): i32 { return "x" }' },
      /^kernels\/a\.ts does not compile:[\s\S]*kernels\/a\.ts/,
    ],
    ['has a kernel that is no WebAssembly', { 'agent.ts': '', 'kernels/a.wasm': 'nonsense' }, /^kernels\/a\.wasm: /],
    ['has a description that is no JSON', { 'agent.ts': '', 'sojourn.json': '{' }, /sojourn\.json is not JSON: /],
    [
      'has a description with a field we do not know',
      { 'agent.ts': '', 'sojourn.json': '{"sudo":1}' },
      /sojourn\.json has an unknown field "sudo"/,
    ],
    [
      'asks for a quota we do not know',
      { 'agent.ts': '', 'sojourn.json': '{"quota":{"cpu":1}}' },
      /quota has an unknown field "cpu"/,
    ],
    [
      'asks for too much',
      { 'agent.ts': '', 'sojourn.json': '{"quota":{"hops":1e9}}' },
      /quota hops 1000000000 > 1000000/,
    ],
    [
      'asks for nonsense',
      { 'agent.ts': '', 'sojourn.json': '{"quota":{"hops":"many"}}' },
      /quota hops is not a whole number/,
    ],
    ['has a bad version', { 'agent.ts': '', 'sojourn.json': '{"version":"new"}' }, /version "new" does not match/],
    ['has an asset with a strange name', { 'agent.ts': '', 'assets/a b': '' }, /asset path "a b" does not match/],
  ])('is refused when it %s', async (_what, files, reason) => {
    const root = await written({ ...files })
    const refusal = await buildAgent(root).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AgentBuildError)
    expect(Object(refusal).message).toMatch(reason)
  })

  it('is refused when an asset is a link out of it', async () => {
    const root = await written({ 'agent.ts': '', 'assets/a': '' })
    await symlink('/etc/hostname', join(root, 'assets/b'))
    await expect(buildAgent(root)).rejects.toThrow('assets/b is neither a file nor a folder')
  })
})

it('refuses what is not there and what is no program', async () => {
  await expect(buildAgent(join(folder, 'none'))).rejects.toThrow(/none is not there/)
  await expect(buildAgent(fileURLToPath(new URL('../../LICENSE', import.meta.url)))).rejects.toThrow(
    /neither a folder nor a \.ts or \.js file/,
  )
})
