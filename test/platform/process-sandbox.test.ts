import { createServer, type Server } from 'node:net'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCage } from '../../src/platform/node/cage.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import type { ClosableSandbox } from '../../src/sandbox/create-sandbox.ts'
import type { GuestEvent } from '../../src/sandbox/port.ts'
import { SANDBOX_CLAIMS } from '../contract/sandbox.ts'
import { order } from '../sandbox/orders.ts'

const engine = await loadEngineFiles(resolve('dist/engine'))
const engineId = engine.manifest.id
const engines = new Map([[engineId, engine.modules]])

describe('a caged process keeps the contract of a sandbox', () => {
  let sandbox: ClosableSandbox
  beforeAll(() => {
    sandbox = createNodeSandbox({ engines, isolate: 'process' })
  })
  afterAll(() => sandbox.close())

  // What crosses the pipe. How programs end at their limits is the engine's, which is the same one.
  const crossing =
    /in place|another guest|call|answers a freeze|a flood|large images|brought up|kernel|segment by segment/
  for (const { claim, prove } of SANDBOX_CLAIMS.filter((one) => crossing.test(one.claim))) {
    test(claim, () => prove({ sandbox, engineId }), 60_000)
  }
})

const ready = `const { parentPort: host } = require('node:worker_threads')
host.on('message', ({ kind }) => { if (kind === 'start') host.postMessage({ kind: 'ready' }); if (kind === 'run') go() })`

/** How a guest ends whose engine has fallen, so that its program does with the worker what it likes. */
function endOf(script: string): Promise<GuestEvent> {
  const sandbox = createNodeSandbox({ engines, spares: 0, isolate: 'process', script })
  return new Promise<GuestEvent>((end) => {
    const guest = sandbox.spawn(order({ engineId }), (event) => {
      if (event.kind === 'ready') guest.run()
      if (event.kind === 'failed' || event.kind === 'finished') end(event)
    })
  }).finally(() => sandbox.close())
}

describe('a guest that owns its worker thread', () => {
  const attacks: [string, string, object][] = [
    ['ends its process', `process.exit(3)`, { code: 'TRAP', reason: 'worker ended: exit code 3' }],
    ['crashes its process', `process.abort()`, { code: 'TRAP', reason: expect.stringMatching(/worker ended: /) }],
    ['never answers', `for (;;);`, { code: 'UNRESPONSIVE', reason: 'no answer for 600 ms >= 600' }],
    [
      'floods its host',
      `for (;;) host.postMessage({ kind: 'pulse', fuelUsed: 0, sentBytes: 0 })`,
      { code: expect.stringMatching(/^(BREACH|UNRESPONSIVE)$/) },
    ],
    [
      'sends what no message is',
      `host.postMessage({ kind: 'frozen', image: [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]], gone: null })`,
      { code: 'TRAP', reason: 'worker ended: nesting > NESTING_MAX 16' },
    ],
    [
      'claims its own death in its host’s words',
      `host.postMessage({ kind: 'died', reason: 'of old age' })`,
      { code: 'TRAP', reason: 'worker ended: of old age' },
    ],
  ]
  test.each(attacks)(
    '%s: that is the end of it alone',
    async (_, body, end) => {
      expect(await endOf(`${ready}; const go = () => { ${body} }`)).toMatchObject({ kind: 'failed', ...end })
    },
    30_000,
  )
})

const cage = findCage()
const behindNamespaces = cage.strength === 'namespaces'
if (!behindNamespaces) console.warn(`skipped: no Bubblewrap here, or it may not make name spaces: ${cage.words}`)

describe.skipIf(!behindNamespaces)('the cage alone, around code that owns the whole process', () => {
  let canary: Server
  let callers = 0
  beforeAll(async () => {
    canary = createServer((socket) => {
      callers += 1
      socket.destroy()
    })
    await new Promise<void>((listening) => canary.listen(0, '127.0.0.1', listening))
  })
  afterAll(() => canary.close())

  /** What code finds that has a whole process of the cage to itself. */
  async function inside(code: string): Promise<string> {
    const child = cage.start(
      `const tried = async (what) => { try { return String(await what()) } catch (error) { return error.code ?? error.message } };
      (async () => { process.stdout.write(String(await (${code})())) })()`,
    )
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
    })
    return new Promise((resolved) =>
      child.on('close', (code, signal) => resolved(said || `${signal ?? `exit ${code}`}`)),
    )
  }

  test('has no network, of any kind', async () => {
    const { port } = canary.address() as { port: number }
    const dial = `() => tried(() => new Promise((ok, no) => require('node:net').connect(${port}, '127.0.0.1', ok).on('error', no)))`
    expect(await inside(dial)).toBe('EPERM')
    const datagram = `() => tried(() => new Promise((ok, no) => { const s = require('node:dgram').createSocket('udp4'); s.on('error', no); s.send('x', ${port}, '127.0.0.1', (e) => e ? no(e) : ok('sent')) }))`
    expect(await inside(datagram)).toBe('EPERM')
    expect(
      await inside(
        `() => tried(() => new Promise((ok, no) => require('node:net').createServer().on('error', no).listen('/sock', ok)))`,
      ),
    ).toBe('EPERM')
    expect(callers).toBe(0)
    // The canary sings where there is no cage.
    await new Promise<void>((resolved) => {
      const seen = canary.once('connection', () => resolved())
      void import('node:net').then(({ connect }) => connect(port, '127.0.0.1').on('error', () => undefined))
      return seen
    })
  })

  test('sees no files but libraries and Node, and can write none', async () => {
    // Not every architecture has lib64.
    expect(await inside(`() => require('node:fs').readdirSync('/').sort().join()`)).toMatch(
      /^dev,lib(,lib64)?,node,usr$/,
    )
    expect(await inside(`() => tried(() => require('node:fs').readFileSync('/etc/passwd'))`)).toBe('ENOENT')
    expect(await inside(`() => tried(() => require('node:fs').readdirSync('/usr').sort())`)).toMatch(/^lib(,lib64)?$/)
    for (const path of ['/x', '/usr/lib/x', '/dev/x'])
      expect(await inside(`() => tried(() => require('node:fs').writeFileSync('${path}', '1'))`)).toMatch(
        /^(EROFS|EACCES)$/,
      )
  })

  test('starts no process, sees no other, and is nobody', async () => {
    expect(await inside(`() => require('node:child_process').spawnSync('/node', ['-e', '0']).error?.code`)).toBe(
      'EPERM',
    )
    expect(await inside(`() => tried(() => process.kill(${process.pid}, 0))`)).toBe('ESRCH')
    expect(
      await inside(`() => [process.getuid(), process.getgid(), process.ppid, Object.keys(process.env).join()].join()`),
    ).toBe('65534,65534,1,PWD')
  })

  test('cannot eat the machine’s memory', async () => {
    const eaten = await inside(
      `() => { const all = []; for (let i = 0; i < 64; i++) all.push(Buffer.alloc(2 ** 27, 1)); return 'eaten' }`,
    )
    expect(eaten).not.toBe('eaten')
  }, 30_000)
})
