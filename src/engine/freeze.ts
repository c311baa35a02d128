/** A program out to an image and back: whatever else a machine holds is made anew from its options. */
import { assert } from '../base/assert.ts'
import { Agenda } from './agenda.ts'
import type { EngineBuild } from './base-image.ts'
import type { MachineImage } from './image.ts'
import { imageFault } from './image-check.ts'
import { WASM_PAGE_BYTES } from './limits.ts'
import { putPages, type TakePages } from './pages.ts'
import { type MachineOptions, Program, vmPagesMax } from './program.ts'

/** A received image that does not hold together; the message is the violated condition. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
}

/** Leaves the program as it was. */
export function freezeProgram(program: Program, take: TakePages): MachineImage {
  const { vm, agenda } = program
  assert(program.end?.kind !== 'failed', 'a program that failed has no state')
  vm.normalise(program.standing !== 'turn')
  return {
    engineId: program.build.id,
    memoryPages: vm.memory.buffer.byteLength / WASM_PAGE_BYTES,
    pages: take(vm.bytes, program.build.base.memory),
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
  const fault = imageFault(image, build.id, build.base, vmPagesMax(options))
  if (fault !== null) throw new ImageError(fault)
  const program = new Program(build, options, Agenda.of(image), image.memoryPages)
  const { vm } = program
  putPages(vm.bytes, image.pages)
  for (const [name, value] of image.globals) {
    const global = vm.stateGlobals.get(name)
    if (global !== undefined) global.value = value
  }
  program.standing = image.standing
  if (image.standing !== 'turn') program.vm.segments.stand(image.asyncifyAddress)
  vm.fuelLeft = options.fuelMax - image.fuelUsed
  program.clockBaseMs = image.clockMs - program.fuelMs
  const kernelFault = program.kernels.thaw(image.kernels)
  if (kernelFault !== null) throw new ImageError(kernelFault)
  return program
}
