import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { split } from '../../agents/golomb/stubs.ts'
import { split as splitPicture } from '../../agents/mandelbrot/tiles.ts'
import { shards } from '../../agents/survey/shards.ts'
import { agree, truth } from '../../agents/survey/truth.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import type { AgentParts } from '../../src/bundle/seal.ts'
import type { PendingCall } from '../../src/engine/image.ts'
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import { Machine, type MachineOptions } from '../../src/engine/machine.ts'
import { buildAgent } from '../../src/platform/node/bundle-builder.ts'
import { bytesJson } from '../../src/sandbox/values.ts'
import { engine, OPTIONS } from '../engine/drive.ts'

/** The example agents in the real engine, their calls answered by a host made of a few lines. */
type Answer =
  | { readonly ok: true; readonly valueJson: string }
  | { readonly ok: false; readonly code: string; readonly reason: string }
const yes = (value: unknown): Answer => ({ ok: true, valueJson: JSON.stringify(value) })
const no = (code: string, reason: string): Answer => ({ ok: false, code, reason })

const HERE = { id: 'did:key:home', kind: 'launcher', age: 1, name: 'home' }
const QUOTA = { ...DEFAULT_QUOTA, fuel: 1 }
/** Answers what an agent that stays at home may ask. */
const atHome = (call: PendingCall): Answer =>
  yes(call.name === 'self' ? { id: 'a', host: HERE, quota: QUOTA } : call.name === 'move' ? HERE : null)

interface Run {
  readonly result: Record<string, unknown>
  readonly emitted: readonly Record<string, unknown>[]
  readonly fuel: bigint
  readonly hops: number
}

/** Runs to the end. With `hopEvery`, frozen after so much fuel each time and thawed in a fresh instance. */
async function run(
  parts: AgentParts,
  input: unknown,
  answer: (call: PendingCall) => Answer,
  hopEvery?: bigint,
): Promise<Run> {
  const kernels = new Map<string, WebAssembly.Module>()
  for (const [name, wasm] of parts.kernels) {
    const metered = instrumentKernel(wasm)
    kernels.set(name, new WebAssembly.Module(metered.ok ? metered.value : expect.fail(metered.reason)))
  }
  const options: MachineOptions = { ...OPTIONS, kernels }
  const build = await engine()
  let machine = Machine.start(build, parts.code, JSON.stringify(input), options)
  const emitted: Record<string, unknown>[] = []
  const answered = new Set<number>()
  for (let hops = 0; ; ) {
    const stop = machine.run(hopEvery ?? 10n ** 12n)
    const calls = machine.takeCalls()
    for (const call of calls) {
      if (call.name === 'emit' && !answered.has(call.request)) emitted.push(JSON.parse(call.argsJson).value)
      answered.add(call.request)
      machine.deliver({ request: call.request, outcome: answer(call) })
    }
    if (stop.kind === 'finished') return { result: JSON.parse(stop.resultJson), emitted, fuel: machine.fuelUsed, hops }
    if (stop.kind === 'failed') return expect.fail(`${stop.code}: ${stop.reason}`)
    if (stop.kind === 'idle' && calls.length === 0) {
      if (stop.wakeMs === null) return expect.fail('the agent waits for what never comes')
      machine.advanceTo(stop.wakeMs)
    }
    if (hopEvery !== undefined) {
      machine = Machine.thaw(build, machine.freeze(), options)
      hops++
    }
  }
}

const folder = (name: string): string => fileURLToPath(new URL(`../../agents/${name}`, import.meta.url))
let [golomb, survey, mandelbrot]: AgentParts[] = []
beforeAll(async () => {
  ;[golomb, survey, mandelbrot] = await Promise.all(
    ['golomb', 'survey', 'mandelbrot'].map((name) => buildAgent(folder(name))),
  )
}, 60_000)

describe('golomb', () => {
  const [everything = expect.fail()] = split(9, 1, 50)

  it('finds the optimum, emits every improvement, and answers the same by kernel and by script', async () => {
    const byKernel = await run(golomb, everything, atHome)
    expect(byKernel.result).toMatchObject({ order: 9, length: 44, marks: [0, 3, 9, 17, 19, 32, 39, 43, 44] })
    const lengths = byKernel.emitted.map(({ length }) => Number(length))
    expect(lengths.at(-1)).toBe(44)
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a))
    const byScript = await run(golomb, { ...everything, by: 'script' }, atHome)
    expect({ ...byScript.result, steps: 0 }).toEqual({ ...byKernel.result, steps: 0 })
    expect(byScript.emitted).toEqual(byKernel.emitted)
  }, 60_000)

  it.each(['kernel', 'script'] as const)(
    'by %s, frozen and thawed all the way, ends as if nothing had been',
    async (by) => {
      const [part = expect.fail()] = split(9, 4, 46)
      const undisturbed = await run(golomb, { ...part, by }, atHome)
      const travelled = await run(golomb, { ...part, by }, atHome, 150_000n)
      expect(travelled.hops).toBeGreaterThan(3)
      expect({ ...travelled, hops: 0 }).toEqual({ ...undisturbed, hops: 0 })
    },
    60_000,
  )

  it('says that there is nothing where there is nothing, and takes a range of stubs', async () => {
    const none = await run(golomb, { order: 8, best: 33, stubs: { depth: 2, from: 0, to: 10_000 } }, atHome)
    expect(none.result).toMatchObject({ length: null, marks: null })
    const halves = await Promise.all(
      [
        [0, 30],
        [30, 10_000],
      ].map(([from, to]) => run(golomb, { order: 8, best: 34, stubs: { depth: 2, from, to } }, atHome)),
    )
    expect(halves.map(({ result }) => result.length)).toContain(34)
  })
})

