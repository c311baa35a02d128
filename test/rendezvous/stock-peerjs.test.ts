import { createRequire } from 'node:module'
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { addressOf } from '../../src/identity/did.ts'
import { loadWithWebRtc } from '../../src/platform/node/webrtc.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import { signerOf, tokenOf } from './client.ts'
import { quiet } from './quiet.ts'

// Real connections on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 })

/** PeerJS as npm has it, without our guard or channel: only its `token` option is ours. */
interface StockPeer {
  on(event: string, listener: (value: never) => void): void
  connect(address: string, options: object): StockConnection
  reconnect(): void
  disconnect(): void
  destroy(): void
  readonly options: { token: string }
}
interface StockConnection {
  on(event: string, listener: (value: never) => void): void
  send(data: unknown): void
}

const once = <T>(emitter: { on(event: string, listener: (value: never) => void): void }, event: string): Promise<T> =>
  new Promise((resolve) => emitter.on(event, resolve as (value: never) => void))

describe('the unmodified PeerJS client', () => {
  it('comes on line, connects, talks, and comes back after its line dropped', async () => {
    Object.assign(globalThis, { WebSocket })
    const { Peer } = loadWithWebRtc(() => createRequire(import.meta.url)('peerjs')) as {
      Peer: new (id: string, options: object) => StockPeer
    }
    const rendezvous = await serve({ log: quiet })
    const join = async (seed: number): Promise<{ peer: StockPeer; address: string }> => {
      const address = addressOf(signerOf(seed).did)
      const token = await tokenOf(rendezvous.url, signerOf(seed))
      const config = { iceServers: [], bindAddress: '127.0.0.1' }
      const peer = new Peer(address, {
        host: '127.0.0.1',
        port: rendezvous.port,
        path: '/',
        secure: false,
        token,
        config,
      })
      expect(await once(peer, 'open')).toBe(address)
      return { peer, address }
    }
    const a = await join(1)
    const b = await join(2)
    const incoming = once<StockConnection>(b.peer, 'connection')
    const near = a.peer.connect(b.address, { reliable: true, serialization: 'json' })
    await once(near, 'open')
    const far = await incoming
    const heard = once(far, 'data')
    near.send({ hello: 'there' })
    expect(await heard).toEqual({ hello: 'there' })

    a.peer.disconnect()
    a.peer.options.token = await tokenOf(rendezvous.url, signerOf(1))
    const back = once(a.peer, 'open')
    a.peer.reconnect()
    expect(await back).toBe(a.address)
    const still = once(near, 'data')
    far.send({ still: 'here' })
    expect(await still).toEqual({ still: 'here' })

    const unavailable = once<{ type: string }>(a.peer, 'error')
    a.peer.connect(addressOf(signerOf(9).did), { reliable: true })
    expect((await unavailable).type).toBe('peer-unavailable')

    a.peer.destroy()
    b.peer.destroy()
    await rendezvous.close()
  })
})
