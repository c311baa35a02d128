import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { CHALLENGE_NONCE_BYTES, nonceText } from '../../src/wire/challenge.ts'

/** A rendezvous that lets everybody in and does with their signals whatever a test tells it. */
export interface LyingRendezvous {
  readonly url: string
  /** By address. */
  readonly lines: ReadonlyMap<string, WebSocket>
  close(): Promise<void>
}

export interface Signal {
  readonly type: string
  readonly dst: string
  readonly payload: {
    readonly connectionId: string
    readonly sdp: { type: 'offer' | 'answer'; sdp: string }
    readonly candidate: object
  }
}

export async function lie(
  onSignal: (from: string, signal: Signal, lines: ReadonlyMap<string, WebSocket>) => void,
  iceServers: readonly object[] = [],
): Promise<LyingRendezvous> {
  const server = createServer((request, response) => {
    const body = request.url?.endsWith('challenge')
      ? { nonce: nonceText(randomBytes(CHALLENGE_NONCE_BYTES)) }
      : request.url?.endsWith('hosts')
        ? []
        : { name: 'lies', iceServers, authors: [] }
    // Pages of another origin may ask, as at a real one.
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  const sockets = new WebSocketServer({ server })
  const lines = new Map<string, WebSocket>()
  sockets.on('connection', (socket, request) => {
    const address = new URL(request.url ?? '', 'http://x').searchParams.get('id') ?? ''
    lines.set(address, socket)
    socket.on('message', (data) => {
      const signal = JSON.parse(String(data)) as Signal
      if (signal.type !== 'HEARTBEAT') onSignal(address, signal, lines)
    })
    socket.send(JSON.stringify({ type: 'OPEN' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lines,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Passes a signal on unchanged, as an honest rendezvous would. */
export function passOn(from: string, signal: Signal, lines: ReadonlyMap<string, WebSocket>): void {
  lines.get(signal.dst)?.send(JSON.stringify({ ...signal, src: from }))
}
