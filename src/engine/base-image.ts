/**
 * The image every machine starts from: the engine started, the prelude evaluated, Asyncify's buffer allocated. Made with
 * a fixed clock and no chance, so it is the same in every realm; a machine's image holds only what differs from it.
 */
import { assert } from '../base/assert.ts'
import { type Bytes, utf8 } from '../base/bytes.ts'
import { RANDOM_STATE_BYTES } from './chance.ts'
import {
  ASYNCIFY_BUFFER_BYTES,
  ENGINE_PAGES_INITIAL,
  FUEL_MAX,
  PLAIN_NATIVE_SEGMENTS,
  STACK_BYTES,
  WASM_PAGE_BYTES,
} from './limits.ts'
import { PRELUDE } from './prelude.ts'
import { Vm, VmFault, type VmOwner } from './vm.ts'

/** Memory and globals after the engine's start and the prelude: the same bytes in every realm. */
export interface BaseImage {
  readonly memory: Uint8Array
  readonly globals: ReadonlyMap<string, number | bigint>
  readonly asyncifyAddress: number
  /** Handle of the prelude's function that brings the program what happened. */
  readonly bringHandle: number
  /** Where the context keeps the state of Math.random. */
  readonly randomStateAddress: number
}

/** The engine as one realm holds it: its two builds, compiled, and the image every machine starts from. */
export interface EngineBuild {
  readonly id: string
  readonly modules: EngineModules
  readonly base: BaseImage
}

export interface EngineModules {
  readonly movable: WebAssembly.Module
  /** Null where it was not loaded: everything runs on the movable build then, which takes longer and gives the same. */
  readonly plain: WebAssembly.Module | null
}

/** The same as bytes, for realms that compiled modules cannot be handed to. */
export interface EngineCode {
  readonly movable: Bytes
  readonly plain: Bytes | null
}

/** Compiles what is not compiled yet. */
export function compileEngine({ movable, plain }: EngineModules | EngineCode): EngineModules {
  return { movable: compile(movable), plain: plain && compile(plain) }
}

const compile = (part: WebAssembly.Module | Bytes): WebAssembly.Module =>
  part instanceof Uint8Array ? new WebAssembly.Module(part) : part

/** What the clock says while the base image is made. Any constant does. */
const BASE_CLOCK_MS = 1_234_567_890_123
/** The fields of JSContext up to and with the generator's state, but without the interrupt counter behind it. */
const CONTEXT_BYTES = 292
const RANDOM_STATE_OFFSET = 276

/** Makes the base image; once per realm and build. */
export function prepareEngine(id: string, modules: EngineModules): EngineBuild {
  const memory = new WebAssembly.Memory({ initial: ENGINE_PAGES_INITIAL, maximum: ENGINE_PAGES_INITIAL * 16 })
  const vm = new Vm(modules.movable, memory, {
    nowMs: () => BASE_CLOCK_MS,
    onInterrupt: () => {},
    onRejection: (promise, reason) => vm.free(promise, reason),
    onHostCall: () => vm.undefined(),
  })
  vm.fuelLeft = FUEL_MAX
  // Above all fuel: one poll happens here, so that the first one in a machine's life changes nothing any more.
  vm.exports.__soft.value = FUEL_MAX + 1n
  vm.exports._initialize()
  vm.exports.qjs_init()
  vm.exports.qjs_set_interrupt_handler(1)
  vm.exports.qjs_set_promise_rejection_handler(1)
  const asyncifyAddress = vm.exports.wasm_malloc(ASYNCIFY_BUFFER_BYTES)
  vm.useArena(asyncifyAddress)
  const prelude = vm.eval(PRELUDE, 'prelude.js')
  if ('thrown' in prelude) throw new VmFault(`prelude: ${prelude.thrown}`)
  const bringHandle = vm.call(prelude.value, [vm.hostFunction('host')])
  if (vm.exports.qjs_is_exception(bringHandle) !== 0) throw new VmFault(`prelude: ${vm.takeException()}`)
  vm.free(prelude.value)
  const randomStateAddress = findRandomState(vm)
  vm.exports.__soft.value = -FUEL_MAX
  vm.normalise(false)
  const globals = new Map([...vm.stateGlobals].map(([name, global]) => [name, global.value as number | bigint]))
  return { id, modules, base: { memory: vm.bytes.slice(), globals, asyncifyAddress, bringHandle, randomStateAddress } }
}

