import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import type { PendingCall } from '../../src/engine/image.ts'
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import { type EngineBuild, Machine } from '../../src/engine/machine.ts'
import { buildAgent } from '../../src/platform/node/bundle-builder.ts'
import type { Answers, CallRefusal, HostFacts, KnownHost as KnownHostOfHost } from '../../src/sandbox/calls.ts'
import { answerCall, parseCall, refuseCall } from '../../src/sandbox/calls.ts'
import {
  type Agent,
  agent,
  type Host,
  type KnownHost,
  type Quota,
  type RefusalCode,
  type Self,
} from '../../src/sdk/agent.ts'
import { engine, OPTIONS } from '../engine/drive.ts'

/** The author's door, used from inside the real engine by programs that were built like any author's. */
const folder = await mkdtemp(join(tmpdir(), 'sojourn-sdk-'))
afterAll(() => rm(folder, { recursive: true }))
let build: EngineBuild
beforeAll(async () => {
  build = await engine()
})

const EDGE: HostFacts = { id: 'did:key:zEdge', kind: 'edge', age: 3, name: 'edge one' }
const TAB: HostFacts = { id: 'did:key:zTab', kind: 'tab', age: 1, name: 'a tab' }
const QUOTA: Quota = { fuel: 10, memoryBytes: 20, lifetimeMs: 30, sentBytes: 40, hops: 5, children: 6 }

type Answer = (call: PendingCall) => ReturnType<typeof refuseCall> | null

/** Builds and runs a program; `answer` answers its calls, null leaves one unanswered. In a fresh instance after each call. */
async function run(
  source: string,
  answer: Answer = () => null,
  input: unknown = null,
  kernels: Record<string, string> = {},
) {
  const root = await mkdtemp(join(folder, 'agent-'))
  await writeFile(join(root, 'agent.ts'), source)
  await mkdir(join(root, 'kernels'))
  for (const [name, text] of Object.entries(kernels)) await writeFile(join(root, 'kernels', `${name}.ts`), text)
  const parts = await buildAgent(root)
  const modules = [...parts.kernels].map(([name, wasm]) => {
    const metered = instrumentKernel(wasm)
    if (!metered.ok) throw new Error(metered.reason)
    return [name, new WebAssembly.Module(metered.value)] as const
  })
  const options = { ...OPTIONS, kernels: new Map(modules) }
  let machine = Machine.start(build, parts.code, JSON.stringify(input), options)
  const calls: PendingCall[] = []
  const seen = new Set<number>()
  for (;;) {
    const stop = machine.run(2_000_000n)
    const taken = machine.takeCalls().filter(({ request }) => !seen.has(request))
    for (const call of taken) {
      seen.add(call.request)
      calls.push(call)
    }
    if (stop.kind === 'finished' || stop.kind === 'failed') return { stop, calls, clockMs: machine.clockMs }
    if (stop.kind === 'slice') continue
    const answers = machine.pendingCalls.flatMap((call) => standard(call) ?? answer(call) ?? [])
    if (answers.length === 0 && stop.wakeMs === null) throw new Error('waits for ever')
    if (answers.length === 0) machine.advanceTo(stop.wakeMs ?? 0)
    machine = Machine.thaw(build, machine.freeze(), options)
    for (const delivery of answers) machine.deliver(delivery)
  }
}

const standard = ({ request, name }: PendingCall) =>
  name === 'self' ? answerCall(request, 'self', { id: 'zHome.1.7', host: EDGE, quota: QUOTA }) : null

const resultOf = async (...args: Parameters<typeof run>): Promise<unknown> => {
  const { stop } = await run(...args)
  expect(stop.kind === 'failed' ? stop.reason : stop.kind).toBe('finished')
  return stop.kind === 'finished' ? JSON.parse(stop.resultJson) : null
}

const inAgent = (body: string): string =>
  `import { agent, RefusalError } from 'sojourn/agent'\nexport default agent(async (self, input: any) => {${body}})`

