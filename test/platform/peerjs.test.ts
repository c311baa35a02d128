import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { fingerprintOf } from '../../src/platform/peerjs/fingerprints.ts'
import type { ConnectionLike, PeerJsPowers, PeerLike } from '../../src/platform/peerjs/port.ts'
import { parseRendezvousUrl } from '../../src/platform/peerjs/rendezvous-url.ts'
import { goOnline } from '../../src/platform/peerjs/transport.ts'
import { CHALLENGE_NONCE_BYTES, nonceText } from '../../src/wire/challenge.ts'
import { OPEN_MS_MAX } from '../../src/wire/limits.ts'

const signerOf = (seed: number) => createSigner(generateSecretKey(seededRandom(seed)))
const [us, them] = [signerOf(1), signerOf(2)].map(({ did }) => addressOf(did)) as [string, string]

type Listeners = Map<string, ((value: never) => void)[]>
const emitter = () => {
  const listeners: Listeners = new Map()
  return {
    on: (event: string, listener: (value: never) => void) =>
      listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    emit: (event: string, value?: unknown) => {
      for (const listener of listeners.get(event) ?? []) listener(value as never)
    },
  }
}

/** PeerJS as the transport sees it, moved by hand. */
function fakePeer() {
  const events = emitter()
  const handled: unknown[] = []
  const connections = new Map<string, ConnectionLike & ReturnType<typeof emitter> & { closed: boolean }>()
  const peer = {
    ...events,
    open: false,
    disconnected: false,
    destroyed: false,
    options: { token: 'first' },
    reconnects: 0,
    handled,
    connections,
    _handleMessage: (message: unknown) => {
      handled.push(message)
    },
    connect(address: string) {
      const connection = {
        ...emitter(),
        peer: address,
        open: false,
        dataChannel: null,
        peerConnection: { signalingState: 'have-local-offer', localDescription: null, remoteDescription: null },
        closed: false,
        close() {
          this.closed = true
        },
      }
      connections.set(`dc_${connections.size}`, connection)
      return connection
    },
    getConnection: (_: string, id: string) => connections.get(id) ?? null,
    reconnect() {
      peer.reconnects++
      peer.disconnected = false
    },
    disconnect() {
      if (!peer.disconnected) peer.drop()
    },
    destroy() {
      peer.destroyed = true
    },
    goOnLine() {
      peer.open = true
      peer.disconnected = false
      events.emit('open')
    },
    drop() {
      peer.open = false
      peer.disconnected = true
      events.emit('disconnected')
    },
  }
  return peer
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function onLine(change: Partial<PeerJsPowers> = {}) {
  const time = new VirtualTime(settle)
  const peer = fakePeer()
  let challenges = 0
  const powers: PeerJsPowers = {
    newPeer: (): PeerLike => peer,
    async getJson(url) {
      if (url.endsWith('hosts')) return []
      if (!url.endsWith('challenge')) return { name: 'x', iceServers: [], authors: [] }
      challenges++
      return { nonce: nonceText(new Uint8Array(CHALLENGE_NONCE_BYTES).fill(challenges)) }
    },
    clock: time,
    timers: time,
    random: seededRandom(1),
    rtcConfig: {},
    connectionsMax: 10,
    ...change,
  }
  const going = goOnline(powers, { rendezvous: 'http://rendezvous.example', signer: signerOf(1) })
  await time.advance(1)
  peer.goOnLine()
  return { time, peer, transport: await going, challenges: () => challenges }
}

const offer = (connectionId: string, change: object = {}) => ({
  type: 'OFFER',
  src: them,
  payload: {
    sdp: { type: 'offer', sdp: 'v=0' },
    type: 'data',
    connectionId,
    label: 'sojourn',
    reliable: true,
    serialization: 'raw',
    ...change,
  },
})

describe('the guard before PeerJS', () => {
  it('lets an offer through only in our form', async () => {
    const { peer } = await onLine()
    peer._handleMessage(offer('dc_new', { serialization: 'binary' }))
    peer._handleMessage(offer('dc_new', { reliable: false }))
    peer._handleMessage({ ...offer('dc_new'), payload: null })
    expect(peer.handled).toEqual([])
    peer._handleMessage(offer('dc_new'))
    expect(peer.handled).toEqual([offer('dc_new')])
  })

  it('drops an offer that would close a connection that is there', async () => {
    const { peer, transport } = await onLine()
    transport.accept(() => {})
    transport.dial(them).catch(() => {})
    peer._handleMessage(offer('dc_0'))
    expect(peer.handled).toEqual([])
  })

  it('drops candidates of unknown connections, and those beyond a number', async () => {
    const { peer, transport } = await onLine()
    transport.dial(them).catch(() => {})
    const candidate = (connectionId: string) => ({
      type: 'CANDIDATE',
      src: them,
      payload: { candidate: { candidate: 'c' }, type: 'data', connectionId },
    })
    for (let i = 0; i < 100; i++) peer._handleMessage(candidate('dc_unknown'))
    expect(peer.handled.length).toBe(0)
    for (let i = 0; i < 100; i++) peer._handleMessage(candidate('dc_0'))
    expect(peer.handled.length).toBe(64)
  })

  it('drops an answer that nothing asked for', async () => {
    const { peer } = await onLine()
    const answer = { sdp: { type: 'answer', sdp: 'v=0' }, type: 'data', connectionId: 'dc_0' }
    peer._handleMessage({ type: 'ANSWER', src: them, payload: answer })
    expect(peer.handled).toEqual([])
  })

  it('drops LEAVE: no rendezvous ends a connection', async () => {
    const { peer } = await onLine()
    peer._handleMessage({ type: 'LEAVE', src: them })
    expect(peer.handled).toEqual([])
  })

  it('drops what comes too fast', async () => {
    const { peer, transport, time } = await onLine()
    transport.accept(() => {})
    for (let i = 0; i < 2_000; i++) peer._handleMessage({ type: 'nonsense' })
    peer._handleMessage(offer('dc_new'))
    expect(peer.handled).toEqual([])
    await time.advance(1_000)
    peer._handleMessage(offer('dc_new'))
    expect(peer.handled.length).toBe(1)
  })
})

describe('the PeerJS transport', () => {
  it('fails a dial at once when the rendezvous knows nobody there', async () => {
    const { peer, transport } = await onLine()
    const dial = transport.dial(them)
    peer._handleMessage({ type: 'EXPIRE', src: them, dst: us })
    await expect(dial).rejects.toThrow(`dial ${them}: not on line`)
    expect(peer.connections.get('dc_0')?.closed).toBe(true)
  })

  it('waits for a description that the browser shows late, and loses no frame meanwhile', async () => {
    const { peer, transport, time } = await onLine()
    const dial = transport.dial(them)
    const connection = peer.connections.get('dc_0')
    if (!connection) throw new Error('no connection')
    const sdp = (byte: string) => ({ sdp: `a=fingerprint:sha-256 ${Array(32).fill(byte).join(':')}\r\n` })
    const dataChannel = { addEventListener: () => {}, bufferedAmount: 0 }
    const peerConnection = { localDescription: sdp('AA'), remoteDescription: null as object | null }
    Object.assign(connection, { open: true, dataChannel, peerConnection })
    connection.emit('open')
    connection.emit('data', Uint8Array.of(7).buffer)
    await time.advance(12)
    peerConnection.remoteDescription = sdp('BB')
    await time.advance(12)
    const channel = await dial
    expect(channel.fingerprints.remote).toEqual(new Uint8Array(32).fill(0xbb))
    const frames: Uint8Array[] = []
    channel.receive((frame) => frames.push(frame))
    expect(frames).toEqual([Uint8Array.of(7)])
  })

  it('fails a dial that does not open in time, and closes what PeerJS would keep', async () => {
    const { peer, transport, time } = await onLine()
    const dial = transport.dial(them).catch((error: Error) => error.message)
    await time.advance(OPEN_MS_MAX + 1)
    expect(await dial).toContain('not open after OPEN_MS_MAX')
    expect(peer.connections.get('dc_0')?.closed).toBe(true)
  })

  it('makes no more connections than a page may have in its life', async () => {
    const { transport } = await onLine({ connectionsMax: 2 })
    for (let i = 0; i < 2; i++) transport.dial(them).catch(() => {})
    await expect(transport.dial(them)).rejects.toThrow('connectionsMade 2 >= 2: reload the page')
    expect(transport.connectionsMade).toBe(2)
  })

  it('comes back with a new answer to a new challenge, later each time', async () => {
    const { peer, time, challenges } = await onLine()
    const first = peer.options.token
    const waits: number[] = []
    for (let attempt = 1; attempt <= 5; attempt++) {
      peer.drop()
      const fromMs = time.nowMs()
      await time.runUntil(() => peer.reconnects === attempt, 60_000)
      waits.push(time.nowMs() - fromMs)
    }
    expect(challenges()).toBe(6)
    expect(peer.options.token).not.toBe(first)
    for (const [i, waitMs] of waits.entries()) {
      const middleMs = 500 * 2 ** i
      expect(waitMs).toBeGreaterThanOrEqual(middleMs * 0.5)
      expect(waitMs).toBeLessThanOrEqual(middleMs * 1.5)
    }
    peer.goOnLine()
    peer.drop()
    const fromMs = time.nowMs()
    await time.runUntil(() => peer.reconnects === 6, 60_000)
    expect(time.nowMs() - fromMs).toBeLessThanOrEqual(750)
  })

  it('tries again when the rendezvous takes the socket and says nothing', async () => {
    const { peer, time } = await onLine()
    peer.drop()
    await time.runUntil(() => peer.reconnects === 1, 60_000)
    expect(await time.runUntil(() => peer.reconnects === 2, 60_000)).toBe(true)
  })

  it('begins anew when the rendezvous has lost it', async () => {
    const { peer, transport, time } = await onLine()
    expect(await transport.hosts()).toEqual([])
    expect(transport.isOnline).toBe(false)
    expect(await time.runUntil(() => peer.reconnects === 1, 60_000)).toBe(true)
  })

  it('stays away once it is closed', async () => {
    const { peer, transport, time } = await onLine()
    peer.drop()
    const closing = transport.close()
    await time.advance(60_000)
    await closing
    expect([peer.reconnects, peer.destroyed]).toEqual([0, true])
  })

  it('asks PeerJS for no ICE servers but those of the cluster', async () => {
    let config: unknown
    const peer = fakePeer()
    await onLine({
      newPeer: (_, options) => {
        config = options.config
        settle().then(() => peer.goOnLine())
        return peer
      },
    })
    expect(config).toEqual({ iceServers: [] })
  })
})

describe('a fingerprint in a description', () => {
  const line = (byte: string, hash = 'sha-256', count = 32) =>
    `a=fingerprint:${hash} ${Array(count).fill(byte).join(':')}\r\n`

  it('is the SHA-256 that all its lines agree on', () => {
    expect(fingerprintOf(`v=0\r\n${line('AB')}m=application\r\n${line('ab')}`)).toEqual({
      ok: true,
      value: new Uint8Array(32).fill(0xab),
    })
  })

  it('is refused when there are two, none, another hash or another length', () => {
    expect(fingerprintOf(line('AB') + line('CD'))).toMatchObject({
      reason: 'description has two different fingerprints',
    })
    expect(fingerprintOf('v=0\r\n')).toMatchObject({ reason: 'description has no fingerprint' })
    expect(fingerprintOf(line('AB', 'sha-1', 20))).toMatchObject({ reason: 'fingerprint is not a sha-256' })
    expect(fingerprintOf(line('AB') + line('CD', 'sha-512', 64))).toMatchObject({ ok: false })
    expect(fingerprintOf(line('AB', 'sha-256', 31))).toMatchObject({ reason: 'fingerprint is not 32 bytes' })
  })
})

describe('the URL of a rendezvous', () => {
  it('is taken in every form that people paste', () => {
    const name = (text: string) => {
      const place = parseRendezvousUrl(text)
      return place.ok ? `${place.value.httpUrl} ${place.value.name}` : place.reason
    }
    expect(name('http://127.0.0.1:9000')).toBe('http://127.0.0.1:9000/ 127.0.0.1:9000')
    expect(name('wss://Grid.example')).toBe('https://grid.example/ grid.example')
    expect(name('https://grid.example:443/a/b')).toBe('https://grid.example/a/b/ grid.example')
    expect(name('ws://[::1]:80/')).toBe('http://[::1]/ [::1]')
    for (const bad of ['ftp://x', 'grid.example', 'http://', 'http://x:0', 'http://x:99999', 'http://u:p@x']) {
      expect(parseRendezvousUrl(bad).ok, bad).toBe(false)
    }
  })
})
