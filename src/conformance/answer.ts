/**
 * Inside a realm: the production machine, checkpoints sealed and opened with every hash checked, and nothing else. The
 * same module is bundled for a worker thread, a web worker, an engine's shell and another processor's Node.
 */

import { toHex } from '../base/bytes.ts'
import { type Cid, sha256 } from '../base/digest.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import { sealCheckpoint } from '../checkpoint/seal.ts'
import type { Delivery, MachineImage, PendingCall } from '../engine/image.ts'
import { instrumentKernel } from '../engine/instrument/kernel.ts'
import { SEGMENTS_MAX } from '../engine/limits.ts'
import { type EngineBuild, Machine, type MachineOptions, prepareEngine } from '../engine/machine.ts'
import { imageDifference } from './difference.ts'
import { type Frame, openFrame, packFrame } from './frame.ts'
import type { Ask, Chain, CheckpointHead, Leg, Points, ProgramSettings, Slice } from './protocol.ts'

interface Program {
  readonly settings: ProgramSettings
  readonly options: MachineOptions
}

const programs = new Map<string, Program>()
let engine: EngineBuild | null = null

export async function answer(request: Uint8Array): Promise<Uint8Array> {
  const { head, parts } = openFrame<Ask>(request)
  switch (head.kind) {
    case 'prepare':
      engine = prepareEngine(head.engineId, { movable: moduleOf(parts[0]), plain: moduleOf(parts[1]) })
      return packFrame({ head: { baseHash: toHex(sha256(engine.base.memory)) }, parts: [] })
    case 'load':
      programs.set(head.id, readProgram(head.settings, parts))
      return packFrame({ head: {}, parts: [] })
    case 'drop':
      programs.delete(head.id)
      return packFrame({ head: {}, parts: [] })
    case 'leg':
      return packFrame(await runLeg(head, parts))
    case 'chain':
      return packFrame(runChain(head.id, head.at, head.until))
  }
}

const moduleOf = (bytes: Uint8Array | undefined): WebAssembly.Module =>
  new WebAssembly.Module((bytes ?? new Uint8Array(0)) as Uint8Array<ArrayBuffer>)

function readProgram(settings: ProgramSettings, kernels: readonly Uint8Array[]): Program {
  const compiled = settings.kernels.map((name, i) => {
    const metered = instrumentKernel(kernels[i] ?? new Uint8Array(0))
    if (!metered.ok) throw new Error(`kernel ${name}: ${metered.reason}`)
    return [name, new WebAssembly.Module(metered.value)] as const
  })
  const { seed, startMs, memoryBytesMax, fuelMax } = settings
  const options = {
    seed,
    startMs,
    memoryBytesMax,
    depth: SEGMENTS_MAX,
    fuelMax: BigInt(fuelMax),
    kernels: new Map(compiled),
  }
  return { settings, options }
}

function known(id: string): { build: EngineBuild; program: Program } {
  const program = programs.get(id)
  if (engine === null || program === undefined) throw new Error(`the program ${id} is not loaded`)
  return { build: engine, program }
}

async function runLeg(
  { id, from, slice, tier }: Extract<Ask, { kind: 'leg' }>,
  blocks: readonly Uint8Array[],
): Promise<Frame<Leg>> {
  const { build, program } = known(id)
  const options = { ...program.options, tier }
  let arrivedAs: string | null = null
  let machine: Machine
  if (from === null) machine = Machine.start(build, program.settings.code, program.settings.inputJson, options)
  else {
    const image = await open(from, blocks)
    machine = Machine.thaw(build, image, options)
    const again = machine.freeze()
    arrivedAs = imageDifference(image, again) === null ? from.root : sealCheckpoint(again).root
  }
  return describe(machine, runOn(machine, fuelOf(slice, machine, program)), [], arrivedAs)
}

function fuelOf(slice: Slice, machine: Machine, { options }: Program): bigint {
  if (slice === null) return options.fuelMax
  return 'for' in slice ? BigInt(slice.for) : BigInt(slice.until) - machine.fuelUsed
}

