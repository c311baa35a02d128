import { type Cid, cborCid } from '../../base/digest.ts'
import { seededRandom } from '../../base/random.ts'
import type { Timer } from '../../base/timers.ts'
import { DEPTH_STANDARD } from '../../bundle/limits.ts'
import { openCheckpoint } from '../../checkpoint/open.ts'
import { sealCheckpoint } from '../../checkpoint/seal.ts'
import type { MachineImage } from '../../engine/image.ts'
import { instrumentKernel } from '../../engine/instrument/kernel.ts'
import { type EngineBuild, ImageError, Machine, type MachineOptions } from '../../engine/machine.ts'
import { FrameReader, frameOf } from '../../platform/node/guest-frames.ts'
import { packImage } from '../../sandbox/packed-image.ts'
import type { GuestEvent, GuestOrder } from '../../sandbox/port.ts'
import { Warden } from '../../sandbox/warden.ts'
import { kindOf, mustHold, type Target, verdictOf } from '../target.ts'

/** What comes out of a guest, and what is put into one: kernels, checkpoints, and the words over the port. */
const MIB = 1_048_576
const FUEL_MAX = 3_000_000n
const MEMORY_BYTES_MAX = 16 * MIB
/** Of a thawed image: enough to run into what is wrong with it. */
const FUEL_AFTER_THAW = 200_000n

const OPTIONS: MachineOptions = {
  tier: 'movable',
  seed: 7,
  startMs: 0,
  memoryBytesMax: MEMORY_BYTES_MAX,
  depth: DEPTH_STANDARD,
  fuelMax: FUEL_MAX,
  kernels: new Map(),
}

const PROGRAM = `__sojourn.call('progress', { fraction: 0.5 }); setTimeout(() => {}, 1000)
const rows = Array.from({ length: 200 }, (_, i) => ({ i, name: 'row ' + i, at: new Date(i), tags: new Set([i]) }))
const deep = (n) => n ? deep(n - 1) + rows.length : (() => { for (let i = 0; ; i++) { rows.sort((a, b) => ((a.i * 7) % 13) - ((b.i * 7) % 13)); JSON.stringify(rows.slice(0, 9)); globalThis.x = /r(o)w/.exec(rows[i % 200].name) } })()
deep(12)`

/** The middle of a program that has a deep stack, a timer and a call without an answer. */
function frozen(build: EngineBuild): MachineImage {
  const machine = Machine.start(build, PROGRAM, 'null', OPTIONS)
  machine.run(1_000_000n)
  machine.takeCalls()
  return machine.freeze()
}

/**
 * The memory of a program changed behind its back, as somebody would who makes checkpoints by hand: the input is a list of
 * (where, what) over the image's pages and globals. Whatever it does, it does inside: see what the driver believes of it.
 */
export function imagesTarget(build: EngineBuild): Target {
  const image = frozen(build)
  const pages = [...image.pages.keys()]
  const globals = [...image.globals.keys()]
  return {
    name: 'images',
    about: 'programs thawed from memories that somebody has changed, and run (engine/freeze.ts, image-check.ts)',
    cost: 400,
    // Few changes, and many: most of a memory is not looked at in the next moments.
    seeds: [
      new Uint8Array(1),
      Uint8Array.of(0xff, 0, 0, 0, 0, 9),
      ...[12, 60, 600, 6_000].map((length) => seededRandom(length).bytes(length)),
    ],
    judge(input) {
      const changed = { ...image, pages: new Map(image.pages), globals: new Map(image.globals) }
      for (let at = 0; at + 6 <= input.length; at += 6) {
        const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = input.subarray(at, at + 6)
        const word = (c << 24) | (d << 16) | (e << 8) | f
        if (a === 0xff) {
          const name = globals[b % globals.length] ?? ''
          const before = changed.globals.get(name)
          changed.globals.set(name, typeof before === 'bigint' ? BigInt(word) : word)
          continue
        }
        const index = pages[((a << 8) | b) % pages.length] ?? 0
        const page = Uint8Array.from(changed.pages.get(index) ?? [])
        const view = new DataView(page.buffer)
        const offset = ((a * 31 + b * 17 + at) * 4) % 4_092
        if (e & 1) view.setUint32(offset, word, true)
        else view.setUint8((c << 4) | (d & 15), f)
        changed.pages.set(index, page)
      }
      return run(build, changed)
    },
  }
}

function run(build: EngineBuild, image: MachineImage): string {
  let machine: Machine
  try {
    machine = Machine.thaw(build, image, OPTIONS)
  } catch (error) {
    if (error instanceof ImageError) return kindOf(error.message)
    throw error
  }
  const stop = machine.run(FUEL_AFTER_THAW)
  mustHold(machine.memoryBytes <= MEMORY_BYTES_MAX, `memory of ${machine.memoryBytes} bytes > ${MEMORY_BYTES_MAX}`)
  mustHold(machine.fuelUsed <= FUEL_MAX, `fuel ${machine.fuelUsed} > ${FUEL_MAX}`)
  if (stop.kind === 'failed') return `failed ${stop.code}: ${kindOf(stop.reason)}`.slice(0, 60)
  const calls = machine.takeCalls()
  machine.takeConsole()
  for (const { request, name, argsJson } of calls)
    mustHold(
      Number.isSafeInteger(request) && typeof name === 'string' && typeof argsJson === 'string',
      'a call of no shape',
    )
  if (stop.kind === 'finished') return 'finished'
  machine.freeze()
  return `taken: ${stop.kind}`
}

