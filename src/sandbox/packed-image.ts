import { bytes, list, misshapen, oneOf, record, text, whole } from '../base/shape.ts'
import {
  CLOCK_MS_MAX,
  GLOBALS_MAX,
  KERNEL_CELL_FUEL,
  KERNEL_FRAME_BYTES_MAX,
  KERNELS_MAX,
  MEMORY_PAGES_MAX,
  NAME_LENGTH_MAX,
  PAGE_BYTES,
  PAGES_PER_WASM_PAGE,
  WASM_PAGE_BYTES,
} from '../checkpoint/limits.ts'
import type { Delivery, KernelImage, MachineImage, PendingCall } from '../engine/image.ts'
import { INBOX_MAX, PENDING_CALLS_MAX, TIMERS_MAX } from '../engine/limits.ts'
import { ANSWER_LENGTH_MAX, CALL_NAME_LENGTH_MAX } from './limits.ts'

/**
 * An image in the form that crosses between host and guest: the pages of one memory in one buffer, which the message
 * transfers instead of copying thousands of small ones. Reading it back judges every field, for a guest is hostile;
 * the host's own images take the same way, which costs nothing worth a second door.
 */
export interface PackedPages {
  readonly at: Uint32Array
  readonly bytes: Uint8Array
}

type Packed<T> = Omit<T, 'pages' | 'kernels'> & { readonly pages: PackedPages }
export type PackedImage = Packed<MachineImage> & { readonly kernels: readonly Packed<KernelImage>[] }

/**
 * `transfer` lists the buffers that the message should move. The image's own pages are copied and stay usable; an image
 * that is given away loses them where they already lie in one buffer, which saves copying a large heap once more.
 */
export function packImage(
  image: MachineImage,
  givenAway = false,
): {
  readonly packed: PackedImage
  readonly transfer: readonly ArrayBuffer[]
} {
  const transfer: ArrayBuffer[] = []
  const pack = (pages: ReadonlyMap<number, Uint8Array>): PackedPages => {
    const at = Uint32Array.from(pages.keys())
    const packed = (givenAway ? oneBuffer(pages) : null) ?? copied(pages)
    transfer.push(at.buffer, packed.buffer)
    return { at, bytes: packed }
  }
  const kernels = image.kernels.map((kernel) => ({ ...kernel, pages: pack(kernel.pages) }))
  return { packed: { ...image, pages: pack(image.pages), kernels }, transfer }
}

function copied(pages: ReadonlyMap<number, Uint8Array>): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(pages.size * PAGE_BYTES)
  let at = 0
  for (const page of pages.values()) {
    packed.set(page, at)
    at += PAGE_BYTES
  }
  return packed
}

/** The buffer that holds exactly these pages in this order; null where there is none. */
function oneBuffer(pages: ReadonlyMap<number, Uint8Array>): Uint8Array<ArrayBuffer> | null {
  const [first] = pages.values()
  if (!first || !(first.buffer instanceof ArrayBuffer)) return null
  const { buffer } = first
  if (buffer.byteLength !== pages.size * PAGE_BYTES) return null
  let at = 0
  for (const page of pages.values()) {
    if (page.buffer !== buffer || page.byteOffset !== at || page.length !== PAGE_BYTES) return null
    at += PAGE_BYTES
  }
  return new Uint8Array(buffer)
}

/** Indexes of pages that an image no longer has. Throws a Misshape. */
export function readGone(value: unknown, memoryPages: number): Uint32Array | null {
  if (value === null) return null
  const indexEnd = memoryPages * PAGES_PER_WASM_PAGE
  if (!(value instanceof Uint32Array) || !(value.buffer instanceof ArrayBuffer))
    return misshapen('gone is not own 32-bit numbers')
  if (value.length > indexEnd) return misshapen(`gone length ${value.length} > ${indexEnd}`)
  let last = -1
  for (const [i, index] of value.entries()) {
    if (index <= last) return misshapen(`gone[${i}] ${index} does not ascend from ${last}`)
    if (index >= indexEnd) return misshapen(`gone[${i}] ${index} > ${indexEnd - 1}`)
    last = index
  }
  return value
}

