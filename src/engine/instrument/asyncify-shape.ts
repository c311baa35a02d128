/**
 * Recognises the five functions Asyncify adds, and makes sure that nothing but them, called by nobody but the host, can
 * change its state: whether a kernel is suspended is then the host's doing alone, and its two globals, which mean nothing
 * between calls, can be left out of checkpoints.
 */
import { OP, type Step, step } from './instruction.ts'
import { KIND, type ModuleShape } from './module.ts'
import { Malformed, Reader } from './reader.ts'

export interface KernelAsyncify {
  /** Index of the state global (0 normal, 1 unwinding, 2 rewinding). */
  readonly state: number
  /** The state and the data pointer: not part of a checkpoint, which is taken when both mean nothing. */
  readonly globals: ReadonlySet<number>
  readonly functions: ReadonlySet<number>
}

const GET_STATE = 'asyncify_get_state'
const SWITCHES = ['asyncify_start_unwind', 'asyncify_stop_unwind', 'asyncify_start_rewind', 'asyncify_stop_rewind']

/** Null for a kernel that cannot be suspended; Malformed for one that only looks as if. */
export function findAsyncify(shape: ModuleShape): KernelAsyncify | null {
  const named = shape.exports.filter((one) => one.name.startsWith('asyncify_'))
  if (named.length === 0) return null
  const index = (name: string): number => {
    const found = named.find((one) => one.name === name && one.kind === KIND.function)
    if (found === undefined || found.index < shape.importedFunctions)
      throw new Malformed(`asyncify: ${name} is not there`)
    return found.index
  }
  if (named.length !== SWITCHES.length + 1) throw new Malformed('asyncify: exports are not its five functions')
  const state = readState(shape, index(GET_STATE))
  const functions = new Set([index(GET_STATE), ...SWITCHES.map(index)])
  const global = shape.globals[state]
  if (!global?.mutable || global.imported || global.type !== 0x7f)
    throw new Malformed('asyncify: state is not a number of its own')
  const globals = new Set([state])
  for (const switching of SWITCHES) checkSwitch(shape, index(switching), globals)
  if (globals.size > 2) throw new Malformed('asyncify: its functions write more than state and data')
  checkOthers(shape, functions, state)
  if (shape.exports.some((one) => one.kind === KIND.global && globals.has(one.index)))
    throw new Malformed('asyncify: state is exported')
  return { state, globals, functions }
}

function steps(shape: ModuleShape, index: number): Step[] {
  const body = shape.bodies[index - shape.importedFunctions]
  if (body === undefined) throw new Malformed('asyncify: function has no body')
  const reader = new Reader(shape.bytes, body.from, body.to)
  const all: Step[] = []
  while (!reader.done) {
    const now: Step = { opcode: 0, index: -1 }
    step(reader, now)
    all.push(now)
    if (all.length > 64) throw new Malformed('asyncify: function is longer than Asyncify makes it')
  }
  return all
}

/** `global.get state; end` */
function readState(shape: ModuleShape, index: number): number {
  const [first, second, ...more] = steps(shape, index)
  if (first?.opcode !== OP.globalGet || second?.opcode !== OP.end || more.length > 0)
    throw new Malformed('asyncify: get_state does not just read')
  return first.index
}

/** A few stores to its two globals and a comparison: nothing that loops or calls. */
function checkSwitch(shape: ModuleShape, index: number, globals: Set<number>): void {
  for (const one of steps(shape, index)) {
    if (one.opcode === OP.loop || one.opcode === OP.call || one.opcode === OP.callIndirect)
      throw new Malformed('asyncify: function loops or calls')
    if (one.opcode === OP.globalSet) globals.add(one.index)
  }
}

function checkOthers(shape: ModuleShape, functions: ReadonlySet<number>, state: number): void {
  const reached = [...functions].some((index) => shape.elementFunctions.has(index) || shape.startFunction === index)
  if (reached) throw new Malformed('asyncify: the kernel can call its functions')
  const now: Step = { opcode: 0, index: -1 }
  for (const body of shape.bodies) {
    const reader = new Reader(shape.bytes, body.from, body.to)
    while (!reader.done) {
      step(reader, now)
      const calls = (now.opcode === OP.call || now.opcode === OP.refFunc) && functions.has(now.index)
      if (calls) throw new Malformed('asyncify: the kernel can call its functions')
      if (now.opcode === OP.globalSet && now.index === state && !functions.has(body.index))
        throw new Malformed('asyncify: the kernel writes its state')
    }
  }
}