describe('an agent', () => {
  it('knows itself before its first line runs', async () => {
    const { stop, calls } = await run(
      inAgent(`return [self.id, self.input, input, self.host, self.quota]`),
      undefined,
      { order: 8 },
    )
    expect(stop.kind === 'finished' && JSON.parse(stop.resultJson)).toEqual([
      'zHome.1.7',
      { order: 8 },
      { order: 8 },
      EDGE,
      QUOTA,
    ])
    expect(calls).toEqual([{ request: 1, name: 'self', argsJson: '{}' }])
  })

  it('makes calls that the host’s decoder reads', async () => {
    const source = inAgent(`
      const asks = [() => self.move({ home: true }), () => self.move('anywhere'), () => self.move({ kind: 'tab' }), () => self.checkpoint(),
        () => self.emit({ a: [Uint8Array.of(1)] }), () => self.emit(undefined), () => self.asset('a/b.txt'), () => self.read('c'), () => self.hosts(), () => self.where()]
      for (const ask of asks) await ask().catch(() => 0)
      self.progress(0.5, 'half')`)
    const { calls } = await run(source, ({ request }) => refuseCall(request, 'DENIED', 'no'))
    expect(calls.slice(1).map((call) => parseCall(call))).toEqual(
      [
        { name: 'move', where: { to: 'home' } },
        { name: 'move', where: { to: 'anywhere' } },
        { name: 'move', where: { to: 'kind', kind: 'tab' } },
        { name: 'checkpoint' },
        { name: 'emit', valueJson: '{"a":[{"$bytes":"AQ=="}]}' },
        { name: 'emit', valueJson: 'null' },
        { name: 'asset', asset: 'a/b.txt' },
        { name: 'read', path: 'c' },
        { name: 'hosts' },
        { name: 'self' },
        { name: 'progress', fraction: 0.5, note: 'half' },
      ].map((value) => ({ ok: true, value })),
    )
  })

  it('is on the host that took it, after a move', async () => {
    const moved: Answer = ({ request, name }) => (name === 'move' ? answerCall(request, 'move', TAB) : null)
    expect(
      await resultOf(
        inAgent(
          `const before = self.host.name; const there = await self.move({ kind: 'tab' }); return [before, there, self.host]`,
        ),
        moved,
      ),
    ).toEqual(['edge one', TAB, TAB])
  })

  it('gets bytes as bytes', async () => {
    const bytes: Answer = ({ request }) => answerCall(request, 'read', Uint8Array.of(7, 8, 255))
    expect(
      await resultOf(
        inAgent(
          `const b = await self.read('x'); return [b instanceof Uint8Array, b.length, b[2], new TextDecoder().decode(await self.asset('y')).length]`,
        ),
        bytes,
      ),
    ).toEqual([true, 3, 255, 3])
  })

  it('hears why it was refused, with a code to tell one refusal from another', async () => {
    const no: Answer = ({ request }) => refuseCall(request, 'UNREACHABLE', 'nobody is there')
    const source = inAgent(
      `try { await self.move('anywhere') } catch (error) { return [error instanceof RefusalError, error.name, error.code, error.message, self.host.name] }`,
    )
    expect(await resultOf(source, no)).toEqual([true, 'RefusalError', 'UNREACHABLE', 'nobody is there', 'edge one'])
  })

  it('ends with what it does not catch', async () => {
    const { stop } = await run(inAgent(`await self.read('x')`), ({ request }) =>
      refuseCall(request, 'DENIED', 'not shared'),
    )
    expect(stop).toMatchObject({
      kind: 'failed',
      code: 'THROWN',
      reason: expect.stringContaining('RefusalError: not shared'),
    })
  })

  it('sleeps in virtual time, longer than one timer can', async () => {
    const { stop, clockMs } = await run(
      inAgent(`const then = Date.now(); await self.sleep(3_000_000_000); return Date.now() - then`),
    )
    expect(stop.kind === 'finished' && Number(stop.resultJson)).toBeGreaterThanOrEqual(3_000_000_000)
    expect(clockMs - OPTIONS.startMs).toBeLessThan(3_000_001_000)
  })
})