/** Drawing a number changes nothing in the context but the generator's state: an engine with another layout is noticed. */
function findRandomState(vm: Vm): number {
  const context = vm.exports.qjs_get_context_ptr()
  const before = vm.range(context, CONTEXT_BYTES).slice()
  const drawn = vm.eval('Math.random()', 'prelude.js')
  if ('thrown' in drawn) throw new VmFault(`Math.random: ${drawn.thrown}`)
  vm.free(drawn.value)
  const changed = [...vm.range(context, CONTEXT_BYTES)].flatMap((byte, at) => (byte === before[at] ? [] : [at]))
  const inside = changed.filter((at) => at >= RANDOM_STATE_OFFSET && at < RANDOM_STATE_OFFSET + RANDOM_STATE_BYTES)
  if (inside.length < RANDOM_STATE_BYTES / 2 || changed.length > inside.length)
    throw new VmFault(`the state of Math.random is not where it was: ${changed}`)
  return context + RANDOM_STATE_OFFSET
}

/** What the base image is made from besides the engine's bytes: part of the engine's identity. */
export const baseIngredients = (): Uint8Array => utf8(PRELUDE)

/** What an agent may have of an instance: pages of memory, and segments of the native stack. */
export interface InstanceLimits {
  readonly pagesMax: number
  readonly depth: number
}

/** A fresh instance standing where the base image stands, with the agent's own limits. */
export function instantiateBase(
  { modules, base }: EngineBuild,
  tier: keyof EngineModules,
  pages: number,
  { pagesMax, depth }: InstanceLimits,
  owner: VmOwner,
): Vm {
  const memory = new WebAssembly.Memory({
    initial: Math.max(pages, base.memory.length / WASM_PAGE_BYTES),
    maximum: pagesMax,
  })
  const vm = new Vm(moduleOf(modules, tier), memory, owner)
  putBase(vm.bytes, base)
  for (const [name, value] of base.globals) {
    const global = vm.stateGlobals.get(name)
    if (global !== undefined) global.value = value
  }
  // The base image stands in the first segment of the most there can be.
  vm.exports.__segments.value = depth - 1
  vm.useArena(base.asyncifyAddress, PLAIN_NATIVE_SEGMENTS)
  return vm
}

/** Another instance on a memory in use, which it leaves as it was; its globals are whoever calls this to set. */
export function instantiateOn(
  { modules, base }: EngineBuild,
  tier: keyof EngineModules,
  memory: WebAssembly.Memory,
  owner: VmOwner,
): Vm {
  // Instantiating writes the module's constant data once more, and it lies between the stack and what was allocated.
  const data = new Uint8Array(memory.buffer, STACK_BYTES, base.asyncifyAddress - STACK_BYTES)
  const kept = data.slice()
  const vm = new Vm(moduleOf(modules, tier), memory, owner)
  data.set(kept)
  vm.useArena(base.asyncifyAddress, PLAIN_NATIVE_SEGMENTS)
  return vm
}

function moduleOf(modules: EngineModules, tier: keyof EngineModules): WebAssembly.Module {
  const module = modules[tier]
  assert(module !== null, 'the plain build was not loaded')
  return module
}

/** A fresh memory is zero, and so is the arena: what is not written takes no room on the machine. */
function putBase(memory: Uint8Array, { memory: from, asyncifyAddress }: BaseImage): void {
  const arenaEnd = asyncifyAddress + ASYNCIFY_BUFFER_BYTES
  memory.set(from.subarray(0, asyncifyAddress))
  memory.set(from.subarray(arenaEnd), arenaEnd)
}
