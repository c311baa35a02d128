import { assert, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/clock.ts'
import { createAssembler, cutFrames } from '../../src/wire/framing.ts'
import { HEADER_BYTES, KIND_ASYNC, KIND_REPLY, MAGIC, VERSION, writeHeader } from '../../src/wire/header.ts'
import { FRAME_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGE_MS_MAX } from '../../src/wire/limits.ts'

const still: Clock = { nowMs: () => 0, wallMs: () => 0 }

/** A message with a good header and this many bytes in all. */
function message(length: number): Uint8Array {
  const numbers = {
    kind: KIND_ASYNC,
    hostKey: new Uint8Array(32),
    age: 1,
    sequence: 1,
    messageId: 64,
    to: 0,
    errorId: 0,
  } as const
  const bytes = writeHeader(numbers, length - HEADER_BYTES)
  for (let i = HEADER_BYTES; i < length; i++) bytes[i] = (i * 7) & 0xff
  return bytes
}

/** All messages that come out, or the first refusal. */
function assemble(frames: Iterable<Uint8Array>, clock = still): Uint8Array[] | string {
  const assembler = createAssembler(clock)
  const whole: Uint8Array[] = []
  for (const frame of frames) {
    const result = assembler.add(frame)
    if (!result.ok) return `${result.code}: ${result.reason}`
    if (result.value) whole.push(result.value)
  }
  return whole
}

const LENGTHS = [HEADER_BYTES, 1000, FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1, 2 * FRAME_BYTES_MAX, MESSAGE_BYTES_MAX]

describe('framing', () => {
  it('brings back every message, one after the other, at all the edges', () => {
    const messages = LENGTHS.map(message)
    const frames = messages.flatMap((bytes) => [...cutFrames(bytes)])
    expect(frames.every(({ length }) => length <= FRAME_BYTES_MAX)).toBe(true)
    const whole = assemble(frames)
    expect(whole.length).toBe(messages.length)
    for (const [i, bytes] of messages.entries()) expect(equalBytes(whole[i] as Uint8Array, bytes)).toBe(true)
  })

  it('never throws and never makes up a message, whatever comes', () => {
    assert(
      property(uint8Array({ maxLength: 300 }), (bytes) => {
        const result = assemble([bytes])
        if (typeof result !== 'string') expect(result.every((whole) => whole.length === bytes.length)).toBe(true)
      }),
    )
  })
})

/** A first frame that announces a length. */
function announcing(length: number, frameBytes = HEADER_BYTES): Uint8Array {
  const frame = new Uint8Array(frameBytes)
  const view = new DataView(frame.buffer)
  view.setUint16(0, MAGIC)
  view.setUint8(2, VERSION)
  view.setUint8(3, KIND_ASYNC)
  view.setUint32(4, length)
  return frame
}

describe('framing refuses', () => {
  it('an announced gigabyte before anything is allocated', () => {
    for (const length of [2 ** 30, 2 ** 31, 2 ** 32 - 1, MESSAGE_BYTES_MAX + 1]) {
      expect(assemble([announcing(length)])).toBe(
        `LENGTH: announcedBytes ${length} > MESSAGE_BYTES_MAX ${MESSAGE_BYTES_MAX}`,
      )
    }
  })

  it('a length below its own header', () => {
    for (const length of [0, 1, HEADER_BYTES - 1]) {
      expect(assemble([announcing(length)])).toBe(`LENGTH: announcedBytes ${length} < header ${HEADER_BYTES}`)
    }
  })

  it('a frame longer than what is announced, at the start and at the end', () => {
    expect(assemble([announcing(100, 101)])).toBe('LENGTH: frameBytes 101 > announcedBytes 100')
    const [first] = cutFrames(message(FRAME_BYTES_MAX + 10))
    expect(assemble([first as Uint8Array, new Uint8Array(11)])).toBe('LENGTH: frameBytes 11 > missingBytes 10')
  })

  it('a message dribbled in small frames', () => {
    expect(assemble([announcing(1000, 500)])).toBe('FRAME: frameBytes 500 < 1000 before the end of its message')
    const [first] = cutFrames(message(3 * FRAME_BYTES_MAX))
    expect(assemble([first as Uint8Array, new Uint8Array(1)])).toContain('FRAME: frameBytes 1 < 65536')
  })

  it('a frame larger than frames are, and one too small for a header', () => {
    expect(assemble([new Uint8Array(FRAME_BYTES_MAX + 1)])).toContain('FRAME: frameBytes 65537 > FRAME_BYTES_MAX')
    expect(assemble([announcing(54, 53)])).toBe('LENGTH: frameBytes 53 < header 54')
    expect(assemble([new Uint8Array(0)])).toContain('MAGIC')
  })

  it('another magic, version or kind', () => {
    expect(assemble([Uint8Array.of(0, 0, 0, 0)])).toBe('MAGIC: magic 0x0 != 0x534a')
    expect(assemble([Uint8Array.of(0x53, 0x4a, 9, 1)])).toBe('VERSION: version 9 != 1')
    expect(assemble([Uint8Array.of(0x53, 0x4a, 1, 77)])).toBe('KIND: kind 77 is not a message')
    expect(assemble([Uint8Array.of(0x53, 0x4a, 1, KIND_REPLY)])).toBe('LENGTH: frameBytes 4 < header 64')
  })

  it('a message whose rest comes too late', () => {
    let nowMs = 0
    const clock: Clock = { nowMs: () => nowMs, wallMs: () => 0 }
    const assembler = createAssembler(clock)
    const [first, second] = cutFrames(message(2 * FRAME_BYTES_MAX)) as unknown as [Uint8Array, Uint8Array]
    expect(assembler.add(first)).toEqual({ ok: true, value: null })
    nowMs = MESSAGE_MS_MAX + 1
    expect(assembler.add(second)).toMatchObject({ ok: false, code: 'SLOW' })
  })
})