/** Checkpoints as blocks: any of them changed and named anew, as a sender would whose names must agree. */
export function checkpointsTarget(build: EngineBuild): Target {
  const image = frozen(build)
  const { root, blocks } = sealCheckpoint(image)
  const tables = [...blocks].filter(([, bytes]) => bytes.length !== 4096)
  const at = new Map(tables.map(([cid], index) => [cid, index]))
  return {
    name: 'checkpoints',
    about: 'roots and tables of checkpoints (checkpoint/open.ts)',
    cost: 8,
    // Which block, then the block.
    seeds: tables.map(([cid, bytes]) => Uint8Array.from([at.get(cid) ?? 0, ...bytes])),
    async judge(input) {
      const [old] = tables[(input[0] ?? 0) % tables.length] ?? [root]
      const bytes = input.subarray(1)
      const cid = old === root ? cborCid(bytes) : old
      const changed = (wanted: Cid): Uint8Array | null => (wanted === cid ? bytes : (blocks.get(wanted) ?? null))
      const opened = await openCheckpoint(old === root ? cid : root, async (wanted) => changed(wanted))
      if (!opened.ok) return verdictOf(opened)
      mustHold(opened.value.pages.size <= MEMORY_BYTES_MAX / 4096, 'more pages than a memory has')
      return 'taken'
    },
  }
}

/** Modules of several compilers; what is let through has to be WebAssembly still. */
export const kernelsTarget = (kernels: readonly Uint8Array[]): Target => ({
  name: 'kernels',
  about: 'the judge and rewriter of kernels (engine/instrument/kernel.ts)',
  cost: 12,
  seeds: kernels,
  judge(input) {
    const instrumented = instrumentKernel(input)
    if (!instrumented.ok) return verdictOf(instrumented)
    // The rewriter takes types on trust; the engine's own validation is the judge of those, and may refuse.
    return WebAssembly.validate(instrumented.value) ? 'taken' : 'not valid'
  },
})

const nothing: Timer = { cancel: () => undefined }

/** A guest that has fallen says anything, over a pipe or a port, and is believed about itself only. */
export function guestsTarget(build: EngineBuild): Target {
  const image = frozen(build)
  const { packed } = packImage({ ...image, pages: new Map([...image.pages].slice(0, 3)) })
  const words: readonly (readonly unknown[])[] = [
    [
      { kind: 'ready' },
      { kind: 'pulse', fuelUsed: 5, sentBytes: 0 },
      { kind: 'call', call: { request: 3, name: 'move', argsJson: '{}' }, again: false },
    ],
    [
      { kind: 'ready' },
      { kind: 'console', level: 'log', text: 'a' },
      { kind: 'finished', resultJson: '1', fuelUsed: 9, stateHash: '' },
    ],
    [{ kind: 'ready' }, { kind: 'failed', code: 'THROWN', reason: 'no', fuelUsed: 2 }],
    [{ kind: 'ready' }, { kind: 'frozen', image: packed, gone: null }],
  ]
  const order: GuestOrder = {
    label: 'fuzz',
    engineId: build.id,
    code: '',
    kernels: new Map(),
    inputJson: 'null',
    seed: 1,
    startMs: 0,
    fuelMax: Number(FUEL_MAX),
    memoryBytesMax: MEMORY_BYTES_MAX,
    depth: DEPTH_STANDARD,
    sentBytesMax: 10_000,
    image: null,
    pace: 'real',
  }
  return {
    name: 'guests',
    about: 'what a guest says, as frames and as messages (sandbox/protocol.ts, warden.ts)',
    cost: 4,
    seeds: words.map((said) =>
      Uint8Array.from(said.flatMap((message) => frameOf(message).flatMap((piece) => [...piece]))),
    ),
    judge(input) {
      const events: GuestEvent[] = []
      let ended = false
      const link = {
        post: () => undefined,
        terminate: () => {
          ended = true
        },
      }
      const warden = new Warden(link, order, (event) => events.push(event), {
        clock: { nowMs: () => 0, wallMs: () => 0 },
        timers: { after: () => nothing },
      })
      warden.run()
      warden.freeze()
      const read = new FrameReader({ bytesMax: MIB, valuesMax: MIB }).take(input)
      if (!read.ok) return verdictOf(read)
      for (const message of read.value) warden.message(message)
      checkEvents(events)
      const last = events.at(-1)
      warden.terminate()
      if (last?.kind === 'failed') return `${last.code}: ${kindOf(last.reason)}`
      return ended
        ? 'ended'
        : `taken: ${events
            .map(({ kind }) => kind)
            .join()
            .slice(0, 60)}`
    },
  }
}

function checkEvents(events: readonly GuestEvent[]): void {
  const ends = events.filter(({ kind }) => kind === 'finished' || kind === 'failed')
  mustHold(ends.length <= 1, 'two ends')
  mustHold(ends.length === 0 || events.at(-1) === ends[0], 'something after the end')
  let sentBytes = 0
  for (const event of events) {
    if ('fuelUsed' in event)
      mustHold(event.fuelUsed <= Number(FUEL_MAX) || event.kind === 'failed', 'fuel beyond the permit')
    if (event.kind === 'console') sentBytes += event.text.length
    if (event.kind === 'call') sentBytes += event.call.argsJson.length
    if (event.kind === 'frozen')
      mustHold(event.image.memoryPages * 65_536 <= MEMORY_BYTES_MAX, 'memory beyond the permit')
  }
  mustHold(sentBytes <= 10_000, `sentBytes ${sentBytes} beyond the permit`)
}
