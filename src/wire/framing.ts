import type { Clock } from '../base/clock.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { announcedBytes, type HeaderFault } from './header.ts'
import { FRAME_BYTES_MAX, MESSAGE_MS_MAX } from './limits.ts'

/**
 * Messages to frames and back. A message begins a frame of its own; every frame of it but the last is full. So one
 * message has exactly one cutting, nobody can send it a byte at a time, and the receiver needs no frame header.
 * Knows of a message's header only the announced length.
 */
export function* cutFrames(message: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < message.length; at += FRAME_BYTES_MAX) yield message.subarray(at, at + FRAME_BYTES_MAX)
}

export type FramingFault = HeaderFault | 'FRAME' | 'SLOW'

export interface Assembler {
  /** The message that this frame completes, or null while more frames of it are to come. After a refusal: garbage. */
  add(frame: Uint8Array): Result<Uint8Array | null, FramingFault>
  /** When the message under way must be whole, on the clock; null when none is under way. */
  readonly deadlineMs: number | null
}

/** `clock` dates the first frame of a message: one that is not whole after MESSAGE_MS_MAX is refused. */
export function createAssembler(clock: Clock): Assembler {
  let message: Uint8Array | null = null
  let filled = 0
  let deadlineMs: number | null = null
  return {
    get deadlineMs() {
      return deadlineMs
    },
    add(frame) {
      if (frame.length > FRAME_BYTES_MAX)
        return refuse('FRAME', `frameBytes ${frame.length} > FRAME_BYTES_MAX ${FRAME_BYTES_MAX}`)
      if (message === null) {
        const announced = announcedBytes(frame)
        if (!announced.ok) return announced
        if (frame.length > announced.value)
          return refuse('LENGTH', `frameBytes ${frame.length} > announcedBytes ${announced.value}`)
        if (frame.length === announced.value) return accept(frame)
        if (frame.length < FRAME_BYTES_MAX) return notFull(frame.length, announced.value)
        message = new Uint8Array(announced.value)
        deadlineMs = clock.nowMs() + MESSAGE_MS_MAX
      } else if (deadlineMs !== null && clock.nowMs() > deadlineMs) {
        return refuse('SLOW', `message of ${message.length} bytes has ${filled} after MESSAGE_MS_MAX ${MESSAGE_MS_MAX}`)
      }
      const missing = message.length - filled
      if (frame.length > missing) return refuse('LENGTH', `frameBytes ${frame.length} > missingBytes ${missing}`)
      if (frame.length < missing && frame.length < FRAME_BYTES_MAX) return notFull(frame.length, missing)
      message.set(frame, filled)
      filled += frame.length
      if (filled < message.length) return accept(null)
      const whole = message
      message = null
      filled = 0
      deadlineMs = null
      return accept(whole)
    },
  }
}

const notFull = (frameBytes: number, missingBytes: number): Result<never, 'FRAME'> =>
  refuse('FRAME', `frameBytes ${frameBytes} < ${Math.min(missingBytes, FRAME_BYTES_MAX)} before the end of its message`)
