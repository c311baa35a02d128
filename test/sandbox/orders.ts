import type { MachineImage } from '../../src/engine/image.ts'
import type { GuestOrder } from '../../src/sandbox/port.ts'

/** A guest's order with everything in it that a test does not care about. */
export const order = (changes: Partial<GuestOrder> = {}): GuestOrder => ({
  label: 'test',
  engineId: 'engine-1',
  code: '',
  kernels: new Map(),
  inputJson: 'null',
  seed: 1,
  startMs: 1_700_000_000_000,
  fuelMax: 10_000_000_000,
  memoryBytesMax: 64 * 1_048_576,
  depth: 10,
  sentBytesMax: 1_048_576,
  image: null,
  pace: 'virtual',
  ...changes,
})

export const image = (changes: Partial<MachineImage> = {}): MachineImage => ({
  engineId: 'engine-1',
  memoryPages: 20,
  pages: new Map([[3, new Uint8Array(4096).fill(1)]]),
  globals: new Map<string, number | bigint>([['__fuel', 5n]]),
  standing: 'turn',
  asyncifyAddress: 0,
  fuelUsed: 100n,
  clockMs: 1_700_000_000_000,
  nextRequest: 3,
  pending: [{ request: 2, name: 'move', argsJson: '{}' }],
  timers: [],
  inbox: [],
  kernels: [],
  ...changes,
})
