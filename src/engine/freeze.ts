/** A program out to an image and back: whatever else a machine holds is made anew from its options. */
import { assert } from '../base/assert.ts'
import { Agenda } from './agenda.ts'
import type { EngineBuild } from './base-image.ts'
import type { MachineImage } from './image.ts'
import { imageFault } from './image-check.ts'
import { ASYNCIFY_BUFFER_BYTES, IMAGE_PAGE_BYTES, WASM_PAGE_BYTES } from './limits.ts'
import { putPages, resetPages, type TakePages } from './pages.ts'
import { limitsOf, type MachineOptions, Program } from './program.ts'

/** A received image that does not hold together; the message is the violated condition. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
}

export function freezeProgram(program: Program, take: TakePages): MachineImage {
  restProgram(program)
  return imageOf(program, take)
}

/**
 * The program stands as if it had been thawed: what nobody will read again is zero. That is not for nothing: a frame that is
 * pushed there later may have holes, and what lies in them is in the image of a program that stands in the middle of a turn.
 */
export function restProgram(program: Program): void {
  assert(program.end?.kind !== 'failed', 'a program that failed has no state')
  program.twin.normalise(program.standing !== 'turn')
  if (program.standing === 'turn' && !program.jobPending) program.isQuiet = false
}

/** Leaves the program as it was, to the last byte. */
export function peekProgram(program: Program, take: TakePages): MachineImage {
  const { vm, isQuiet } = program
  const stack = vm.range(0, vm.exports.__stack_pointer.value as number).slice()
  const image = freezeProgram(program, take)
  vm.range(0, stack.length).set(stack)
  program.isQuiet = isQuiet
  return image
}

function imageOf(program: Program, take: TakePages): MachineImage {
  const { vm, agenda } = program
  return {
    engineId: program.build.id,
    memoryPages: vm.memory.buffer.byteLength / WASM_PAGE_BYTES,
    pages: take(vm.bytes, program.build.base.memory, vm.segments.untouched),
    globals: new Map([...vm.stateGlobals].map(([name, global]) => [name, global.value as number | bigint])),
    standing: program.standing,
    asyncifyAddress: vm.segments.top,
    fuelUsed: program.fuelUsed,
    clockMs: program.clockMs,
    nextRequest: agenda.nextRequest,
    pending: [...agenda.pending.values()],
    timers: agenda.timers(),
    inbox: [...agenda.inbox],
    kernels: program.kernels.freeze(),
  }
}

/** Throws an ImageError where a (possibly hostile) image does not hold together. */
export function thawProgram(build: EngineBuild, image: MachineImage, options: MachineOptions): Program {
  const fault = imageFault(image, build.id, build.base, limitsOf(options))
  if (fault !== null) throw new ImageError(fault)
  const program = new Program(build, options, image.memoryPages, image.standing === 'turn' ? 'plain' : 'movable')
  putPages(program.vm.bytes, image.pages)
  stand(program, image)
  return program
}

/**
 * Makes a thawed program that has not run into another image of the same agent. Of its pages the image needs to have only
 * those that differ; `gone` are pages that it does not have and the program has. Throws like a thaw; the program is then
 * of no use any more.
 */
export function patchProgram(program: Program, image: MachineImage, gone: readonly number[]): void {
  const { vm, build, options } = program
  const memoryPages = vm.memory.buffer.byteLength / WASM_PAGE_BYTES
  const fault = imageFault(withFrames(program, image, new Set(gone)), build.id, build.base, limitsOf(options))
  if (fault !== null) throw new ImageError(fault)
  if (image.fuelUsed > options.fuelMax) throw new ImageError(`fuelUsed ${image.fuelUsed} > fuelMax ${options.fuelMax}`)
  if (image.memoryPages < memoryPages) throw new ImageError(`memoryPages ${image.memoryPages} < ${memoryPages}`)
  if (image.memoryPages > memoryPages) vm.memory.grow(image.memoryPages - memoryPages)
  resetPages(vm.bytes, build.base.memory, gone)
  putPages(vm.bytes, image.pages)
  stand(program, image)
}

/** The pages that say where suspended frames lie are looked at before a thaw, changed or not. */
function withFrames({ vm, build }: Program, image: MachineImage, gone: ReadonlySet<number>): MachineImage {
  const pages = new Map(image.pages)
  const arena = build.base.asyncifyAddress
  const end = Math.ceil((arena + ASYNCIFY_BUFFER_BYTES) / IMAGE_PAGE_BYTES)
  for (let index = Math.floor(arena / IMAGE_PAGE_BYTES); index < end; index++)
    if (!pages.has(index) && !gone.has(index)) pages.set(index, vm.range(index * IMAGE_PAGE_BYTES, IMAGE_PAGE_BYTES))
  return { ...image, pages }
}

/** Everything of an image but its pages. */
function stand(program: Program, image: MachineImage): void {
  if (image.standing !== 'turn') program.twin.enter('movable')
  const { vm } = program
  for (const [name, value] of image.globals) {
    const global = vm.stateGlobals.get(name)
    if (global !== undefined) global.value = value
  }
  program.agenda = Agenda.of(image)
  program.standing = image.standing
  vm.segments.stand(image.standing === 'turn' ? null : image.asyncifyAddress)
  vm.fuelLeft = program.options.fuelMax - image.fuelUsed
  program.clockBaseMs = image.clockMs - program.fuelMs
  const kernelFault = program.kernels.thaw(image.kernels)
  if (kernelFault !== null) throw new ImageError(kernelFault)
}
