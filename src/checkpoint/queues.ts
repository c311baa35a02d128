import { decode, encode } from '../base/codec.ts'
import type { Result } from '../base/result.ts'
import { bytes, list, misshapen, oneOf, reading, record, text, tuple, whole } from '../base/shape.ts'
import type { Delivery, MachineImage, PendingCall } from '../engine/image.ts'
import { CLOCK_MS_MAX, KERNEL_FRAME_BYTES_MAX, NAME_LENGTH_MAX, QUEUE_ENTRIES_MAX, QUEUES_BYTES_MAX } from './limits.ts'
import { readNumber, writeNumber } from './numbers.ts'
import type { CheckpointFault } from './root.ts'

/**
 * What an agent waits for and what waits for it: pending calls, timers, inbox, as one canonical CBOR text. With them, since
 * they can be as long: the frames of the one kernel that stands in the middle of a call, empty where none does.
 */
export interface Queued extends Pick<MachineImage, 'pending' | 'timers' | 'inbox'> {
  readonly kernelFrames: Uint8Array
}

export const encodeQueues = ({ pending, timers, inbox, kernelFrames }: Queued): Uint8Array =>
  encode({
    pending: pending.map(({ request, name, argsJson }) => [request, name, argsJson]),
    timers: timers.map(({ id, dueMs, everyMs }) => [
      id,
      writeNumber(dueMs),
      everyMs === null ? null : writeNumber(everyMs),
    ]),
    inbox: inbox.map(({ request, outcome }) =>
      outcome.ok ? [request, 'ok', outcome.valueJson, ''] : [request, 'no', outcome.code, outcome.reason],
    ),
    kernelFrames,
  })

export function decodeQueues(queueBytes: Uint8Array): Result<Queued, CheckpointFault> {
  const decoded = decode(queueBytes)
  if (!decoded.ok) return decoded
  return reading('CHECKPOINT', () => {
    const queues = record(decoded.value, 'queues', ['pending', 'timers', 'inbox', 'kernelFrames'])
    return {
      pending: ascending(list(queues.pending, 'pending', QUEUE_ENTRIES_MAX).map(readPending), 'pending'),
      timers: list(queues.timers, 'timers', QUEUE_ENTRIES_MAX).map(readTimer),
      inbox: list(queues.inbox, 'inbox', QUEUE_ENTRIES_MAX).map(readDelivery),
      kernelFrames: bytes(queues.kernelFrames, 'kernelFrames', KERNEL_FRAME_BYTES_MAX),
    }
  })
}

function ascending(calls: PendingCall[], what: string): PendingCall[] {
  let last = 0
  for (const { request } of calls) {
    if (request <= last) misshapen(`${what} request ${request} does not ascend from ${last}`)
    last = request
  }
  return calls
}

function readPending(value: unknown, i: number): PendingCall {
  const [request, name, argsJson] = tuple(value, `pending[${i}]`, 3)
  return {
    request: readRequest(request, `pending[${i}]`),
    name: text(name, `pending[${i}] name`, NAME_LENGTH_MAX),
    argsJson: text(argsJson, `pending[${i}] args`, QUEUES_BYTES_MAX),
  }
}

function readTimer(value: unknown, i: number): MachineImage['timers'][number] {
  const [id, dueMs, everyMs] = tuple(value, `timers[${i}]`, 3)
  return {
    id: whole(id, `timers[${i}] id`, 0, Number.MAX_SAFE_INTEGER),
    dueMs: readTime(dueMs, `timers[${i}] due`),
    everyMs: everyMs === null ? null : readTime(everyMs, `timers[${i}] every`),
  }
}

function readTime(value: unknown, what: string): number {
  const timeMs = readNumber(value, what)
  if (!(timeMs >= 0 && timeMs <= CLOCK_MS_MAX)) misshapen(`${what} ${timeMs} is outside 0..${CLOCK_MS_MAX}`)
  return timeMs
}

function readDelivery(value: unknown, i: number): Delivery {
  const [alleged, outcome, first, second] = tuple(value, `inbox[${i}]`, 4)
  const request = readRequest(alleged, `inbox[${i}]`)
  const main = text(first, `inbox[${i}] value`, QUEUES_BYTES_MAX)
  const reason = text(second, `inbox[${i}] reason`, QUEUES_BYTES_MAX)
  if (oneOf(outcome, `inbox[${i}] outcome`, ['ok', 'no']) === 'no')
    return { request, outcome: { ok: false, code: main, reason } }
  if (reason !== '') misshapen(`inbox[${i}] has a value and a reason`)
  return { request, outcome: { ok: true, valueJson: main } }
}

const readRequest = (value: unknown, what: string): number =>
  whole(value, `${what} request`, 1, Number.MAX_SAFE_INTEGER)
