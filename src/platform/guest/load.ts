/// <reference path="../../engine/webassembly.d.ts" />
import { accept, type Result, refuse } from '../../base/result.ts'
import { reading } from '../../base/shape.ts'
import { instrumentKernel } from '../../engine/instrument/kernel.ts'
import { type EngineBuild, ImageError, Machine, type MachineOptions } from '../../engine/machine.ts'
import { readImage } from '../../sandbox/packed-image.ts'
import type { StartOrder } from '../../sandbox/protocol.ts'
import type { FuelMeter } from './loop.ts'

/** An order to a machine that stands ready to run; the reason where code, kernels or image do not hold together. */
export function loadMachine(build: EngineBuild, order: StartOrder, meter?: FuelMeter): Result<Machine, 'LOAD'> {
  const kernels = new Map<string, WebAssembly.Module>()
  for (const [name, { wasm }] of order.kernels) {
    // Metered here, whatever its author says that it is.
    const metered = instrumentKernel(wasm)
    if (!metered.ok) return refuse('LOAD', `kernel "${name}": ${metered.reason}`)
    try {
      kernels.set(name, new WebAssembly.Module(metered.value))
    } catch (error) {
      return refuse('LOAD', `kernel "${name}": ${wordsOf(error)}`)
    }
  }
  const options: MachineOptions = {
    seed: order.seed,
    startMs: order.startMs,
    memoryBytesMax: order.memoryBytesMax,
    depth: order.depth,
    fuelMax: BigInt(order.fuelMax),
    kernels,
    // To stand wherever the trace says, in the middle of a turn or not, and never to have tried anything else before.
    tier: order.replay ? 'movable' : (order.tier ?? 'auto'),
    ...(meter && { plainTurnFuel: meter.plainTurnFuel }),
  }
  if (order.image === null) return accept(Machine.start(build, order.code, order.inputJson, options))
  const image = reading('LOAD', () => readImage(order.image))
  if (!image.ok) return image
  if (image.value.fuelUsed > options.fuelMax)
    return refuse('LOAD', `image fuelUsed ${image.value.fuelUsed} > fuelMax ${options.fuelMax}`)
  try {
    return accept(Machine.thaw(build, image.value, options))
  } catch (error) {
    if (error instanceof ImageError) return refuse('LOAD', `image: ${error.message}`)
    throw error
  }
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
