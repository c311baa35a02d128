import { once } from 'node:events'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { readGuestScript } from '../../src/platform/node/guest-script.ts'
import { startGuestThread } from '../../src/platform/node/guest-thread.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import type { ClosableSandbox } from '../../src/sandbox/create-sandbox.ts'
import type { GuestEvent, GuestOrder } from '../../src/sandbox/port.ts'
import { SANDBOX_CLAIMS } from '../contract/sandbox.ts'
import { order } from '../sandbox/orders.ts'

const compiled = (path: string): URL => pathToFileURL(resolve('dist/node', path))
const engine = await loadEngineFiles(resolve('dist/engine'))
const engineId = engine.manifest.id
const engines = new Map([[engineId, engine.modules]])

describe('a worker thread keeps the contract of a sandbox', () => {
  let sandbox: ClosableSandbox
  beforeAll(() => {
    sandbox = createNodeSandbox({ engines })
  })
  afterAll(() => sandbox.close())

  for (const { claim, prove } of SANDBOX_CLAIMS) {
    test(claim, () => prove({ sandbox, engineId }), 60_000)
  }
})

/** A worker whose engine has fallen: the program in it does with the worker what it likes. */
const compromised = (body: string): string => `const { parentPort: host } = require('node:worker_threads')\n${body}`

function endOf(sandbox: ClosableSandbox, changes: Partial<GuestOrder> = {}): Promise<GuestEvent> {
  return new Promise((end) => {
    const guest = sandbox.spawn(order({ engineId, ...changes }), (event) => {
      if (event.kind === 'ready') guest.run()
      if (event.kind === 'failed' || event.kind === 'finished') end(event)
    })
  })
}

const ready = `host.on('message', ({ kind }) => { if (kind === 'start') host.postMessage({ kind: 'ready' }); if (kind === 'run') go() })`

describe('a compromised worker thread', () => {
  const attacks: [string, string, object][] = [
    [
      'that speaks another language',
      `${ready}; const go = () => host.postMessage({ eval: '1' })`,
      { code: 'BREACH', reason: 'message has no kind' },
    ],
    [
      'that sends a function’s worth of nothing',
      `${ready}; const go = () => host.postMessage(undefined)`,
      { code: 'BREACH', reason: 'message has no kind' },
    ],
    [
      'that hands its host an image nobody asked for',
      `${ready}; const go = () => host.postMessage({ kind: 'frozen', image: {}, gone: null })`,
      { code: 'BREACH', reason: 'image has no "engineId"' },
    ],
    [
      'that claims to be its own warden',
      `${ready}; const go = () => host.postMessage({ kind: 'failed', code: 'BREACH', reason: '', fuelUsed: 0 })`,
      { code: 'BREACH' },
    ],
    [
      'that floods its host',
      `${ready}; const go = () => { for (;;) host.postMessage({ kind: 'pulse', fuelUsed: 0, sentBytes: 0 }) }`,
      { code: 'BREACH', reason: 'messages > 5000 a second' },
    ],
    [
      'that crashes',
      `${ready}; const go = () => { throw new Error('mine') }`,
      { code: 'TRAP', reason: 'worker ended: mine' },
    ],
    [
      'that leaves',
      `${ready}; const go = () => process.exit(3)`,
      { code: 'TRAP', reason: 'worker ended: exit code 3' },
    ],
    [
      'that fills its own heap',
      `${ready}; const go = () => { const all = []; for (;;) all.push(new Array(1000).fill(all.length)) }`,
      // Whichever comes first: the end of the heap, or of the warden's patience on a busy machine.
      { code: expect.stringMatching(/^(TRAP|UNRESPONSIVE)$/) },
    ],
    [
      'that never answers, having promised to',
      `${ready}; const go = () => { for (;;); }`,
      { code: 'UNRESPONSIVE', reason: 'no answer for 600 ms >= 600' },
    ],
  ]
  test.each(attacks)(
    '%s is ended, and the next guest is none the worse',
    async (_, body, end) => {
      const hostile = createNodeSandbox({ engines, spares: 0, script: compromised(body) })
      const honest = createNodeSandbox({ engines, spares: 0 })
      const [bad, good] = await Promise.all([
        endOf(hostile),
        endOf(honest, { code: `let x = 0; for (let i = 0; i < 1e5; i++) x += i` }),
      ])
      expect(bad).toMatchObject({ kind: 'failed', ...end })
      expect(good).toMatchObject({ kind: 'finished' })
      hostile.close()
      honest.close()
    },
    30_000,
  )
})

describe('a locked-down worker thread', () => {
  const answerOf = async (worker: Worker): Promise<unknown> => {
    const [answer] = await once(worker, 'message')
    await worker.terminate()
    return answer
  }
  const namesAfter = (body: string): Promise<unknown> =>
    answerOf(
      new Worker(
        new URL(
          `data:text/javascript,${encodeURIComponent(`import { parentPort as host } from 'node:worker_threads'
import { lockDown } from ${JSON.stringify(compiled('platform/guest/lockdown.js').href)}\n${body}`)}`,
        ),
      ),
    )
  /** What is said by code that runs in a guest's own script once the guest is there. */
  const inGuest = (kept: string, body: string): Promise<unknown> =>
    answerOf(
      startGuestThread(
        `${compromised(kept)}\n${readGuestScript()}\nvoid (async () => { for (let i = 0; i < 50; i++) await null; ${body} })()`,
      ),
    )
  const REFUSED = /a guest loads nothing|dynamic import callback was not specified/

  test('keeps the names of the language, of WebAssembly and of text codecs, and no others', async () => {
    const left = await namesAfter(
      `lockDown(globalThis); host.postMessage(Object.getOwnPropertyNames(globalThis).filter((name) => globalThis[name] !== undefined))`,
    )
    expect(left).toContain('WebAssembly')
    for (const door of [
      'process',
      'fetch',
      'WebSocket',
      'Buffer',
      'setTimeout',
      'performance',
      'crypto',
      'navigator',
      'BroadcastChannel',
      'MessageChannel',
      'SharedArrayBuffer',
      'Atomics',
      'eval',
      'Function',
    ])
      expect(left).not.toContain(door)
  })

  test.each([
    'node:child_process',
    'child_process',
    'node:fs',
    'node:process',
    'node:worker_threads',
    'node:module',
    'data:text/javascript,export default 1',
    compiled('platform/node/store.js').href,
  ])('refuses import("%s") once the guest is there', async (specifier) => {
    const answer = await inGuest(
      '',
      `await import(${JSON.stringify(specifier)}).then(() => host.postMessage('open'), ({ message }) => host.postMessage(message))`,
    )
    expect(answer).toMatch(REFUSED)
  })

  test('refuses imports from code that was made out of text, the loader it began with, and native code', async () => {
    const answer = await inGuest(
      'const kept = process',
      `const load = (async () => {}).constructor('return import("node:child_process")')
      const words = await load().then(() => 'open', ({ message }) => message)
      let required = 'open'
      try { require('node:fs') } catch ({ message }) { required = message }
      const doors = ['binding', '_linkedBinding', 'dlopen', 'getBuiltinModule'].filter((name) => name in kept)
      const left = ['process', 'require', 'module', 'exports', 'Atomics', 'SharedArrayBuffer'].filter((name) => name in globalThis)
      host.postMessage([words, required, doors, left])`,
    )
    expect(answer).toEqual([expect.stringMatching(REFUSED), 'a guest loads nothing', [], []])
  })

  test('lets go of everything it was asked for', async () => {
    expect(await namesAfter(`host.postMessage(lockDown(globalThis))`)).toEqual([])
  })
})