/** Throws a Misshape (base/shape.ts); pages come out as views of the one buffer. */
export function readImage(value: unknown): MachineImage {
  const image = record(value, 'image', [
    'engineId',
    'memoryPages',
    'pages',
    'globals',
    'standing',
    'asyncifyAddress',
    'fuelUsed',
    'clockMs',
    'nextRequest',
    'pending',
    'timers',
    'inbox',
    'kernels',
  ])
  if (typeof image.fuelUsed !== 'bigint' || image.fuelUsed < 0n)
    return misshapen('fuelUsed is not a bigint of at least 0')
  return {
    engineId: text(image.engineId, 'engineId', NAME_LENGTH_MAX),
    ...readMemory(image.memoryPages, image.pages, ''),
    asyncifyAddress: whole(image.asyncifyAddress, 'asyncifyAddress', 0, MEMORY_PAGES_MAX * WASM_PAGE_BYTES),
    globals: readGlobals(image.globals, 'globals'),
    standing: oneOf(image.standing, 'standing', ['turn', 'interrupt', 'kernel', 'call']),
    fuelUsed: image.fuelUsed,
    clockMs: readTime(image.clockMs, 'clockMs'),
    nextRequest: whole(image.nextRequest, 'nextRequest', 1, Number.MAX_SAFE_INTEGER),
    pending: list(image.pending, 'pending', PENDING_CALLS_MAX).map(readPending),
    timers: list(image.timers, 'timers', TIMERS_MAX).map(readTimer),
    inbox: list(image.inbox, 'inbox', INBOX_MAX).map(readDelivery),
    kernels: list(image.kernels, 'kernels', KERNELS_MAX).map(readKernel),
  }
}

function readMemory(allegedSize: unknown, allegedPages: unknown, prefix: string) {
  const memoryPages = whole(allegedSize, `${prefix}memoryPages`, 0, MEMORY_PAGES_MAX)
  return {
    memoryPages,
    pages: readPages(allegedPages, `${prefix}pages`, memoryPages * PAGES_PER_WASM_PAGE),
  }
}

function readPages(value: unknown, what: string, indexEnd: number): Map<number, Uint8Array> {
  const packed = record(value, what, ['at', 'bytes'])
  const { at } = packed
  if (!(at instanceof Uint32Array) || !(at.buffer instanceof ArrayBuffer))
    return misshapen(`${what}.at is not own 32-bit numbers`)
  if (at.length > indexEnd) return misshapen(`${what}.at length ${at.length} > ${indexEnd}`)
  const all = bytes(packed.bytes, `${what}.bytes`, at.length * PAGE_BYTES)
  // Memory that its sender can still write to would change after it was judged.
  if (!(all.buffer instanceof ArrayBuffer)) return misshapen(`${what}.bytes are in shared memory`)
  if (all.length !== at.length * PAGE_BYTES)
    return misshapen(`${what}.bytes length ${all.length} != ${at.length} × ${PAGE_BYTES}`)
  const pages = new Map<number, Uint8Array>()
  let last = -1
  for (const [i, index] of at.entries()) {
    if (index <= last) return misshapen(`${what}.at[${i}] ${index} does not ascend from ${last}`)
    if (index >= indexEnd) return misshapen(`${what}.at[${i}] ${index} > ${indexEnd - 1}`)
    last = index
    pages.set(index, all.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES))
  }
  return pages
}

function readGlobals(value: unknown, what: string): Map<string, number | bigint> {
  if (!(value instanceof Map)) return misshapen(`${what} is not a map`)
  if (value.size > GLOBALS_MAX) return misshapen(`${what} size ${value.size} > ${GLOBALS_MAX}`)
  const globals = new Map<string, number | bigint>()
  for (const [name, number] of value) {
    if (typeof number !== 'number' && typeof number !== 'bigint') return misshapen(`${what} holds no number`)
    if (typeof number === 'bigint' && BigInt.asIntN(64, number) !== number)
      return misshapen(`${what} is outside 64 bits`)
    globals.set(text(name, `${what} name`, NAME_LENGTH_MAX), number)
  }
  return globals
}

