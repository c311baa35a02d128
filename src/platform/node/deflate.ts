import { promisify } from 'node:util'
import { deflateRaw, deflateRawSync, type InputType, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib'
import type { Deflate } from '../../base/deflate.ts'
import { accept, type Result, refuse } from '../../base/result.ts'

/**
 * zlib for the core. Level 1: of a checkpoint it makes 29 %, level 6 27 % in three times the time (docs/BENCHMARKS.md).
 * Large pieces go to Node's pool of threads; for small ones the way there takes longer than the work.
 */
const LEVEL = 1

/** Bytes before compression from which on the pool is used: about a millisecond of work. */
const POOL_BYTES_MIN = 128 * 1024

/** zlib hands its output over in pieces, which cost more than the work where they are many. */
const chunkFor = (bytes: number): number => Math.min(Math.max(bytes, 4_096), 1024 * 1024)

interface Inflated {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

const inflateInPool = promisify(inflateRaw) as unknown as (input: InputType, options: ZlibOptions) => Promise<Inflated>
const deflateInPool = promisify<Uint8Array, ZlibOptions, Uint8Array>(deflateRaw)

const createDeflate = (usePool: (bytes: number) => boolean): Deflate => ({
  async deflate(bytes) {
    const options = { level: LEVEL, chunkSize: chunkFor(bytes.length >> 1) }
    return plain(usePool(bytes.length) ? await deflateInPool(bytes, options) : deflateRawSync(bytes, options))
  },
  async inflate(bytes, bytesMax) {
    // `info` tells how much of the input was read: zlib itself is silent about what follows the end.
    const options = { maxOutputLength: Math.max(1, bytesMax), info: true, chunkSize: chunkFor(bytesMax) }
    let inflated: Inflated
    try {
      inflated = usePool(bytesMax)
        ? await inflateInPool(bytes, options)
        : (inflateRawSync(bytes, options) as unknown as Inflated)
    } catch (error) {
      return fault(error, bytesMax)
    }
    const { buffer, engine } = inflated
    return engine.bytesWritten === bytes.length
      ? accept(plain(buffer))
      : refuse('DEFLATE', `${bytes.length - engine.bytesWritten} bytes follow the end of the data`)
  },
})

export const nodeDeflate: Deflate = createDeflate((bytes) => bytes >= POOL_BYTES_MIN)

/** Never leaves the thread: for simulated time, which does not wait for a pool. */
export const promptDeflate: Deflate = createDeflate(() => false)

function fault(error: unknown, bytesMax: number): Result<never, 'DEFLATE'> {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ERR_BUFFER_TOO_LARGE') return refuse('DEFLATE', `inflatedBytes > ${bytesMax}`)
  if (code === 'Z_BUF_ERROR') return refuse('DEFLATE', 'the data end in the middle')
  if (code === 'Z_DATA_ERROR') return refuse('DEFLATE', 'the data are not DEFLATE')
  throw error
}

const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