async function open({ root, cids }: CheckpointHead, blocks: readonly Uint8Array[]): Promise<MachineImage> {
  const byName = new Map(cids.map((cid, i) => [cid as Cid, blocks[i]]))
  const opened = await openCheckpoint(root as Cid, async (cid) => byName.get(cid) ?? null)
  if (!opened.ok) throw new Error(`the checkpoint does not open: ${opened.reason}`)
  return opened.value
}

function runChain(id: string, at: Points, until: number | null): Frame<Chain> {
  const { build, program } = known(id)
  const options: MachineOptions = { ...program.options, tier: 'movable' }
  const machine = Machine.start(build, program.settings.code, program.settings.inputJson, options)
  const roots: string[] = []
  const lines: string[] = []
  let hashed: ReturnType<typeof sealCheckpoint>['hashed'] | undefined
  const points = 'every' in at ? null : at.fuel.map(BigInt)
  const every = 'every' in at ? BigInt(at.every) : program.options.fuelMax
  for (;;) {
    const point = points?.find((one) => one > machine.fuelUsed)
    const stop = runOn(machine, point === undefined ? every : point - machine.fuelUsed)
    const isLast = stop.kind !== 'slice' || roots.length + 1 === until
    if (isLast) {
      const { head, parts } = describe(machine, stop, lines, null)
      return { head: { roots, end: head }, parts }
    }
    const sealed = sealCheckpoint(machine.freeze(), hashed)
    hashed = sealed.hashed
    roots.push(sealed.root)
    lines.push(...takeLines(machine))
  }
}

/**
 * One slice. Sleep takes no time, and a call is answered when the program has nothing else to do: what a program observes
 * depends on itself alone, however it is sliced. A slice that is used up where the program waits ends there.
 */
function runOn(machine: Machine, slice: bigint): Leg['stop'] {
  const until = machine.fuelUsed + slice
  for (;;) {
    const left = until - machine.fuelUsed
    if (left <= 0n) return { kind: 'slice' }
    const stop = machine.run(left)
    if (stop.kind !== 'idle') return stop
    const [oldest] = machine.pendingCalls
    if (oldest !== undefined) machine.deliver({ request: oldest.request, outcome: outcomeOf(oldest) })
    else if (stop.wakeMs !== null) machine.advanceTo(stop.wakeMs)
    else return stop
  }
}

/** What a program learns of the host it is on: in the suite the same everywhere, or it would rightly notice its moves. */
const SELF_JSON = JSON.stringify({
  id: 'conformance.1.1',
  host: { id: 'conformance', kind: 'edge', age: 1, name: 'the suite' },
  quota: { fuel: 0, memoryBytes: 0, lifetimeMs: 0, sentBytes: 0, hops: 0 },
})

/** The suite's host knows two calls: who it is, and one that says what it was told. */
function outcomeOf({ name, argsJson }: PendingCall): Delivery['outcome'] {
  if (name === 'echo') return { ok: true, valueJson: argsJson }
  if (name === 'self') return { ok: true, valueJson: SELF_JSON }
  return { ok: false, code: 'UNKNOWN_CALL', reason: `there is no call ${name}` }
}

const takeLines = (machine: Machine): string[] => machine.takeConsole().map(({ level, text }) => `${level}: ${text}`)

function describe(
  machine: Machine,
  stop: Leg['stop'],
  before: readonly string[],
  arrivedAs: string | null,
): Frame<Leg> {
  const image = stop.kind === 'slice' ? machine.freeze() : null
  const sealed = image && sealCheckpoint(image)
  const leg: Leg = {
    stop,
    console: [...before, ...takeLines(machine)],
    fuel: String(machine.fuelUsed),
    clockMs: machine.clockMs,
    stateHash: stop.kind === 'slice' || stop.kind === 'failed' ? null : machine.stateHash(),
    checkpoint: sealed && { root: sealed.root, cids: [...sealed.blocks.keys()] },
    standing: image?.standing ?? null,
    arrivedAs,
  }
  return { head: leg, parts: sealed ? [...sealed.blocks.values()] : [] }
}
