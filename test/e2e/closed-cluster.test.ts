import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A cluster that lets in only whom its administrator has invited: processes of their own, asked from the command line. */
const bin = fileURLToPath(new URL('../../bin/sojourn.js', import.meta.url))
const counter = fileURLToPath(new URL('../agents/counter.ts', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'sojourn-closed-'))
const running: ChildProcess[] = []
const me = { ...process.env, SOJOURN_HOME: join(folder, 'me') }
const stranger = { ...process.env, SOJOURN_HOME: join(folder, 'stranger') }
let url = ''
let admin = ''
let foreign = ''

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function sojourn(args: readonly string[], env: NodeJS.ProcessEnv = me): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...env, SOJOURN_JOIN: url }, maxBuffer: 1e8 }
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

const json = async (args: readonly string[], env = me) => JSON.parse((await sojourn([...args, '--json'], env)).stdout)

/** Runs until the end; resolves with the first line of its output. */
function start(args: readonly string[]): Promise<Record<string, string>> {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, env: me, stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)))
  })
}

const edge = (name: string, ...more: string[]) =>
  start([
    'edge',
    '--join',
    url,
    '--name',
    name,
    '--agents',
    '2',
    '--trust',
    admin,
    '--bind',
    '127.0.0.1',
    '--json',
    ...more,
  ])

/** Looks until what it sees is right; a whole command lies between two looks. */
async function until<T>(look: () => Promise<T>, right: (seen: T) => boolean): Promise<T> {
  for (let looks = 0; looks < 60; looks++) {
    const seen = await look()
    if (right(seen)) return seen
  }
  throw new Error('it never came to that')
}

interface Nodes {
  readonly nodes: readonly {
    readonly did: string
    readonly met: { name: string; ground: string } | null
    readonly banned: string | null
  }[]
}

beforeAll(async () => {
  admin = (await json(['keygen'])).did
  foreign = (await json(['keygen'], stranger)).did
  url = (await start(['serve', '--port', '0', '--json', '--author', `${admin}=me`])).url ?? ''
}, 60_000)

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

describe('a cluster by invitation', { timeout: 120_000 }, () => {
  it('lets in who is invited, shows its owner whom it knows, and keeps out and bans the rest', async () => {
    const data = join(folder, 'guest')
    const rules = ['--admit', 'invited', '--admin', admin]
    const first = await edge('first', ...rules)
    const { did: guest } = await json(['keygen', '--out', join(data, 'identity.json')])
    const permit = await sojourn(['permit', 'grant', '--to', guest, '--command', '/host/join', '--expires', '1h'])
    await writeFile(join(folder, 'guest.permit'), permit.stdout)
    await edge('guest', '--data', data, '--invitation', join(folder, 'guest.permit'))
    const uninvited = await edge('uninvited')

    const seen = await until<Nodes>(
      () => json(['nodes', '--of', 'first']),
      ({ nodes }) => nodes.some(({ did }) => did === guest),
    )
    expect(seen.nodes.find(({ did }) => did === guest)?.met).toMatchObject({ name: 'guest', ground: 'invited' })
    expect(seen.nodes.some(({ did }) => did === uninvited.did)).toBe(false)

    // A stranger is let in by nobody who wants invitations, and says so.
    const refused = await sojourn(['ps', '--hosts'], stranger)
    expect(refused.stdout).not.toContain('first')
    expect(refused.stderr).toContain('NOT_ADMITTED: an invitation is needed to join')

    const launched = await json(['launch', counter, '--input', '{"to":1e12}', '--home', 'first'])
    expect((await json(['ps'])).agents).toMatchObject([{ agent: launched.agent }])
    const others = await sojourn(['ps', '--json'], stranger)
    expect(JSON.parse(others.stdout).agents).toEqual([])

    const forged = await sojourn(['ban', guest, '--reason', 'no reason'], stranger)
    expect([forged.code, forged.stderr]).toEqual([1, expect.stringContaining('is no administrator here')])
    const ban = await json(['ban', guest, '--reason', 'it doubled agents'])
    expect(ban).toMatchObject({ ok: true, subject: guest })
    const after = await json(['nodes', '--of', first.did ?? ''])
    expect(after.nodes.find(({ did }: { did: string }) => did === guest).banned).toContain('it doubled agents')
    expect(foreign).not.toBe(admin)
  })
})
