import { WebSocket } from 'ws'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { answerChallenge, parseNonce } from '../../src/wire/challenge.ts'

/** A client of the rendezvous that says exactly what a test wants said. */
export const signerOf = (seed: number): Signer => createSigner(generateSecretKey(seededRandom(seed)))

export async function challengeOf(url: string): Promise<Uint8Array> {
  const { nonce } = (await (await fetch(`${url}/api/challenge`)).json()) as { nonce: string }
  const bytes = parseNonce(nonce)
  if (!bytes) throw new Error('no nonce')
  return bytes
}

export const tokenOf = async (url: string, signer: Signer): Promise<string> =>
  answerChallenge(signer, await challengeOf(url), new URL(url).host)

export interface RawClient {
  readonly address: string
  readonly socket: WebSocket
  /** Everything heard so far, as JSON. */
  readonly heard: unknown[]
  /** The next message, or the close code when the socket ends first. */
  next(): Promise<unknown>
  say(message: unknown): void
}

/** `host` is what stands in the Host header; absent: what the URL says. */
export function connectRaw(url: string, address: string, token: string, host?: string): RawClient {
  const socket = new WebSocket(
    `${url.replace('http', 'ws')}/peerjs?key=peerjs&id=${address}&token=${token}&version=1.5.5`,
    host === undefined ? {} : { headers: { host } },
  )
  const heard: unknown[] = []
  const waiting: ((message: unknown) => void)[] = []
  let read = 0
  const hear = (message: unknown): void => {
    heard.push(message)
    const resolve = waiting.shift()
    if (resolve) {
      read++
      resolve(message)
    }
  }
  socket.on('message', (data) => hear(JSON.parse(String(data))))
  socket.on('close', (code) => hear({ closed: code }))
  socket.on('error', (error) => hear({ error: error.message }))
  return {
    address,
    socket,
    heard,
    next() {
      if (read < heard.length) return Promise.resolve(heard[read++])
      return new Promise((resolve) => waiting.push(resolve))
    },
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  }
}

/** On line under its own address. */
export async function enter(url: string, seed: number): Promise<RawClient> {
  const signer = signerOf(seed)
  const client = connectRaw(url, addressOf(signer.did), await tokenOf(url, signer))
  const first = await client.next()
  if ((first as { type?: string }).type !== 'OPEN') throw new Error(`not let in: ${JSON.stringify(first)}`)
  return client
}

export const offerTo = (dst: string, connectionId = 'dc_test'): object => ({
  type: 'OFFER',
  dst,
  payload: {
    sdp: { type: 'offer', sdp: 'v=0' },
    type: 'data',
    connectionId,
    label: 'sojourn',
    reliable: true,
    serialization: 'raw',
    metadata: { not: 'named in the schema' },
  },
})
