/**
 * A received image before it is used: everything the driver itself will rely on. What the program's own memory says is not
 * checked and cannot be: an image may do anything inside its instance, and nothing outside it.
 */
import type { BaseImage, InstanceLimits } from './base-image.ts'
import type { Delivery, KernelImage, MachineImage } from './image.ts'
import {
  IMAGE_PAGE_BYTES,
  INBOX_MAX,
  JSON_BYTES_MAX,
  KERNEL_CELL_FUEL,
  KERNEL_FRAME_WORDS_MAX,
  KERNELS_MAX,
  PENDING_CALLS_MAX,
  SEGMENT_UNITS,
  STACK_BYTES,
  TIMERS_MAX,
  WASM_PAGE_BYTES,
} from './limits.ts'
import { regionChain } from './segments.ts'

const PAGES_PER_WASM_PAGE = WASM_PAGE_BYTES / IMAGE_PAGE_BYTES
const STANDINGS: readonly MachineImage['standing'][] = ['turn', 'interrupt', 'kernel', 'call']
const WALL_MS_MAX = 8.64e15

/** The violated condition, or null. */
export function imageFault(
  image: MachineImage,
  engineId: string,
  base: BaseImage,
  { pagesMax, depth }: InstanceLimits,
): string | null {
  if (image.engineId !== engineId) return `engineId ${image.engineId} != ${engineId}`
  const basePages = base.memory.length / WASM_PAGE_BYTES
  if (!whole(image.memoryPages, basePages, pagesMax))
    return `memoryPages ${image.memoryPages} is not in ${basePages}..${pagesMax}`
  const pages = pagesFault(image.pages, image.memoryPages)
  if (pages !== null) return pages
  const globals = globalsFault(image.globals, base.globals)
  if (globals !== null) return globals
  if (!STANDINGS.includes(image.standing)) return `standing is none of ${STANDINGS.join(', ')}`
  const frames = framesFault(image, base.asyncifyAddress, depth)
  if (frames !== null) return frames
  if (typeof image.fuelUsed !== 'bigint' || image.fuelUsed < 0n) return 'fuelUsed < 0'
  if (!whole(image.clockMs, -WALL_MS_MAX, WALL_MS_MAX)) return 'clockMs is not a time'
  return hostStateFault(image)
}

