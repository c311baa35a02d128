import type { Result } from '../base/result.ts'
import { flag, misshapen, oneOf, reading, record, text, whole } from '../base/shape.ts'
import type { Delivery, MachineImage, Place } from '../engine/image.ts'
import type { EngineCode, EngineModules } from '../engine/machine.ts'
import {
  CALL_ARGS_LENGTH_MAX,
  CALL_NAME_LENGTH_MAX,
  CONSOLE_LENGTH_MAX,
  REASON_LENGTH_MAX,
  RESULT_LENGTH_MAX,
  STATE_HASH_LENGTH_MAX,
} from './limits.ts'
import { type PackedImage, readGone, readImage } from './packed-image.ts'
import type { GuestEvent, GuestFailure, GuestLimit, GuestOrder } from './port.ts'
import { type ReportedInput, readPlace, readReported } from './reported-inputs.ts'

/**
 * What a host and its guest say to each other over the one port between them: plain data, structured-cloned. Nothing of
 * the host is ever exposed to a guest, there is no call and no handle, and the only questions are in this file.
 * The guest trusts its host; the host trusts nothing: `parseGuestMessage` is the only way in.
 */
export type HostMessage =
  /** Sent first, maybe long before the order: the engine that the guest shall hold ready. Answered with `prepared`. */
  | { readonly kind: 'prepare'; readonly engineId: string; readonly engine: EngineModules | EngineCode }
  | { readonly kind: 'start'; readonly order: StartOrder }
  | { readonly kind: 'run' }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'deliver'; readonly delivery: Delivery }
  | { readonly kind: 'limit'; readonly limit: GuestLimit }
  /** To a guest that was thawed and has not run: another image, without the pages that are the same; answered with `ready`. */
  | { readonly kind: 'patch'; readonly image: PackedImage; readonly gone: Uint32Array }
  /** Answered with a pulse. */
  | { readonly kind: 'ping' }

/** The order as the guest gets it: not the label, and the image packed. */
export type StartOrder = Omit<GuestOrder, 'label' | 'image'> & { readonly image: PackedImage | null }

/**
 * What a guest may say: its events, the image still packed. It cannot claim what only its warden can know. An image with
 * `gone` has only the pages that have changed since the image before it (the one it was thawed from, or the last frozen
 * one); `gone` are those that the image no longer has.
 */
export type GuestMessage =
  | Exclude<GuestEvent, { kind: 'told' | 'frozen' | 'finished' | 'failed' }>
  /** Since the one before, up to where the program stands: what comes next it has said by then. */
  | ({ readonly kind: 'told'; readonly packed: Float64Array } & Place)
  /** Of the trace that ends with the very next message; only where one is recorded, and then always. */
  | { readonly kind: 'inputs'; readonly packed: Float64Array }
  | { readonly kind: 'finished'; readonly resultJson: string; readonly fuelUsed: number; readonly stateHash: string }
  | { readonly kind: 'frozen'; readonly image: PackedImage; readonly gone: Uint32Array | null }
  | { readonly kind: 'failed'; readonly code: OwnFailure; readonly reason: string; readonly fuelUsed: number }

/** What a worker says before it is a guest: its engine is ready, or will be said not to be when the order comes. */
export interface Prepared {
  readonly kind: 'prepared'
}

export const isPrepared = (message: unknown): boolean =>
  reading('BREACH', () => oneOf(record(message, 'prepared', ['kind']).kind, 'kind', ['prepared'])).ok

export type OwnFailure = Exclude<GuestFailure, 'UNRESPONSIVE' | 'BREACH'>

const OWN_FAILURES = [
  'THROWN',
  'QUOTA',
  'TRAP',
  'UNENCODABLE',
  'DEADLOCK',
  'LOAD',
  'ASTRAY',
] as const satisfies readonly OwnFailure[]
const LEVELS = ['log', 'info', 'warn', 'error', 'debug'] as const
const KINDS = [
  'ready',
  'call',
  'console',
  'pulse',
  'full',
  'told',
  'inputs',
  'frozen',
  'finished',
  'failed',
] as const satisfies readonly GuestMessage['kind'][]

