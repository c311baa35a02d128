import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
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
const QUOTA: Quota = { ...DEFAULT_QUOTA, fuel: 10, memoryBytes: 20, hops: 5, children: 6, calls: ['move'] }

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
  const said: string[] = []
  const seen = new Set<number>()
  for (;;) {
    const stop = machine.run(2_000_000n)
    const taken = machine.takeCalls().filter(({ request }) => !seen.has(request))
    for (const call of taken) {
      seen.add(call.request)
      calls.push(call)
    }
    said.push(...machine.takeConsole().map(({ text }) => text))
    if (stop.kind === 'finished' || stop.kind === 'failed') return { stop, calls, said, clockMs: machine.clockMs }
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

  it('moves in the middle of whatever calls it, and what runs next runs there', async () => {
    const places = [TAB, EDGE]
    const moved: Answer = ({ request, name, argsJson }) =>
      name === 'move' ? answerCall(request, 'move', argsJson.includes('tab') ? TAB : EDGE) : null
    const source = inAgent(`
      const trail: string[] = []
      const go = (where: string): number => {
        void self.move({ kind: self.host.kind === 'edge' ? 'tab' : 'edge' })
        trail.push(where + ' ' + self.host.kind)
        return trail.length
      }
      const sorted = [3, 1, 2].sort((a, b) => (go('sort'), a - b))
      const text = 'abc'.replace(/b/, () => 'x' + go('replace'))
      const json = JSON.stringify({ toJSON: () => go('toJSON') })
      const got = { get x() { return go('getter') } }.x
      const yielded = [...(function* () { yield go('generator') })()]
      const parsed = JSON.parse('[1]', (_, value) => (go('reviver'), value))
      class Made { static one = go('static'); two = go('field'); #three = go('private'); constructor() { go('constructor') } }
      const made = new Made()
      const proxied = (new Proxy({}, { get: () => go('trap') }) as any).any
      const written = \`\${{ toString: () => String(go('toString')) }}\`
      let deep = 0
      const down = (n: number): number => n === 0 ? go('recursion') : 1 + down(n - 1)
      deep = down(40)
      try { go('try'); throw new Error('x') } catch { go('catch') } finally { go('finally') }
      let order = ''
      Promise.resolve().then(() => { order += 'job ' })
      const promise = self.move({ kind: 'tab' })
      order += 'next '
      await promise
      order += 'awaited'
      return { sorted, text, json, got, yielded, parsed, made: Made.one + made.two, proxied, written, deep, order, trail }`)
    const { trail, ...rest } = (await resultOf(source, moved)) as { trail: string[] }
    expect(trail.map((step) => step.split(' ')[1])).toEqual(trail.map((_, i) => places[i % 2]?.kind))
    const names = ['sort', 'replace', 'toJSON', 'getter', 'generator', 'reviver', 'static', 'field', 'private']
    names.push('constructor', 'trap', 'toString', 'recursion', 'try', 'catch', 'finally')
    expect([...new Set(trail.map((step) => step.split(' ')[0]))]).toEqual(names)
    expect(rest).toMatchObject({ sorted: [1, 2, 3], parsed: [1], order: 'next job awaited' })
  })

  it('goes on where it is when a move is refused, and one that nobody awaits ends nothing', async () => {
    const no: Answer = ({ request }) => refuseCall(request, 'UNREACHABLE', 'nobody is there')
    const source = inAgent(`
      const sorted = [2, 1].sort((a, b) => (self.move('anywhere'), a - b))
      await self.sleep(5)
      return [sorted, self.host.name, await self.move('anywhere').catch((error) => error.code)]`)
    const { stop, said } = await run(source, no)
    expect(stop).toEqual({ kind: 'finished', resultJson: '[[1,2],"edge one","UNREACHABLE"]' })
    expect(said.join('\n')).toMatch(/^unhandled rejection: RefusalError: nobody is there/)
  })

  it('is one of several after a fork, with its own name, numbers and chance', async () => {
    const forked =
      (index: number, seed: number | null): Answer =>
      ({ request, name }) =>
        name === 'fork'
          ? answerCall(request, 'fork', {
              index,
              seed,
              id: `zHome.1.${7 + index}`,
              host: TAB,
              quota: { ...QUOTA, fuel: 3 },
            })
          : null
    const source = inAgent(`
      Math.random()
      let index: Promise<number> | null = null
      const seen = [1].map(() => { index = self.fork(3); return [self.id, self.host.kind, self.quota.fuel] })
      return [await index, seen, Math.random()]`)
    const [first, same, second] = await Promise.all(
      [forked(0, null), forked(0, null), forked(2, 99)].map((answer) => resultOf(source, answer) as Promise<unknown[]>),
    )
    expect(first?.slice(0, 2)).toEqual([0, [['zHome.1.7', 'tab', 3]]])
    expect(second?.slice(0, 2)).toEqual([2, [['zHome.1.9', 'tab', 3]]])
    expect(same).toEqual(first)
    expect(second?.[2]).not.toBe(first?.[2])
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
      export function alloc(bytes: i32): usize { return heap.alloc(bytes) }
      let freed = 0
      export function free(at: usize): void { heap.free(at); freed++ }
      export function frees(): i32 { return freed }
      export function scale(at: usize, count: i32, by: f64): f64 {
        let sum = 0.0
        for (let i = 0; i < count; i++) { const x = load<f64>(at + (i << 3)) * by; store<f64>(at + (i << 3), x); sum += x }
        return sum
      }
      export function mix(a: u64, b: i64): u64 { return a * 6364136223846793005 + <u64>b }
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

  it('takes typed arrays and leaves its results in them, and counts with bigints', async () => {
    const source = inAgent(`
      const { scale, mix, frees, memory } = await self.kernel<any>('sums')
      const numbers = Float64Array.from({ length: 5 }, (_, i) => i)
      const sum = scale(numbers.subarray(1), 4, 2.5)
      const read = memory.read(8, new Uint16Array(2)).length
      return [sum, [...numbers], frees(), String(mix(7n, -1)), read]`)
    expect(await resultOf(source, undefined, null, kernels)).toEqual([
      25,
      [0, 2.5, 5, 7.5, 10],
      1,
      String(BigInt.asIntN(64, 7n * 6364136223846793005n - 1n)),
      2,
    ])
  })

  it('is there as often as it is asked for, each with what it asked for', async () => {
    const source = inAgent(`
      const [a, b] = [await self.kernel<any>('sums', { instance: 'a' }), await self.kernel<any>('sums', { instance: 'b', memoryBytesMax: 2 ** 20 })]
      a.free(a.alloc(8))
      const counts = [a.frees(), b.frees(), (await self.kernel<any>('sums', { instance: 'a' })).frees()]
      let refused
      try { await self.kernel('sums', { instance: 'c', memoryBytesMax: 2 ** 40 }) } catch (error) { refused = error.code }
      b.memory.release()
      return [counts, refused, b.memory.byteLength, (await self.kernel<any>('sums', { instance: 'b' })).frees()]`)
    expect(await resultOf(source, undefined, null, kernels)).toEqual([[1, 0, 1], 'QUOTA', 0, 0])
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
