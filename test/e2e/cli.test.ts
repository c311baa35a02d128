import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** The command line against a rendezvous and two edge workers, all of them processes of their own. */
const bin = fileURLToPath(new URL('../../bin/sojourn.js', import.meta.url))
const agents = fileURLToPath(new URL('../agents', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'sojourn-cluster-'))
const running: ChildProcess[] = []
const env: NodeJS.ProcessEnv = { ...process.env, SOJOURN_HOME: join(folder, 'home') }

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function sojourn(args: readonly string[], changes: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...env, ...changes }, maxBuffer: 1e8 }
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** Runs until it is told to stop; resolves with its first line of output. */
function start(...args: readonly string[]): Promise<{ process: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve({ process: child, line }))
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}: ${said}`)))
  })
}

/**
 * Waits until no process has this mark of ours in its environment; one that stays fails the test by its time. Only Linux
 * lets us look; a process of which we may not know is gone, too.
 */
async function gone(mark: string): Promise<void> {
  if (!existsSync('/proc/self/environ')) return
  for (;;) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const environments = pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''))
    const marked = (await Promise.all(environments)).filter((text) => text.includes(`SOJOURN_TEST=${mark}`))
    if (marked.length === 0) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()))

interface Ps {
  readonly agents: readonly {
    readonly agent: string
    readonly name: string
    readonly state: string
    readonly holder: string
    readonly progress: number | null
  }[]
  readonly hosts: readonly {
    readonly did: string
    readonly name: string
    readonly load: { accepting: boolean; agents: number }
  }[]
}

const ps = async (): Promise<Ps> => JSON.parse((await sojourn(['ps', '--all', '--json'])).stdout)

/** Looks until what it sees is right; a whole command lies between two looks. */
async function until(right: (seen: Ps) => boolean): Promise<Ps> {
  for (let looks = 0; looks < 100; looks++) {
    const seen = await ps()
    if (right(seen)) return seen
  }
  throw new Error('it never came to that')
}

const launchCounter = async (): Promise<string> => {
  const input = JSON.stringify({ to: 1e12, announce: 300_000 })
  const { agent } = JSON.parse(
    (await sojourn(['launch', join(agents, 'counter.ts'), '--input', input, '--json'])).stdout,
  )
  return agent
}

const hostOf = ({ agents, hosts }: Ps, agent: string): string | undefined => {
  const holder = agents.find((other) => other.agent === agent)?.holder
  return hosts.find(({ did }) => did === holder)?.name
}

const stateOf = ({ agents }: Ps, agent: string): string | undefined =>
  agents.find((other) => other.agent === agent)?.state

const short = (agent: string): string => agent.replace(/^.*(.{6})\.\d+\.(\d+)$/, '$1.$2')

beforeAll(async () => {
  const { did } = JSON.parse((await sojourn(['keygen', '--json'])).stdout)
  const { line } = await start('serve', '--port', '0', '--json', '--author', `${did}=me`)
  const { url } = JSON.parse(line)
  env.SOJOURN_JOIN = url
  const edge = (name: string) =>
    start(
      ...['edge', '--join', url, '--name', name, '--agents', '2', '--bind', '127.0.0.1', '--json'],
      ...['--trust-cluster', '--operator', did],
    )
  await Promise.all([edge('edge-1'), edge('edge-2')])
})

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(running.map(ended))
  await rm(folder, { recursive: true, force: true })
})

describe('sojourn map', () => {
  const inputs = [3, 'x', 5, 8].map((value) => JSON.stringify(value)).join('\n')
  const square = join(agents, 'square.ts')

  const rightResults = (stdout: string): void => {
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(results).toEqual([
      { input: 3, square: 9 },
      { error: { code: 'THROWN', reason: expect.stringContaining('cannot square "x"') } },
      { input: 5, square: 25 },
      { input: 8, square: 64 },
    ])
  }

  it('starts two edge workers of its own, prints results in order, and leaves no process behind', async () => {
    await writeFile(join(folder, 'inputs.ndjson'), inputs)
    const { code, stdout, stderr } = await sojourn(['map', square, 'inputs.ndjson', '--hosts', '2'], {
      SOJOURN_JOIN: '',
      SOJOURN_TEST: 'map-1',
    })
    rightResults(stdout)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^4 agents, 1 failed, 4 hops, 2 hosts, [\d.]+ s$/m)
    await gone('map-1')
  })

  it('stops when it is interrupted, its agents and its edge workers with it', async () => {
    const cluster = ['--join', env.SOJOURN_JOIN ?? '', '--bind', '127.0.0.1']
    for (const [mark, where] of [
      ['map-2', ['--hosts', '1']],
      ['map-3', cluster],
    ] as const) {
      await writeFile(join(folder, 'long.ndjson'), '1\n1e12\n')
      const child = spawn(process.execPath, [bin, 'map', square, 'long.ndjson', ...where], {
        cwd: folder,
        env: { ...env, SOJOURN_TEST: mark },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      running.push(child)
      await new Promise<void>((resolve) => createInterface({ input: child.stdout }).once('line', () => resolve()))
      child.kill('SIGINT')
      await ended(child)
      expect(child.exitCode).toBe(1)
      await gone(mark)
    }
    await until(({ hosts }) => hosts.every(({ load }) => load.agents === 0))
  })

  it('uses a cluster that is there, and writes to a file', async () => {
    await writeFile(join(folder, 'inputs.ndjson'), '1\n2\n3\n')
    const args = ['map', square, 'inputs.ndjson', '--join', env.SOJOURN_JOIN ?? '', '--out', 'out.ndjson', '--json']
    const { code, stdout, stderr } = await sojourn([...args, '--bind', '127.0.0.1'])
    expect([code, stdout]).toEqual([0, ''])
    expect(JSON.parse(stderr)).toMatchObject({ ok: true, agents: 3, failed: 0, hops: 3 })
  })

  it('says whose agents nobody takes, and why', async () => {
    const stranger = { SOJOURN_HOME: join(folder, 'stranger') }
    const { did } = JSON.parse((await sojourn(['keygen', '--json'], stranger)).stdout)
    const { code, stdout, stderr } = await sojourn(
      ['map', square, 'inputs.ndjson', '--join', env.SOJOURN_JOIN ?? ''],
      stranger,
    )
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/sojourn: nobody takes the agents: edge-\d says UNTRUSTED_AUTHOR/)
    expect(stderr).toContain(`${did}, by whose leave it runs, is not trusted here`)
  })
})

describe('sojourn launch --wait', () => {
  it('prints the result, and what happened beside it', async () => {
    const { code, stdout, stderr } = await sojourn(['launch', join(agents, 'square.ts'), '--input', '12', '--wait'])
    expect([code, stdout]).toEqual([0, '{"input":12,"square":144}\n'])
    expect(stderr).toMatch(/^square is z6Mk\w+\.1\.\d+, at home with edge-\d$/m)
    expect(stderr).toMatch(/^finished {2}━+ 100 % {2}[\d.]+ k fuel/m)
  })

  it('ends with exit code 1 when the agent fails', async () => {
    const { code, stdout, stderr } = await sojourn([
      'launch',
      join(agents, 'square.ts'),
      '--input',
      '"x"',
      '--wait',
      '--json',
      '--name',
      'broken',
    ])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      name: 'broken',
      state: 'failed',
      error: { code: 'THROWN', reason: expect.stringContaining('cannot square "x"') },
    })
    expect(stderr).toContain('broken is z6Mk')
  })

  it('is refused where the author is not trusted, in the host’s own words', async () => {
    const { code, stdout, stderr } = await sojourn(['launch', join(agents, 'square.ts'), '--input', '1'], {
      SOJOURN_HOME: join(folder, 'stranger'),
    })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /sojourn: did:key:\w+ says UNTRUSTED_AUTHOR: did:key:\w+, by whose leave it runs, is not trusted here/,
    )
  })
})

describe('an agent that forks', () => {
  const forks = join(agents, 'forks.ts')

  it('has its results waited for, its own first, and its children’s in the order in which they were made', async () => {
    const input = JSON.stringify({ n: 3, until: 'answered' })
    const { code, stdout, stderr } = await sojourn(['launch', forks, '--input', input, '--wait', '--json'])
    const { children, ...first } = JSON.parse(stdout)
    expect([code, first]).toMatchObject([0, { ok: true, name: 'forks', result: { index: 0, deeper: null } }])
    const [one, two, three] = children
    expect(children).toMatchObject([
      { forkedFrom: first.agent, index: 1, ok: true, result: { index: 1, deeper: null }, state: 'finished' },
      { forkedFrom: first.agent, index: 2, ok: true, result: { index: 2, deeper: 0 } },
      { forkedFrom: two.agent, index: 1, ok: true, result: { index: 2, deeper: 1 } },
    ])
    expect(stderr).toContain(`fork     into 3; the others are ${short(one.agent)}, ${short(two.agent)}`)
    expect(stderr).toMatch(new RegExp(`^${short(three.agent)}: .*console  I am 2 1$`, 'm'))
    const table = await sojourn(['ps', '--all'])
    expect(table.stdout).toMatch(
      new RegExp(`^${short(three.agent)} +forks \\(1 of ${short(two.agent)}\\) +finished`, 'm'),
    )
    expect((await sojourn(['logs', two.agent])).stdout).toContain(`fork     of ${short(first.agent)}, with index 2`)
    const plain = await sojourn(['launch', forks, '--input', input, '--wait'])
    expect(
      plain.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { index: 0, deeper: null },
      { index: 1, deeper: null },
      { index: 2, deeper: 0 },
      { index: 2, deeper: 1 },
    ])
  })

  it('is killed alone, or with all that came of it', async () => {
    const input = JSON.stringify({ n: 3, until: 'killed' })
    const { agent } = JSON.parse((await sojourn(['launch', forks, '--input', input, '--json'])).stdout)
    const familyIn = (seen: Ps) =>
      seen.agents.filter((one) => one.name === 'forks' && one.state !== 'finished').map(({ agent }) => agent)
    const seen = await until((now) => familyIn(now).length === 4)
    expect(await sojourn(['kill', agent])).toMatchObject({ code: 0 })
    const working = (now: Ps) => now.agents.filter(({ name, state }) => name === 'forks' && state === 'running')
    expect(working(await until((now) => stateOf(now, agent) === 'killed'))).toHaveLength(3)
    const all = await sojourn(['kill', agent, '--children', '--json'])
    expect(JSON.parse(all.stdout).agents.sort()).toEqual(
      familyIn(seen)
        .filter((one) => one !== agent)
        .sort(),
    )
    expect(working(await ps())).toEqual([])
    expect((await sojourn(['kill', agent, '--children'])).stderr).toContain('has ended already: killed')
  })
})

describe('an agent that runs', () => {
  it('is shown, told of, moved, evicted with its host, and killed', async () => {
    const agent = await launchCounter()
    const before = await until((seen) => stateOf(seen, agent) === 'running')
    const [from, to] = hostOf(before, agent) === 'edge-1' ? ['edge-1', 'edge-2'] : ['edge-2', 'edge-1']

    const table = await sojourn(['ps', '--hosts'])
    expect(table.stdout).toMatch(new RegExp(`^${short(agent)} +counter +running +.*${from} `, 'm'))
    expect(table.stdout).toMatch(new RegExp(`^…\\w{6} +${to} +edge +0 of 2 +open +did:key:`, 'm'))

    const moved = await sojourn(['move', short(agent), '--to', to])
    expect(moved).toMatchObject({ code: 0, stdout: `${short(agent)} moved from ${from} to ${to}\n` })
    expect(hostOf(await ps(), agent)).toBe(to)
    expect((await sojourn(['move', short(agent), '--to', to])).stdout).toContain(`is at ${to} already`)

    const evicted = await sojourn(['evict', to])
    expect(evicted).toMatchObject({ code: 0, stdout: `1 agent left ${to}\n` })
    const after = await ps()
    expect(hostOf(after, agent)).toBe(from)
    expect(after.hosts.find(({ name }) => name === to)?.load.accepting).toBe(false)
    expect(await sojourn(['evict', to, '--resume'])).toMatchObject({ code: 0, stdout: `${to} takes agents again\n` })

    const story = await sojourn(['logs', agent])
    expect(story.stdout).toMatch(/^[\d:.]{12} {2}console {2}counting to 1000000000000$/m)
    expect(story.stdout).toMatch(/^[\d:.]{12} {2}emit {5}\{"count":300000\}$/m)
    expect(story.stdout).toMatch(new RegExp(`hop {6}${from} → ${to}[^]*hop {6}${to} → ${from}`))

    const following = sojourn(['logs', agent, '--follow', '--json'])
    expect(await sojourn(['kill', short(agent)])).toMatchObject({ code: 0, stdout: `${short(agent)} is killed\n` })
    const lines = (await following).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({ number: 1, kind: 'console' })
    expect(stateOf(await until(({ agents }) => agents.every(({ state }) => state !== 'running')), agent)).toBe('killed')
    const again = await sojourn(['kill', agent])
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: `sojourn: ${short(agent)} has ended already: killed\n` })
  }, 300_000)

  it('obeys its author and the operator of its host, and nobody else', async () => {
    const agent = await launchCounter()
    await until((seen) => stateOf(seen, agent) === 'running')
    const stranger = { SOJOURN_HOME: join(folder, 'stranger') }
    for (const args of [
      ['kill', agent],
      ['move', agent],
      ['evict', agent],
      ['evict', 'edge-1'],
    ]) {
      const { code, stdout, stderr } = await sojourn(args, stranger)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(
        /NOT_AUTHORISED: did:key:\w+ does not operate this host|there are agents that you may not read/,
      )
    }
    expect(stateOf(await ps(), agent)).toBe('running')
    await sojourn(['kill', agent])
  })

  it('is not known under a name that nobody has', async () => {
    for (const args of [
      ['logs', 'zzzzzz.99'],
      ['move', 'zzzzzz.99'],
      ['kill', 'zzzzzz.99'],
    ]) {
      const { code, stderr } = await sojourn(args)
      expect([code, stderr]).toEqual([1, 'sojourn: no agent here is called "zzzzzz.99"\n'])
    }
  })
})

it('sojourn doctor finds this machine ready, and says so for programs', async () => {
  const { code, stdout } = await sojourn(['doctor', '--json'])
  const { ok, checks } = JSON.parse(stdout)
  expect(checks.filter((check: { ok: boolean; needed: boolean }) => check.needed && !check.ok)).toEqual([])
  expect([ok, code]).toEqual([true, 0])
})

it('sojourn serve stops when it is told to', async () => {
  const { process: server, line } = await start('serve', '--port', '0')
  expect(line).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect((await fetch(`${line}/healthz`)).status).toBe(200)
  server.kill('SIGTERM')
  await ended(server)
  expect(server.exitCode).toBe(0)
})
