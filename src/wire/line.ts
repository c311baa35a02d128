import { accept, type Result, refuse } from '../base/result.ts'
import type { Line } from './handshake.ts'
import { HELD_FRAMES_MAX } from './limits.ts'
import type { Channel } from './transport.ts'

/**
 * A channel read frame by frame, for the handshake, and then handed over to a listener without losing one. Holds at
 * most HELD_FRAMES_MAX frames; a host that sends more before it is known is cut off.
 */
export interface ChannelLine extends Line {
  /** From now on `next` answers TIMEOUT. */
  expire(reason: string): void
  /** All frames not yet read, and all later ones, go to the listener. Ends the use of `next`. */
  divert(onFrame: (frame: Uint8Array) => void): void
}

export function createLine(channel: Channel): ChannelLine {
  const held: Uint8Array[] = []
  let over: Result<never, 'TIMEOUT' | 'CLOSED'> | null = null
  let waiting: ((frame: Result<Uint8Array, 'TIMEOUT' | 'CLOSED'>) => void) | null = null
  let listener: ((frame: Uint8Array) => void) | null = null

  const finish = (end: Result<never, 'TIMEOUT' | 'CLOSED'>): void => {
    over ??= end
    waiting?.(over)
    waiting = null
  }
  channel.closed.then(({ reason }) => finish(refuse('CLOSED', reason)))
  channel.receive((frame) => {
    if (listener) {
      listener(frame)
    } else if (waiting) {
      const resolve = waiting
      waiting = null
      resolve(accept(frame))
    } else if (held.length < HELD_FRAMES_MAX) {
      held.push(frame)
    } else {
      channel.close()
    }
  })
  return {
    send(frame) {
      channel.send(frame).catch(() => {}) // a closed channel is told by `closed`
    },
    async next() {
      const frame = held.shift()
      if (frame) return accept(frame)
      if (over) return over
      return new Promise((resolve) => {
        waiting = resolve
      })
    },
    expire: (reason) => finish(refuse('TIMEOUT', reason)),
    divert(onFrame) {
      for (const frame of held.splice(0)) onFrame(frame)
      listener = onFrame
    },
  }
}