/** A guest's message, read: what it has frozen may still lack the pages that have not changed. */
export type GuestReport =
  | Exclude<GuestEvent, { kind: 'frozen' | 'told' }>
  | { readonly kind: 'told'; readonly inputs: readonly ReportedInput[]; readonly until: Place }
  | { readonly kind: 'inputs'; readonly inputs: readonly ReportedInput[] }
  | { readonly kind: 'frozen'; readonly image: MachineImage; readonly gone: Uint32Array | null }

export const parseGuestMessage = (message: unknown): Result<GuestReport, 'BREACH'> =>
  reading('BREACH', () => readMessage(message))

function readMessage(message: unknown): GuestReport {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return misshapen('message has no kind')
  const kind = oneOf(message.kind, 'kind', KINDS)
  switch (kind) {
    case 'ready':
    case 'full':
      record(message, kind, ['kind'])
      return { kind }
    case 'told': {
      const { packed, fuelUsed, standing } = record(message, kind, ['kind', 'packed', 'fuelUsed', 'standing'])
      return { kind, inputs: readReported(packed), until: readPlace(fuelUsed, standing) }
    }
    case 'inputs':
      return { kind, inputs: readReported(record(message, kind, ['kind', 'packed']).packed) }
    case 'call': {
      const { call, again } = record(message, kind, ['kind', 'call', 'again'])
      const { request, name, argsJson } = record(call, 'call', ['request', 'name', 'argsJson'])
      return {
        kind,
        call: {
          request: whole(request, 'request', 1, Number.MAX_SAFE_INTEGER),
          name: text(name, 'name', CALL_NAME_LENGTH_MAX),
          argsJson: text(argsJson, 'argsJson', CALL_ARGS_LENGTH_MAX),
        },
        again: flag(again, 'again'),
      }
    }
    case 'console': {
      const line = record(message, kind, ['kind', 'level', 'text'])
      return { kind, level: oneOf(line.level, 'level', LEVELS), text: text(line.text, 'text', CONSOLE_LENGTH_MAX) }
    }
    case 'pulse': {
      const pulse = record(message, kind, ['kind', 'fuelUsed', 'sentBytes'])
      return {
        kind,
        fuelUsed: readFuel(pulse.fuelUsed),
        sentBytes: whole(pulse.sentBytes, 'sentBytes', 0, Number.MAX_SAFE_INTEGER),
      }
    }
    case 'frozen':
      return readFrozen(record(message, kind, ['kind', 'image', 'gone']))
    case 'finished': {
      const end = record(message, kind, ['kind', 'resultJson', 'fuelUsed', 'stateHash'])
      return {
        kind,
        resultJson: text(end.resultJson, 'resultJson', RESULT_LENGTH_MAX),
        fuelUsed: readFuel(end.fuelUsed),
        stateHash: text(end.stateHash, 'stateHash', STATE_HASH_LENGTH_MAX),
      }
    }
    case 'failed': {
      const end = record(message, kind, ['kind', 'code', 'reason', 'fuelUsed'])
      return {
        kind,
        code: oneOf(end.code, 'code', OWN_FAILURES),
        reason: text(end.reason, 'reason', REASON_LENGTH_MAX),
        fuelUsed: readFuel(end.fuelUsed),
      }
    }
  }
}

function readFrozen(frozen: Readonly<Record<'image' | 'gone', unknown>>): GuestReport {
  const image = readImage(frozen.image)
  return { kind: 'frozen', image, gone: readGone(frozen.gone, image.memoryPages) }
}

const readFuel = (value: unknown): number => whole(value, 'fuelUsed', 0, Number.MAX_SAFE_INTEGER)
