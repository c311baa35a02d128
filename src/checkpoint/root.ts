import { decode, encode } from '../base/codec.ts'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW } from '../base/digest.ts'
import { type Result, refuse } from '../base/result.ts'
import { bytes, list, misshapen, oneOf, reading, record, text, tuple, whole } from '../base/shape.ts'
import type { KernelImage, MachineImage } from '../engine/image.ts'
import {
  CLOCK_MS_MAX,
  KERNEL_CELL_FUEL,
  KERNELS_MAX,
  MEMORY_PAGES_MAX,
  NAME_LENGTH_MAX,
  PAGES_PER_WASM_PAGE,
  QUEUE_CHUNK_BYTES,
  QUEUES_BYTES_MAX,
  QUEUES_INLINE_BYTES_MAX,
  ROOT_BYTES_MAX,
  TABLE_ENTRIES_MAX,
  WASM_PAGE_BYTES,
} from './limits.ts'
import { readGlobals, readI64, readNumber, writeGlobals, writeNumber } from './numbers.ts'
import { type Entry, readTable, type Table, writeTable } from './page-table.ts'

/**
 * The root block of a checkpoint: everything but the pages' and queues' bytes, which it names. Deliberately absent: who
 * the agent is, its epoch, its permit. Those are statements about a checkpoint, signed, outside it.
 */
export type CheckpointFault =
  /** The bytes are not the canonical encoding of anything. */
  | 'ENCODING'
  /** A field is missing, unknown, out of range or out of order; the reason names it. */
  | 'CHECKPOINT'
  /** A block that the checkpoint names is not there. */
  | 'MISSING'
  /** A block's bytes do not hash to its name. */
  | 'CORRUPT'

/** Which pages of one memory are in the checkpoint: named here, or by leaf tables that each span TABLE_ENTRIES_MAX pages. */
export type Pages =
  | { readonly kind: 'inline'; readonly count: number; readonly entries: readonly Entry[] }
  | {
      readonly kind: 'leaves'
      readonly count: number
      readonly leaves: readonly { readonly index: number; readonly cid: Cid }[]
    }

export interface Memory {
  readonly memoryPages: number
  readonly pages: Pages
}

/** Pending calls, timers and inbox as one CBOR text (queues.ts): in the root when short, else cut into raw blocks. */
export type Queues =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'chunks'; readonly byteLength: number; readonly chunks: readonly Cid[] }

type MachineState = Omit<MachineImage, 'pages' | 'pending' | 'timers' | 'inbox' | 'kernels'>
type KernelState = Omit<KernelImage, 'pages' | 'suspended'> & {
  readonly suspended: Omit<NonNullable<KernelImage['suspended']>, 'frames'> | null
}

export interface Root extends MachineState {
  readonly pages: Pages
  readonly queues: Queues
  readonly kernels: readonly (KernelState & { readonly pages: Pages })[]
}

const VERSION = 1

/** What seal.ts hands over: the tables already written, since their digests are what it has. */
export type WrittenPages = Table | { readonly count: number; readonly leaves: Table }
export type WrittenQueues = Uint8Array | { readonly byteLength: number; readonly chunks: Table }

export function encodeRoot(
  image: MachineImage,
  pages: WrittenPages,
  kernelPages: readonly WrittenPages[],
  queues: WrittenQueues,
): Uint8Array {
  return encode({
    type: 'sojourn/checkpoint',
    version: VERSION,
    engine: image.engineId,
    memoryPages: image.memoryPages,
    pages,
    globals: writeGlobals(image.globals),
    standing: image.standing,
    asyncifyAddress: image.asyncifyAddress,
    fuelUsed: image.fuelUsed,
    clockMs: writeNumber(image.clockMs),
    nextRequest: image.nextRequest,
    queues,
    kernels: image.kernels.map((kernel, i) => ({
      id: kernel.id,
      name: kernel.name,
      instance: kernel.instance,
      memoryPagesMax: kernel.memoryPagesMax,
      memoryPages: kernel.memoryPages,
      pages: kernelPages[i] ?? writeTable([]),
      globals: writeGlobals(kernel.globals),
      suspended: kernel.suspended && [kernel.suspended.exportName, kernel.suspended.cell],
    })),
  })
}

/** The judge of every root from outside: size before decoding, form and ranges after it. */
export function decodeRoot(rootBytes: Uint8Array): Result<Root, CheckpointFault> {
  if (rootBytes.length > ROOT_BYTES_MAX)
    return refuse('CHECKPOINT', `rootBytes ${rootBytes.length} > ROOT_BYTES_MAX ${ROOT_BYTES_MAX}`)
  const decoded = decode(rootBytes)
  if (!decoded.ok) return decoded
  return reading('CHECKPOINT', () => readRoot(decoded.value))
}

const ROOT_KEYS = [
  'type',
  'version',
  'engine',
  'memoryPages',
  'pages',
  'globals',
  'standing',
  'asyncifyAddress',
  'fuelUsed',
  'clockMs',
  'nextRequest',
  'queues',
  'kernels',
] as const