describe('progress', () => {
  const done: Answer = ({ request, name }) => (name === 'progress' ? answerCall(request, 'progress', null) : null)
  const reports = (calls: readonly PendingCall[]) =>
    calls.filter(({ name }) => name === 'progress').map(({ argsJson }) => JSON.parse(argsJson))

  it('at every turn of a loop tells few of them, and the last', async () => {
    const { calls } = await run(
      inAgent(
        `for (let i = 0; i <= 20_000; i++) self.progress(i / 20_000, i % 2 ? 'odd' : 'odd'); await self.sleep(1)`,
      ),
      done,
    )
    const told = reports(calls)
    expect(told.length).toBeLessThanOrEqual(260)
    expect(told.at(-1)).toEqual({ fraction: 1, note: 'odd' })
  })

  it('that changes only its words waits for its turn, and the last is told', async () => {
    const { calls } = await run(
      inAgent(
        `for (let i = 0; i < 2_000; i++) self.progress(0.5, 'step ' + i); await self.sleep(1); await self.where()`,
      ),
      done,
    )
    const told = reports(calls)
    expect(told.length).toBeLessThanOrEqual(258)
    expect(told.at(-1)).toEqual({ fraction: 0.5, note: 'step 1999' })
  })

  it('is never an error, whatever is reported and whatever the host says', async () => {
    const source = inAgent(
      `self.progress(NaN); self.progress(-4); self.progress(7, 'x'.repeat(9999)); self.progress('a' as never); await self.sleep(1); return 'fine'`,
    )
    const { stop, calls } = await run(source, ({ request, name }) =>
      name === 'progress' ? refuseCall(request, 'DENIED', 'no') : null,
    )
    expect(stop).toEqual({ kind: 'finished', resultJson: '"fine"' })
    expect(reports(calls)).toEqual([
      { fraction: 0, note: '' },
      { fraction: 1, note: 'x'.repeat(256) },
      { fraction: 0, note: '' },
    ])
  })
})

describe('a kernel', { timeout: 120_000 }, () => {
  const kernels = {
    sums: `
      export function add(a: f64, b: f64): f64 { return a + b }
      const ROOM = memory.data(64)
      export function room(): i32 { return <i32>ROOM }
      export function fill(at: i32, count: i32): i32 { for (let i = 0; i < count; i++) store<u8>(at + i, <u8>i); return count }
      export function spin(turns: i32): i32 { let x = 1; for (let i = 0; i < turns; i++) x = x * 31 + i; return x }`,
  }

  it('is called like a function, and its memory is read and written by copies', async () => {
    const source = inAgent(`
      const { add, room, fill, memory } = await self.kernel<{ add(a: number, b: number): number; room(): number; fill(at: number, n: number): number }>('sums')
      const at = room()
      fill(at, 5)
      const bytes = memory.read(at, 5)
      memory.write(at, Uint8Array.of(9, 8))
      return [add(1.5, 2), [...bytes], [...memory.read(at, 3)]]`)
    expect(await resultOf(source, undefined, null, kernels)).toEqual([3.5, [0, 1, 2, 3, 4], [9, 8, 2]])
  })

  it('is frozen in the middle of a call like everything else', async () => {
    let [x, turns] = [1, 3_000_000]
    for (let i = 0; i < turns; i++) x = (Math.imul(x, 31) + i) | 0
    expect(
      await resultOf(
        inAgent(`const { spin } = await self.kernel('sums'); return spin(${turns})`),
        undefined,
        null,
        kernels,
      ),
    ).toBe(x)
  })

  it('that the bundle does not have is refused', async () => {
    const source = inAgent(
      `try { await self.kernel('constructor') } catch (error) { return [error.code, error.message] }`,
    )
    expect(await resultOf(source)).toEqual(['NOT_FOUND', 'the bundle has no kernel "constructor"'])
  })
})

describe('the door’s types', () => {
  it('give an author input and result', () => {
    const made = agent(async (self, input: { order: number }) => {
      expectTypeOf(self).toEqualTypeOf<Self<{ order: number }>>()
      return { length: input.order }
    })
    expectTypeOf(made).toEqualTypeOf<Agent<{ order: number }, { length: number }>>()
  })

  it('are the host’s own, though they stand in two files', () => {
    expectTypeOf<RefusalCode>().toEqualTypeOf<CallRefusal>()
    expectTypeOf<Host>().toEqualTypeOf<HostFacts>()
    expectTypeOf<KnownHost>().toEqualTypeOf<KnownHostOfHost>()
    expectTypeOf<Quota>().toEqualTypeOf<Answers['self']['quota']>()
  })
})