const whole = (value: unknown, low: number, high: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high

function pagesFault(pages: ReadonlyMap<number, Uint8Array>, memoryPages: number): string | null {
  for (const [page, bytes] of pages) {
    if (!whole(page, 0, memoryPages * PAGES_PER_WASM_PAGE - 1)) return `page ${page} lies outside the memory`
    if (bytes.length !== IMAGE_PAGE_BYTES) return `page ${page} has ${bytes.length} bytes`
  }
  return null
}

function globalsFault(globals: MachineImage['globals'], known: BaseImage['globals']): string | null {
  if (globals.size !== known.size) return 'globals are not those of the engine'
  for (const [name, value] of known)
    if (typeof globals.get(name) !== typeof value) return `global ${name} is missing or of another type`
  if (!whole(globals.get('__depth'), 0, SEGMENT_UNITS)) return 'global __depth is out of range'
  if (!whole(globals.get('__stack_pointer'), 0, STACK_BYTES)) return 'global __stack_pointer is out of range'
  return null
}

/**
 * The header of each region says where its frames end: inside the arena, or the rewinding would read elsewhere; and they
 * lead from the first region to the top one. Every segment that waits is one the program may not start any more.
 */
function framesFault(image: MachineImage, arena: number, depth: number): string | null {
  const left = image.globals.get('__segments')
  if (image.standing === 'turn') {
    if (image.asyncifyAddress !== arena) return 'asyncifyAddress is not the engine’s'
    return left === depth - 1 ? null : 'segments are open between turns'
  }
  const chain = regionChain(arena, image.asyncifyAddress, (at) => {
    const page = image.pages.get(Math.floor(at / IMAGE_PAGE_BYTES))
    const offset = at % IMAGE_PAGE_BYTES
    if (page === undefined || offset + 8 > IMAGE_PAGE_BYTES) return null
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
    return { framesEnd: view.getUint32(offset, true), end: view.getUint32(offset + 4, true) }
  })
  if (chain === null) return 'frames lie outside their buffer'
  if (chain.length > depth) return `segments ${chain.length} > depth ${depth}`
  return left === depth - chain.length ? null : 'segments are not those that wait'
}

function hostStateFault(image: MachineImage): string | null {
  if (!whole(image.nextRequest, 1, Number.MAX_SAFE_INTEGER)) return 'nextRequest is not a request number'
  if (image.pending.length > PENDING_CALLS_MAX)
    return `pending ${image.pending.length} > PENDING_CALLS_MAX ${PENDING_CALLS_MAX}`
  let before = 0
  for (const call of image.pending) {
    if (!whole(call.request, before + 1, image.nextRequest - 1))
      return 'pending requests are not ascending below nextRequest'
    if (typeof call.name !== 'string' || !jsonSized(call.argsJson)) return 'a pending call is not a name and JSON'
    before = call.request
  }
  if (image.timers.length > TIMERS_MAX) return `timers ${image.timers.length} > TIMERS_MAX ${TIMERS_MAX}`
  const ids = new Set<number>()
  for (const timer of image.timers) {
    const sound = whole(timer.id, 1, Number.MAX_SAFE_INTEGER) && whole(timer.dueMs, -WALL_MS_MAX, WALL_MS_MAX + 2 ** 32)
    if (!sound || ids.has(timer.id)) return 'a timer has no number or no time'
    if (timer.everyMs !== null && !whole(timer.everyMs, 1, 2 ** 32)) return 'a timer repeats at no interval'
    ids.add(timer.id)
  }
  if (image.inbox.length > INBOX_MAX) return `inbox ${image.inbox.length} > INBOX_MAX ${INBOX_MAX}`
  for (const delivery of image.inbox)
    if (!deliverySound(delivery, image.nextRequest)) return 'a delivery is not an answer to a request'
  if (image.standing === 'call') {
    const awaited = image.nextRequest - 1
    const [asked, answered] = [image.pending, image.inbox].map((all) => all.some((one) => one.request === awaited))
    if (asked === answered) return 'standing is call, but its request is not either pending or answered'
  }
  return kernelsFault(image.kernels, image.standing)
}

const jsonSized = (text: unknown): boolean => typeof text === 'string' && text.length <= JSON_BYTES_MAX

function deliverySound(delivery: Delivery, nextRequest: number): boolean {
  if (!whole(delivery.request, 1, nextRequest - 1)) return false
  const { outcome } = delivery
  return outcome.ok
    ? jsonSized(outcome.valueJson)
    : typeof outcome.code === 'string' && typeof outcome.reason === 'string'
}

function kernelsFault(kernels: readonly KernelImage[], standing: MachineImage['standing']): string | null {
  if (kernels.length > KERNELS_MAX) return `kernels ${kernels.length} > KERNELS_MAX ${KERNELS_MAX}`
  const instances = kernels.map(({ name, instance }) => JSON.stringify([name, instance]))
  if (new Set(instances).size !== kernels.length) return 'a kernel instance is there twice'
  let before = -1
  for (const kernel of kernels) {
    if (!whole(kernel.id, before + 1, KERNELS_MAX - 1)) return `kernel ${kernel.name}: id does not ascend`
    before = kernel.id
    if (kernel.memoryPagesMax !== null && !whole(kernel.memoryPagesMax, 0, 65_536))
      return `kernel ${kernel.name}: memoryPagesMax is not a size`
    if (!whole(kernel.memoryPages, 0, 65_536)) return `kernel ${kernel.name}: memoryPages is not a size`
    const pages = pagesFault(kernel.pages, kernel.memoryPages)
    if (pages !== null) return `kernel ${kernel.name}: ${pages}`
    if (kernel.suspended === null) continue
    const { cell, frames } = kernel.suspended
    if (!whole(cell, 0, KERNEL_CELL_FUEL)) return `kernel ${kernel.name}: cell is not a part of one`
    if (frames.length > KERNEL_FRAME_WORDS_MAX * 4) return `kernel ${kernel.name}: frames > KERNEL_FRAME_WORDS_MAX`
  }
  const inside = kernels.filter((one) => one.suspended !== null).length
  if (inside !== (standing === 'kernel' ? 1 : 0))
    return `standing is ${standing}, but ${inside} kernels are in the middle of a call`
  return null
}
