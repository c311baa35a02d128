/**
 * What a program asks of its kernels. Numbers, bigints and array buffers cross as they are, without a text between; an
 * answer that is a text is an error, since no kernel returns one.
 */
import type { KernelArgument, KernelOutcome } from './kernels.ts'
import { KERNEL_ASK } from './prelude.ts'
import type { Program } from './program.ts'
import { VmFault } from './vm.ts'

const OUTSIDE = 'the range lies outside the memory of the kernel'

/** Value handles in, a value handle out. */
export function answerKernelRequest(program: Program, args: readonly number[]): number {
  const { vm, kernels } = program
  const [what = 0, a = 0, b = 0, c = 0] = args
  switch (vm.numberOf(what)) {
    case KERNEL_ASK.names:
      return vm.string(JSON.stringify(kernels.names))
    case KERNEL_ASK.open: {
      const opened = kernels.open(vm.textOf(a), vm.textOf(b), vm.numberOf(c), vm)
      return typeof opened === 'number' ? vm.number(opened) : vm.string(JSON.stringify(opened))
    }
    case KERNEL_ASK.call: {
      const given: KernelArgument[] = []
      for (const handle of args.slice(3)) given.push(vm.isBigInt(handle) ? vm.bigIntOf(handle) : vm.numberOf(handle))
      return kernelOutcome(program, kernels.call(vm.numberOf(a), vm.numberOf(b), given, vm))
    }
    case KERNEL_ASK.read:
    case KERNEL_ASK.write:
      return copy(program, vm.numberOf(what) === KERNEL_ASK.read, args.slice(1))
    case KERNEL_ASK.byteLength:
      return vm.number(kernels.byteLength(vm.numberOf(a)))
    case KERNEL_ASK.release:
      kernels.release(vm.numberOf(a))
      return vm.undefined()
  }
  throw new VmFault('the program asks for what is not there')
}

/** A kernel that was suspended suspends the VM around it; the value of that call is never looked at. */
export function kernelOutcome(program: Program, outcome: KernelOutcome): number {
  const { vm } = program
  if (outcome.kind === 'error') return vm.string(outcome.error)
  if (outcome.kind === 'suspended') {
    program.suspend('kernel')
    return 0
  }
  const { value } = outcome
  if (value === undefined) return vm.undefined()
  return typeof value === 'bigint' ? vm.bigInt(value) : vm.number(value)
}

/** Between the kernel's memory at an address and a stretch of an array buffer. */
function copy({ vm, kernels }: Program, outwards: boolean, args: readonly number[]): number {
  const [kernel = 0, at = 0, buffer = 0, from = 0, count = 0] = args
  const [address, offset, length] = [vm.numberOf(at), vm.numberOf(from), vm.numberOf(count)]
  const bytes = vm.bufferOf(buffer)
  const inside = Number.isInteger(offset) && offset >= 0 && bytes !== null && offset + length <= bytes.length
  const range = inside ? kernels.range(vm.numberOf(kernel), address, length, vm) : null
  if (range === null || bytes === null) return vm.string(OUTSIDE)
  if (outwards) bytes.set(range, offset)
  else range.set(bytes.subarray(offset, offset + length))
  return vm.undefined()
}
