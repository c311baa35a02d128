import { describe, expect, it } from 'vitest'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { ConnectionChannel } from '../../src/platform/peerjs/channel.ts'
import { SILENT_TICKS_MAX, TICK_MS } from '../../src/platform/peerjs/limits.ts'
import { BUFFERED_BYTES_HIGH, FRAME_BYTES_MAX, HELD_FRAMES_MAX } from '../../src/wire/limits.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A channel over a connection that the test moves by hand. */
function make() {
  const time = new VirtualTime(settle)
  const sent: unknown[] = []
  const listeners = new Map<string, ((value: never) => void)[]>()
  const on = (event: string, listener: (value: never) => void) =>
    listeners.set(event, [...(listeners.get(event) ?? []), listener])
  const emit = (event: string, value?: unknown) => {
    for (const listener of listeners.get(event) ?? []) listener(value as never)
  }
  const dataChannel = {
    readyState: 'open',
    bufferedAmount: 0,
    bufferedAmountLowThreshold: 0,
    send: (data: unknown) => void sent.push(data),
    addEventListener: (event: string, listener: () => void) => void on(`dc ${event}`, listener),
    close: () => {},
  }
  const connection = {
    peer: 'z',
    open: true,
    dataChannel,
    peerConnection: null,
    closed: false,
    on,
    close() {
      if (!this.closed) emit('close')
      this.closed = true
    },
  }
  const channel = new ConnectionChannel(connection, dataChannel, time)
  return { time, sent, emit, dataChannel, connection, channel }
}

describe('a PeerJS channel', () => {
  it('is dead when nothing answers for some ticks', async () => {
    const { time, sent, channel, connection } = make()
    await time.advance(TICK_MS * (SILENT_TICKS_MAX + 1))
    expect(sent).toEqual(Array(SILENT_TICKS_MAX - 1).fill('ping'))
    expect((await channel.closed).reason).toContain('no sign of life')
    expect(connection.closed).toBe(true)
  })

  it('lives while it is answered, or while its frames are taken', async () => {
    const { time, emit, connection, dataChannel } = make()
    for (let i = 0; i < 20; i++) {
      emit('data', 'pong')
      await time.advance(TICK_MS * 3)
    }
    dataChannel.bufferedAmount = 1_000
    for (let i = 0; i < 20; i++) {
      dataChannel.bufferedAmount -= 10
      await time.advance(TICK_MS)
    }
    expect(connection.closed).toBe(false)
    await time.advance(TICK_MS * 10)
    expect(connection.closed).toBe(true)
  })

  it('answers one ping a tick', async () => {
    const { time, sent, emit } = make()
    for (let i = 0; i < 100; i++) emit('data', 'ping')
    expect(sent).toEqual(['pong'])
    await time.advance(TICK_MS)
    emit('data', 'ping')
    expect(sent).toEqual(['pong', 'pong'])
  })

  it('asks the other end to close behind its frames, and closes itself when that does not', async () => {
    const { time, sent, channel, connection } = make()
    await channel.send(Uint8Array.of(1))
    channel.close()
    expect(sent).toEqual([Uint8Array.of(1), 'bye'])
    expect((await channel.closed).reason).toBe('closed here')
    expect(connection.closed).toBe(false)
    await time.advance(1_001)
    expect(connection.closed).toBe(true)
  })

  it('closes when it is asked to, or told nonsense, or sent too much', async () => {
    for (const data of ['bye', 'nonsense', new ArrayBuffer(FRAME_BYTES_MAX + 1), { blob: true }]) {
      const { time, emit, channel, connection } = make()
      emit('data', data)
      await channel.closed
      await time.advance(1_001)
      expect(connection.closed).toBe(true)
    }
  })

  it('closes when more frames come than it holds for who does not receive yet', async () => {
    const { emit, channel } = make()
    for (let i = 0; i <= HELD_FRAMES_MAX; i++) emit('data', new ArrayBuffer(1))
    await channel.closed
  })

  it('lets the sender go on when there is room again, and when it has closed', async () => {
    const { emit, channel, dataChannel } = make()
    dataChannel.bufferedAmount = BUFFERED_BYTES_HIGH + 1
    let sent = false
    const sending = channel.send(Uint8Array.of(1)).then(() => {
      sent = true
    })
    await settle()
    expect(sent).toBe(false)
    dataChannel.bufferedAmount = 0
    emit('dc bufferedamountlow')
    await sending
    dataChannel.bufferedAmount = BUFFERED_BYTES_HIGH + 1
    const stuck = channel.send(Uint8Array.of(1))
    emit('close')
    await expect(stuck).rejects.toThrow('is closed')
  })
})