function readTime(value: unknown, what: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= CLOCK_MS_MAX))
    return misshapen(`${what} is outside 0..${CLOCK_MS_MAX}`)
  return value
}

const readRequest = (value: unknown, what: string): number =>
  whole(value, `${what} request`, 1, Number.MAX_SAFE_INTEGER)

function readPending(value: unknown, i: number): PendingCall {
  const call = record(value, `pending[${i}]`, ['request', 'name', 'argsJson'])
  return {
    request: readRequest(call.request, `pending[${i}]`),
    name: text(call.name, `pending[${i}] name`, CALL_NAME_LENGTH_MAX),
    argsJson: text(call.argsJson, `pending[${i}] args`, ANSWER_LENGTH_MAX),
  }
}

function readTimer(value: unknown, i: number): MachineImage['timers'][number] {
  const timer = record(value, `timers[${i}]`, ['id', 'dueMs', 'everyMs'])
  return {
    id: whole(timer.id, `timers[${i}] id`, 0, Number.MAX_SAFE_INTEGER),
    dueMs: readTime(timer.dueMs, `timers[${i}] due`),
    everyMs: timer.everyMs === null ? null : readTime(timer.everyMs, `timers[${i}] every`),
  }
}

function readDelivery(value: unknown, i: number): Delivery {
  const delivery = record(value, `inbox[${i}]`, ['request', 'outcome'])
  const request = readRequest(delivery.request, `inbox[${i}]`)
  const isOk =
    typeof delivery.outcome === 'object' && delivery.outcome !== null && Object.hasOwn(delivery.outcome, 'valueJson')
  if (isOk) {
    const outcome = record(delivery.outcome, `inbox[${i}] outcome`, ['ok', 'valueJson'])
    return {
      request,
      outcome: { ok: true, valueJson: text(outcome.valueJson, `inbox[${i}] value`, ANSWER_LENGTH_MAX) },
    }
  }
  const outcome = record(delivery.outcome, `inbox[${i}] outcome`, ['ok', 'code', 'reason'])
  const code = text(outcome.code, `inbox[${i}] code`, NAME_LENGTH_MAX)
  return {
    request,
    outcome: { ok: false, code, reason: text(outcome.reason, `inbox[${i}] reason`, ANSWER_LENGTH_MAX) },
  }
}

const KERNEL_KEYS = [
  'id',
  'name',
  'instance',
  'memoryPagesMax',
  'memoryPages',
  'pages',
  'globals',
  'suspended',
] as const

function readKernel(value: unknown, i: number): KernelImage {
  const what = `kernels[${i}]`
  const kernel = record(value, what, KERNEL_KEYS)
  return {
    id: whole(kernel.id, `${what}.id`, 0, KERNELS_MAX - 1),
    name: text(kernel.name, `${what}.name`, NAME_LENGTH_MAX),
    instance: text(kernel.instance, `${what}.instance`, NAME_LENGTH_MAX),
    memoryPagesMax:
      kernel.memoryPagesMax === null
        ? null
        : whole(kernel.memoryPagesMax, `${what}.memoryPagesMax`, 0, MEMORY_PAGES_MAX),
    ...readMemory(kernel.memoryPages, kernel.pages, `${what}.`),
    globals: readGlobals(kernel.globals, `${what}.globals`),
    suspended: kernel.suspended === null ? null : readSuspended(kernel.suspended, `${what}.suspended`),
  }
}

function readSuspended(value: unknown, what: string): NonNullable<KernelImage['suspended']> {
  const suspended = record(value, what, ['exportName', 'cell', 'frames'])
  const frames = bytes(suspended.frames, `${what}.frames`, KERNEL_FRAME_BYTES_MAX)
  if (!(frames.buffer instanceof ArrayBuffer)) return misshapen(`${what}.frames are in shared memory`)
  return {
    exportName: text(suspended.exportName, `${what}.exportName`, NAME_LENGTH_MAX),
    cell: whole(suspended.cell, `${what}.cell`, 0, KERNEL_CELL_FUEL),
    frames,
  }
}
