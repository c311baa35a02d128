import { afterEach, describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { FRAME_BYTES_MAX } from '../../src/wire/limits.ts'
import { type Channel, ChannelClosedError, type Transport } from '../../src/wire/transport.ts'

/** A network in which hosts come on line, each under an address of its own. Fresh for every test. */
export interface TransportPlace {
  join(): Promise<Transport>
  /** An address under which nobody is on line. */
  nobody(): string
  close(): Promise<void>
}

const filled = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7) & 0xff)

/** Collects the frames of a channel and lets a test wait for the next ones. */
function reader(channel: Channel): { next(): Promise<Uint8Array>; readonly frames: Uint8Array[] } {
  const frames: Uint8Array[] = []
  const waiting: ((frame: Uint8Array) => void)[] = []
  let read = 0
  channel.receive((frame) => {
    frames.push(frame)
    const resolve = waiting.shift()
    if (resolve) {
      read++
      resolve(frame)
    }
  })
  return {
    frames,
    next() {
      const frame = frames[read]
      if (frame) {
        read++
        return Promise.resolve(frame)
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}

/** Every adapter of src/wire/transport.ts passes this. */
export function transportContract(name: string, newPlace: () => Promise<TransportPlace>): void {
  describe(`${name} keeps the contract of a transport`, () => {
    const places: TransportPlace[] = []
    const open = async (): Promise<TransportPlace> => {
      const place = await newPlace()
      places.push(place)
      return place
    }
    afterEach(async () => {
      for (const place of places.splice(0)) await place.close()
    })

    /** A and B on line, and a channel that A has dialled to B. */
    const pair = async (): Promise<{ a: Transport; b: Transport; near: Channel; far: Channel }> => {
      const place = await open()
      const a = await place.join()
      const b = await place.join()
      a.accept(() => {})
      const incoming = new Promise<Channel>((resolve) => b.accept(resolve))
      const near = await a.dial(b.address)
      return { a, b, near, far: await incoming }
    }

    it('names the other end and shows both ends the same two certificates', async () => {
      const { a, b, near, far } = await pair()
      expect(near.remoteAddress).toBe(b.address)
      expect(far.remoteAddress).toBe(a.address)
      expect(near.fingerprints.local.length).toBe(32)
      expect(equalBytes(near.fingerprints.local, far.fingerprints.remote)).toBe(true)
      expect(equalBytes(near.fingerprints.remote, far.fingerprints.local)).toBe(true)
      expect(equalBytes(near.fingerprints.local, near.fingerprints.remote)).toBe(false)
    })

    it('delivers frames whole and in order, both ways, from one byte to the largest', async () => {
      const { near, far } = await pair()
      const [atNear, atFar] = [reader(near), reader(far)]
      const sizes = [1, 2, 1000, FRAME_BYTES_MAX, 3, FRAME_BYTES_MAX - 1]
      for (const [i, size] of sizes.entries()) {
        await near.send(filled(size, i))
        await far.send(filled(size, i + 100))
      }
      for (const [i, size] of sizes.entries()) {
        expect(equalBytes(await atFar.next(), filled(size, i))).toBe(true)
        expect(equalBytes(await atNear.next(), filled(size, i + 100))).toBe(true)
      }
    })

    it('holds frames that arrive before anybody receives', async () => {
      const { near, far } = await pair()
      for (let i = 0; i < 8; i++) await near.send(filled(10, i))
      const answered = reader(near)
      const early = reader(far)
      await far.send(filled(1, 99))
      await answered.next()
      for (let i = 0; i < 8; i++) expect(await early.next()).toEqual(filled(10, i))
    })

    it('holds a channel that comes before anybody accepts', async () => {
      const place = await open()
      const [a, b] = [await place.join(), await place.join()]
      const near = await a.dial(b.address)
      const far = await new Promise<Channel>((resolve) => b.accept(resolve))
      const frames = reader(far)
      await near.send(filled(3, 1))
      expect(await frames.next()).toEqual(filled(3, 1))
    })

    it('has copied the bytes when send returns', async () => {
      const { near, far } = await pair()
      const frames = reader(far)
      const buffer = filled(500, 1)
      const sent = near.send(buffer)
      buffer.fill(0)
      await sent
      expect(equalBytes(await frames.next(), filled(500, 1))).toBe(true)
    })

    it('carries 16 MiB to a sender that waits for room, in order and complete', async () => {
      const { near, far } = await pair()
      let received = 0
      let inOrder = true
      const count = 256
      const all = new Promise<void>((resolve) =>
        far.receive((frame) => {
          inOrder &&= frame.length === FRAME_BYTES_MAX && frame[0] === (received & 0xff)
          received++
          if (received === count) resolve()
        }),
      )
      const frame = new Uint8Array(FRAME_BYTES_MAX)
      for (let i = 0; i < count; i++) {
        frame[0] = i & 0xff
        await near.send(frame)
      }
      await all
      expect(inOrder).toBe(true)
    })

    it('keeps the channels of one host to two others apart', async () => {
      const place = await open()
      const [a, b, c] = [await place.join(), await place.join(), await place.join()]
      const atB = new Promise<Channel>((resolve) => b.accept(resolve))
      const atC = new Promise<Channel>((resolve) => c.accept(resolve))
      const toB = await a.dial(b.address)
      const toC = await a.dial(c.address)
      const [readsB, readsC] = [reader(await atB), reader(await atC)]
      await toC.send(filled(3, 2))
      await toB.send(filled(3, 1))
      expect(await readsB.next()).toEqual(filled(3, 1))
      expect(await readsC.next()).toEqual(filled(3, 2))
    })

    it('tells both ends of a close, whoever closes', async () => {
      const { near, far } = await pair()
      far.receive(() => {})
      near.close()
      expect((await near.closed).reason).toEqual(expect.any(String))
      expect((await far.closed).reason).toEqual(expect.any(String))
    })

    it('rejects a send on a closed channel by name, at both ends', async () => {
      const { near, far } = await pair()
      far.close()
      await Promise.all([near.closed, far.closed])
      await expect(near.send(filled(1, 1))).rejects.toBeInstanceOf(ChannelClosedError)
      await expect(far.send(filled(1, 1))).rejects.toBeInstanceOf(ChannelClosedError)
    })

    it('delivers nothing at an end that has closed', async () => {
      const { near, far } = await pair()
      const frames = reader(far)
      await near.send(filled(1, 1))
      await frames.next()
      far.close()
      await near.send(filled(1, 2)).catch(() => {})
      await near.closed
      expect(frames.frames.length).toBe(1)
    })

    it('lets close be called twice, and from within receive', async () => {
      const { near, far } = await pair()
      far.receive(() => far.close())
      await near.send(filled(1, 1))
      await far.closed
      far.close()
      near.close()
      await near.closed
    })

    it('rejects a dial to an address where nobody is, by name', async () => {
      const place = await open()
      const a = await place.join()
      await expect(a.dial(place.nobody())).rejects.toBeInstanceOf(ChannelClosedError)
    })

    it('rejects a dial to itself, by name', async () => {
      const place = await open()
      const a = await place.join()
      a.accept(() => {})
      await expect(a.dial(a.address)).rejects.toBeInstanceOf(ChannelClosedError)
    })

    it('closes its channels when it closes, and dials no more', async () => {
      const { a, b, near, far } = await pair()
      await a.close()
      await near.closed
      await far.closed
      await expect(a.dial(b.address)).rejects.toBeInstanceOf(ChannelClosedError)
    })

    it('is no longer reached when it has closed', async () => {
      const place = await open()
      const a = await place.join()
      const b = await place.join()
      b.accept(() => {})
      await b.close()
      await expect(a.dial(b.address)).rejects.toBeInstanceOf(ChannelClosedError)
    })
  })
}
