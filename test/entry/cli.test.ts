import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const folder = await mkdtemp(join(tmpdir(), 'sojourn-cli-'))
afterAll(() => rm(folder, { recursive: true }))
const bin = fileURLToPath(new URL('../../bin/sojourn.js', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function sojourn(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const environment = { ...process.env, SOJOURN_HOME: join(folder, 'home') }
    execFile(process.execPath, [bin, ...args], { cwd: folder, env: environment }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

describe('sojourn', () => {
  it('says what there is, and what it is', async () => {
    const { code, stdout, stderr } = await sojourn('--help')
    expect([code, stderr]).toEqual([0, ''])
    for (const command of ['keygen', 'build', 'inspect', 'verify', 'open'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    expect((await sojourn('--version')).stdout).toBe(`${version}\n`)
  })

  it.each(['keygen', 'build', 'inspect', 'verify', 'open'])('help %s has an example', async (command) => {
    const { code, stdout } = await sojourn('help', command)
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`Examples?:\\n  sojourn ${command}`))
  })

  it('guesses at a command it does not know', async () => {
    const { code, stdout, stderr } = await sojourn('verfy')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('(Did you mean verify?)')
  })

  it.each([
    [['build'], "missing required argument 'agent'"],
    [['verify', 'x.car', '--author', 'bob'], '"bob" does not start with did:key:z'],
    [['verify', 'none.car'], 'sojourn: cannot read none.car'],
    [['build', 'none'], 'none is not there'],
    [['launch', 'x', '--join', 'http://x', '--seal-to', 'edge-1'], '"edge-1" does not start with did:key:z'],
    [['inspect', 'x', '--nope'], "unknown option '--nope'"],
  ])('%j fails in a sentence on stderr', async (args, sentence) => {
    const { code, stdout, stderr } = await sojourn(...args)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

describe('an author', () => {
  it('makes an identity, builds, inspects and verifies; a spoilt bundle is refused with the reason', async () => {
    const made = JSON.parse((await sojourn('keygen', '--json')).stdout)
    expect(made).toMatchObject({ ok: true, path: join(folder, 'home/identity.json') })
    expect(await sojourn('keygen', '--show')).toMatchObject({ code: 0, stdout: expect.stringContaining(made.did) })
    const again = await sojourn('keygen', '--json')
    expect(again.code).toBe(1)
    expect(JSON.parse(again.stdout)).toMatchObject({
      ok: false,
      error: { code: 'IDENTITY', reason: expect.stringContaining('exists already') },
    })

    await writeFile(join(folder, 'hello.ts'), 'console.log("hello" as string)')
    const built = JSON.parse((await sojourn('build', 'hello.ts', '--json')).stdout)
    expect(built).toMatchObject({
      ok: true,
      path: 'hello-0.0.0.car',
      author: made.did,
      name: 'hello',
      kernels: [],
      assets: [],
    })

    const inspected = JSON.parse((await sojourn('inspect', built.path, '--json')).stdout)
    expect(inspected).toMatchObject({ ok: true, id: built.id, author: made.did, name: 'hello', effects: 'durable' })
    expect((await sojourn('inspect', built.path)).stdout).toMatch(/^author +did:key:/m)
    expect((await sojourn('inspect', built.path, '--code')).stdout).toContain('console.log("hello")')

    expect(await sojourn('verify', built.path, '--author', made.did)).toEqual({
      code: 0,
      stdout: `hello 0.0.0 is whole and signed by ${made.did}\n`,
      stderr: '',
    })
    const other = JSON.parse((await sojourn('keygen', '--out', 'other.json', '--json')).stdout)
    const wrong = await sojourn('verify', built.path, '--author', other.did, '--json')
    expect(wrong.code).toBe(1)
    expect(JSON.parse(wrong.stdout)).toMatchObject({ ok: false, error: { code: 'AUTHOR' } })

    await writeFile(join(folder, 'careless.ts'), `console.log('ghp_${'aB3'.repeat(12)}')`)
    const careless = await sojourn('build', 'careless.ts', '--json')
    expect(careless.code).toBe(1)
    expect(JSON.parse(careless.stdout).error).toMatchObject({
      code: 'SECRET',
      reason: expect.stringContaining('has a GitHub token in it'),
    })
    expect((await sojourn('build', 'careless.ts', '--allow-keys')).code).toBe(0)
    await writeFile(join(folder, 'lost.ts'), `console.log(${JSON.stringify(await readFile(made.path, 'utf8'))})`)
    const lost = await sojourn('build', 'lost.ts', '--allow-keys', '--json')
    expect([lost.code, JSON.parse(lost.stdout).error.code]).toEqual([1, 'SECRET'])

    const car = await readFile(join(folder, built.path))
    const last = car.length - 1
    car[last] = (car[last] ?? 0) ^ 1
    await writeFile(join(folder, 'spoilt.car'), car)
    for (const command of ['verify', 'inspect']) {
      const refused = await sojourn(command, 'spoilt.car', '--json')
      expect(refused.code).toBe(1)
      const { error } = JSON.parse(refused.stdout)
      expect(error).toEqual({
        code: 'BLOCK',
        reason: expect.stringMatching(/^spoilt\.car is refused: block baf\w+ (is missing|does not have its hash)$/),
      })
      expect(refused.stderr).toBe(`sojourn: ${error.reason}\n`)
    }
  }, 60_000)
})