const weatherFile = new URL('../../node_modules/vega-datasets/data/seattle-weather.csv', import.meta.url)
const weather = existsSync(weatherFile) ? readFileSync(weatherFile, 'utf8') : null
if (!weather) console.warn('skipped: vega-datasets is not installed')

describe.skipIf(!weather)('survey', () => {
  const csv = weather ?? ''
  const columns = ['temp_max', 'wind']
  const hosts = ['did:key:one', 'did:key:two', 'did:key:three']

  /** Three hosts with a shard each. `sentAway` says at which reads an owner comes back and the agent lands on the next host. */
  function cluster({ down = '', sentAway = [] as number[] } = {}) {
    const cut = shards(csv, hosts.length)
    let [at, reads] = ['did:key:home', 0]
    return (call: PendingCall): Answer => {
      const facts = () => ({ ...HERE, id: at, name: at.slice(8) })
      if (call.name === 'self') return yes({ id: 'a', host: facts(), quota: QUOTA })
      if (call.name === 'move') {
        const { where } = JSON.parse(call.argsJson)
        if (where.host === down) return no('UNREACHABLE', 'nobody there')
        at = where.home ? 'did:key:home' : where.host
        return yes(facts())
      }
      if (call.name !== 'read') return yes(null)
      if (sentAway.includes(reads++)) at = hosts[(hosts.indexOf(at) + 1) % hosts.length] ?? ''
      const shard = cut[hosts.indexOf(at)]
      return shard === undefined
        ? no('NOT_FOUND', 'no such file')
        : { ok: true, valueJson: bytesJson(new TextEncoder().encode(shard)) }
    }
  }
  const input = { hosts, path: 'weather.csv', columns }
  const direct = truth(csv, columns)
  const isTrue = (result: Run['result']): boolean =>
    columns.every((column) => agree(Object(result.columns)[column], direct[column] ?? expect.fail()))

  it('brings home what the whole table says', async () => {
    const { result, emitted } = await run(survey, input, cluster())
    expect(result).toMatchObject({
      rows: 1461,
      missed: [],
      visited: [{ name: 'one', rows: 487 }, { name: 'two' }, { name: 'three' }],
    })
    expect(isTrue(result)).toBe(true)
    expect(emitted.map(({ after }) => after)).toEqual([1, 2, 3])
  })

  it('frozen and thawed all the way, says the same', async () => {
    const travelled = await run(survey, input, cluster(), 400_000n)
    expect(travelled.hops).toBeGreaterThan(10)
    expect(isTrue(travelled.result)).toBe(true)
  })

  it('counts no shard twice when owners send it away before it has read', async () => {
    const { result } = await run(survey, input, cluster({ sentAway: [0, 2, 3] }))
    expect(result).toMatchObject({ rows: 1461, missed: [] })
    expect(isTrue(result)).toBe(true)
  })

  it('names what it missed', async () => {
    const { result } = await run(survey, input, cluster({ down: 'did:key:two' }))
    expect(result).toMatchObject({ rows: 974, missed: [{ host: 'did:key:two', reason: 'UNREACHABLE: nobody there' }] })
    expect(isTrue(result)).toBe(false)
    const { result: lost } = await run(survey, { ...input, columns: ['nonsense'] }, cluster())
    expect(lost).toMatchObject({
      rows: 0,
      missed: hosts.map((host) => ({ host, reason: 'NOT_FOUND: the table has no column "nonsense"' })),
    })
  })
})

describe('mandelbrot', () => {
  const picture = { width: 96, height: 40, x0: -2, y0: -1.25, x1: 0.5, y1: 1.25, iterations: 300 }

  /** The whole picture from the tiles of all agents, a byte a pixel. */
  async function painted(parts: number, hopEvery?: bigint): Promise<Uint8Array> {
    const pixels = new Uint8Array(picture.width * picture.height).fill(99)
    for (const input of splitPicture(picture, parts)) {
      const { result, emitted } = await run(mandelbrot, input, atHome, hopEvery)
      expect(result).toMatchObject({ tiles: input.rows.length })
      for (const { x, y, width, height, pixels: tile } of emitted) {
        expect([x, width]).toEqual([0, picture.width])
        const bytes = Buffer.from(Object(tile).$bytes, 'base64')
        expect(bytes.length).toBe(Number(width) * Number(height))
        pixels.set(bytes, Number(y) * picture.width)
      }
    }
    return pixels
  }

  it('paints the same picture with any number of agents, and when they travel', async () => {
    const whole = await painted(1)
    expect(whole[20 * 96 + 70]).toBe(0) // near the origin: inside
    expect(whole[0]).toBe(2) // a corner: escapes at once
    // The set is its own mirror image.
    for (let row = 0; row < 20; row++) {
      expect(whole.slice(row * 96, (row + 1) * 96)).toEqual(whole.slice((39 - row) * 96, (40 - row) * 96))
    }
    expect(await painted(3)).toEqual(whole)
    expect(await painted(2, 60_000n)).toEqual(whole)
  })
})
