import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'

/**
 * A TURN server for one test (RFC 8656 over UDP, long-term credentials), as small as two WebRTC implementations let it be:
 * allocations without end, any peer. Counts what it relays.
 */
export interface Turn {
  readonly url: string
  readonly username: string
  readonly credential: string
  readonly relayedBytes: number
  close(): Promise<void>
}

const COOKIE = 0x2112a442
const REALM = 'test'
const ATTRIBUTE = {
  username: 0x06,
  integrity: 0x08,
  error: 0x09,
  channel: 0x0c,
  lifetime: 0x0d,
  peer: 0x12,
  data: 0x13,
  realm: 0x14,
  nonce: 0x15,
  relayed: 0x16,
  mapped: 0x20,
} as const
const METHOD = { binding: 1, allocate: 3, refresh: 4, send: 6, data: 7, permit: 8, bindChannel: 9 } as const
const INDICATION = 0x10
const SUCCESS = 0x100
const FAILURE = 0x110

interface Endpoint {
  readonly address: string
  readonly port: number
}

interface Allocation {
  readonly socket: Socket
  readonly permitted: Set<string>
  readonly peers: Map<number, Endpoint>
  readonly channels: Map<string, number>
}

const nameOf = ({ address, port }: Endpoint): string => `${address}:${port}`

/** Listens at one address and relays from another. */
export async function openTurn(address: string, relayAddress: string): Promise<Turn> {
  const [username, credential, nonce] = ['traveller', 'secret', randomBytes(8).toString('hex')]
  const key = createHash('md5').update(`${username}:${REALM}:${credential}`).digest()
  const server = createSocket('udp4')
  const allocations = new Map<string, Allocation>()
  let relayedBytes = 0

  const say = (
    to: Endpoint,
    type: number,
    transaction: Buffer,
    attributes: readonly Buffer[],
    signed: boolean,
  ): void => {
    const body = Buffer.concat(attributes)
    const head = Buffer.alloc(20)
    head.writeUInt16BE(type, 0)
    head.writeUInt16BE(body.length + (signed ? 24 : 0), 2)
    head.writeUInt32BE(COOKIE, 4)
    transaction.copy(head, 8)
    const message = Buffer.concat([head, body])
    const proof = signed
      ? attribute(ATTRIBUTE.integrity, createHmac('sha1', key).update(message).digest())
      : Buffer.alloc(0)
    server.send(Buffer.concat([message, proof]), to.port, to.address)
  }

  const allocate = async (client: Endpoint): Promise<Allocation> => {
    const socket = createSocket('udp4')
    const made: Allocation = { socket, permitted: new Set(), peers: new Map(), channels: new Map() }
    socket.on('message', (data, peer) => {
      if (!made.permitted.has(peer.address)) return
      relayedBytes += data.length
      const channel = made.channels.get(nameOf(peer))
      if (channel !== undefined) {
        const head = Buffer.alloc(4)
        head.writeUInt16BE(channel, 0)
        head.writeUInt16BE(data.length, 2)
        return server.send(Buffer.concat([head, data]), client.port, client.address)
      }
      const attributes = [attribute(ATTRIBUTE.peer, xored(peer)), attribute(ATTRIBUTE.data, data)]
      say(client, METHOD.data | INDICATION, randomBytes(12), attributes, false)
    })
    await new Promise<void>((resolve) => socket.bind(0, relayAddress, resolve))
    allocations.set(nameOf(client), made)
    return made
  }

  const answer = async (message: Buffer, client: RemoteInfo): Promise<void> => {
    const here = allocations.get(nameOf(client))
    const first = message[0] ?? 0
    if (first >= 0x40 && first < 0x80) {
      const peer = here?.peers.get(message.readUInt16BE(0))
      if (peer) here?.socket.send(message.subarray(4, 4 + message.readUInt16BE(2)), peer.port, peer.address)
      return
    }
    if (message.length < 20 || message.readUInt32BE(4) !== COOKIE) return
    const type = message.readUInt16BE(0)
    const transaction = message.subarray(8, 20)
    const told = attributesOf(message)
    const peer = told.get(ATTRIBUTE.peer)
    if (type === (METHOD.send | INDICATION)) {
      const data = told.get(ATTRIBUTE.data)
      const to = peer && unxored(peer)
      if (data && to) here?.socket.send(data, to.port, to.address)
      return
    }
    const mapped = attribute(ATTRIBUTE.mapped, xored(client))
    if (type === METHOD.binding) return say(client, type | SUCCESS, transaction, [mapped], false)
    if (!told.has(ATTRIBUTE.integrity)) {
      const attributes = [
        attribute(ATTRIBUTE.error, Buffer.concat([Buffer.of(0, 0, 4, 1), Buffer.from('Unauthorized')])),
        attribute(ATTRIBUTE.realm, Buffer.from(REALM)),
        attribute(ATTRIBUTE.nonce, Buffer.from(nonce)),
      ]
      return say(client, type | FAILURE, transaction, attributes, false)
    }
    if (!isSigned(message, key)) return
    const lifetime = attribute(ATTRIBUTE.lifetime, Buffer.of(0, 0, 2, 88))
    if (type === METHOD.allocate) {
      const { socket } = here ?? (await allocate(client))
      const relayed = attribute(ATTRIBUTE.relayed, xored({ address: relayAddress, port: socket.address().port }))
      return say(client, type | SUCCESS, transaction, [relayed, lifetime, mapped], true)
    }
    if (peer) here?.permitted.add(unxored(peer).address)
    const channel = told.get(ATTRIBUTE.channel)?.readUInt16BE(0)
    if (type === METHOD.bindChannel && here && peer && channel !== undefined) {
      here.peers.set(channel, unxored(peer))
      here.channels.set(nameOf(unxored(peer)), channel)
    }
    say(client, type | SUCCESS, transaction, type === METHOD.refresh ? [lifetime] : [], true)
  }

  server.on('message', (message, client) => void answer(message, client))
  await new Promise<void>((resolve) => server.bind(0, address, resolve))
  return {
    url: `turn:${address}:${server.address().port}?transport=udp`,
    username,
    credential,
    get relayedBytes() {
      return relayedBytes
    },
    async close() {
      for (const { socket } of allocations.values()) socket.close()
      server.close()
    },
  }
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
}

function attributesOf(message: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 20; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2)
    found.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length))
    at += 4 + length + ((4 - (length % 4)) % 4)
  }
  return found
}

/** The signature covers everything before it, under a length that ends with it. */
function isSigned(message: Buffer, key: Buffer): boolean {
  for (let at = 20; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2)
    if (message.readUInt16BE(at) === ATTRIBUTE.integrity) {
      const before = Buffer.from(message.subarray(0, at))
      before.writeUInt16BE(at - 20 + 24, 2)
      return createHmac('sha1', key)
        .update(before)
        .digest()
        .equals(message.subarray(at + 4, at + 24))
    }
    at += 4 + length + ((4 - (length % 4)) % 4)
  }
  return false
}

function xored({ address, port }: Endpoint): Buffer {
  const value = Buffer.alloc(8)
  value[1] = 1
  value.writeUInt16BE(port ^ (COOKIE >>> 16), 2)
  value.writeUInt32BE((Buffer.from(address.split('.').map(Number)).readUInt32BE(0) ^ COOKIE) >>> 0, 4)
  return value
}

function unxored(value: Buffer): Endpoint {
  const port = value.readUInt16BE(2) ^ (COOKIE >>> 16)
  const number = (value.readUInt32BE(4) ^ COOKIE) >>> 0
  return { address: [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.'), port }
}