function readRoot(value: unknown): Root {
  const root = record(value, 'root', ROOT_KEYS)
  oneOf(root.type, 'type', ['sojourn/checkpoint'])
  whole(root.version, 'version', VERSION, VERSION)
  const memory = readMemory(root.memoryPages, root.pages, '')
  const clockMs = readNumber(root.clockMs, 'clockMs')
  if (!(clockMs >= 0 && clockMs <= CLOCK_MS_MAX)) misshapen(`clockMs ${clockMs} is outside 0..${CLOCK_MS_MAX}`)
  const fuelUsed = readI64(root.fuelUsed, 'fuelUsed')
  if (fuelUsed < 0n) misshapen(`fuelUsed ${fuelUsed} < 0`)
  const kernels = list(root.kernels, 'kernels', KERNELS_MAX).map(readKernel)
  for (const [i, { id }] of kernels.entries())
    if (id <= (kernels[i - 1]?.id ?? -1)) misshapen(`kernels[${i}] id ${id} does not ascend`)
  if (kernels.filter(({ suspended }) => suspended !== null).length > 1) misshapen('two kernels stand in a call')
  const total = kernels.reduce((sum, kernel) => sum + kernel.memoryPages, memory.memoryPages)
  if (total > MEMORY_PAGES_MAX) misshapen(`memoryPages ${total} > MEMORY_PAGES_MAX ${MEMORY_PAGES_MAX}`)
  return {
    engineId: text(root.engine, 'engine', NAME_LENGTH_MAX),
    ...memory,
    globals: readGlobals(root.globals, 'globals'),
    standing: oneOf(root.standing, 'standing', ['turn', 'interrupt', 'kernel', 'call']),
    asyncifyAddress: readAddress(root.asyncifyAddress, 'asyncifyAddress', memory.memoryPages),
    fuelUsed,
    clockMs,
    nextRequest: whole(root.nextRequest, 'nextRequest', 1, Number.MAX_SAFE_INTEGER),
    queues: readQueues(root.queues),
    kernels,
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

function readKernel(value: unknown, i: number): Root['kernels'][number] {
  const what = `kernels[${i}]`
  const kernel = record(value, what, KERNEL_KEYS)
  const memory = readMemory(kernel.memoryPages, kernel.pages, `${what}.`)
  return {
    id: whole(kernel.id, `${what}.id`, 0, KERNELS_MAX - 1),
    name: text(kernel.name, `${what}.name`, NAME_LENGTH_MAX),
    instance: text(kernel.instance, `${what}.instance`, NAME_LENGTH_MAX),
    memoryPagesMax:
      kernel.memoryPagesMax === null
        ? null
        : whole(kernel.memoryPagesMax, `${what}.memoryPagesMax`, 0, MEMORY_PAGES_MAX),
    ...memory,
    globals: readGlobals(kernel.globals, `${what}.globals`),
    suspended: kernel.suspended === null ? null : readSuspended(kernel.suspended, `${what}.suspended`),
  }
}

function readSuspended(value: unknown, what: string): NonNullable<KernelState['suspended']> {
  const [exportName, cell] = tuple(value, what, 2)
  return {
    exportName: text(exportName, `${what} export`, NAME_LENGTH_MAX),
    cell: whole(cell, `${what} cell`, 0, KERNEL_CELL_FUEL),
  }
}

const readAddress = (value: unknown, what: string, memoryPages: number): number =>
  whole(value, what, 0, memoryPages * WASM_PAGE_BYTES)

function readMemory(allegedSize: unknown, allegedPages: unknown, prefix: string): Memory {
  const memoryPages = whole(allegedSize, `${prefix}memoryPages`, 0, MEMORY_PAGES_MAX)
  return { memoryPages, pages: readPages(allegedPages, `${prefix}pages`, memoryPages * PAGES_PER_WASM_PAGE) }
}

function readPages(value: unknown, what: string, indexEnd: number): Pages {
  const isTree = typeof value === 'object' && value !== null && Object.hasOwn(value, 'leaves')
  if (!isTree) {
    const entries = readTable(value, what, { entriesMax: TABLE_ENTRIES_MAX, indexEnd, codec: CODEC_RAW })
    return { kind: 'inline', count: entries.length, entries }
  }
  const tree = record(value, what, ['count', 'leaves'])
  const leafEnd = Math.ceil(indexEnd / TABLE_ENTRIES_MAX)
  const bounds = { entriesMax: leafEnd, indexEnd: leafEnd, codec: CODEC_DAG_CBOR }
  const leaves = readTable(tree.leaves, `${what}.leaves`, bounds).flatMap(({ index, cid }) =>
    cid ? [{ index, cid }] : [],
  )
  // One memory has one form: a table that fits inline is never a tree.
  return { kind: 'leaves', count: whole(tree.count, `${what}.count`, TABLE_ENTRIES_MAX + 1, indexEnd), leaves }
}

function readQueues(value: unknown): Queues {
  if (value instanceof Uint8Array) return { kind: 'inline', bytes: bytes(value, 'queues', QUEUES_INLINE_BYTES_MAX) }
  const queues = record(value, 'queues', ['byteLength', 'chunks'])
  const byteLength = whole(queues.byteLength, 'queues.byteLength', QUEUES_INLINE_BYTES_MAX + 1, QUEUES_BYTES_MAX)
  const chunkCount = Math.ceil(byteLength / QUEUE_CHUNK_BYTES)
  const bounds = { entriesMax: chunkCount, indexEnd: chunkCount, codec: CODEC_RAW }
  const entries = readTable(queues.chunks, 'queues.chunks', bounds)
  const chunks = entries.flatMap(({ cid }) => (cid ? [cid] : []))
  if (chunks.length !== chunkCount) misshapen(`queues.chunks length ${chunks.length} != ${chunkCount}`)
  return { kind: 'chunks', byteLength, chunks }
}
