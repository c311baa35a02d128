import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Verifier } from '../identity/verifier.ts'
import { type ChallengeAnswer, parseChallengeAnswer } from '../wire/challenge.ts'
import { SIGNAL_BYTES_MAX } from '../wire/limits.ts'
import type { Challenges } from './challenges.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { PENDING_MAX, PING_MS, SOCKET_BUFFER_BYTES_MAX } from './limits.ts'
import { ownNames } from './names.ts'
import type { Logger } from './serve.ts'
import { CLOSE_BAD, type Line, type Seat, type Switchboard } from './switchboard.ts'

/**
 * The WebSockets that PeerJS opens: cheap checks, then the signature, then a seat at the switchboard. A refusal is told
 * as PeerJS's ERROR message, so that the client can say why.
 */
export interface SocketParts {
  readonly switchboard: Switchboard
  readonly challenges: Challenges
  readonly doorkeeper: Doorkeeper
  readonly verifier: Verifier
  /** Network address that the server listens on, as the operator gave it. */
  readonly listensOn: string
  /** Names besides those that a connection shows by itself: see names.ts. */
  readonly publicHosts: readonly string[]
  readonly log: Logger
}

export interface Sockets {
  close(): void
}

/** PeerJS asks for `<path>peerjs?key=…&id=…&token=…&version=…`. */
const PATH = '/peerjs'

export function attachSockets(server: Server, parts: SocketParts): Sockets {
  const { doorkeeper, log } = parts
  const sockets = new WebSocketServer({ noServer: true, maxPayload: SIGNAL_BYTES_MAX, perMessageDeflate: false })
  const alive = new WeakSet<WebSocket>()
  let pending = 0

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const networkAddress = request.socket.remoteAddress ?? ''
    socket.on('error', () => {}) // a line that breaks before ws has it must not end the process
    const refusal = doorkeeper.mayEnter(networkAddress)
    if (refusal) {
      log.warn({ networkAddress, refusal }, 'socket turned away')
      return turnAway(socket, '429 Too Many Requests')
    }
    socket.once('close', () => doorkeeper.left(networkAddress))
    const url = targetOf(request)
    if (!url) {
      log.warn({ networkAddress }, 'upgrade without a path')
      doorkeeper.strike(networkAddress)
      return turnAway(socket, '400 Bad Request')
    }
    if (url.pathname !== PATH) return turnAway(socket, '404 Not Found')
    if (pending >= PENDING_MAX) return turnAway(socket, '503 Service Unavailable')
    const names = [...ownNames(request.socket, parts.listensOn), ...parts.publicHosts]
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      alive.add(webSocket)
      webSocket.on('pong', () => alive.add(webSocket))
      webSocket.on('error', (error) => {
        log.warn({ networkAddress, reason: error.message }, 'socket failed')
        doorkeeper.strike(networkAddress)
      })
      webSocket.pause() // PeerJS may send before it is known who it is
      pending++
      void admit(url, names, request.headers.host ?? '', parts)
        .catch((error: unknown) => `INTERNAL: ${error instanceof Error ? error.message : 'unknown'}`)
        .finally(() => pending--)
        .then((admitted) => {
          if (typeof admitted === 'string') return dismiss(webSocket, networkAddress, admitted)
          seatDown(webSocket, networkAddress, admitted)
        })
    })
  })

  const dismiss = (webSocket: WebSocket, networkAddress: string, reason: string): void => {
    log.warn({ networkAddress, reason }, 'host dismissed')
    doorkeeper.strike(networkAddress)
    webSocket.send(JSON.stringify({ type: 'ERROR', payload: { msg: reason.slice(0, 500) } }))
    webSocket.close(CLOSE_BAD, 'refused')
    webSocket.resume()
  }

  const seatDown = (webSocket: WebSocket, networkAddress: string, { address }: ChallengeAnswer): void => {
    if (webSocket.readyState !== webSocket.OPEN) return
    const seat: Seat | null = parts.switchboard.enter(address, lineOf(webSocket))
    if (!seat) return dismiss(webSocket, networkAddress, 'FULL: as many hosts are on line as may be')
    log.info({ address, networkAddress }, 'host on line')
    webSocket.on('message', (data, isBinary) => {
      if (webSocket.readyState !== webSocket.OPEN) return // dismissed already
      const fault = isBinary ? 'BINARY: signals are text' : seat.hear(String(data))
      if (fault !== null) dismiss(webSocket, networkAddress, fault)
    })
    webSocket.on('close', () => {
      seat.leave()
      log.info({ address }, 'host gone')
    })
    webSocket.resume()
  }

  const heart = setInterval(() => {
    for (const webSocket of sockets.clients) {
      if (!alive.delete(webSocket)) webSocket.terminate()
      else webSocket.ping()
    }
  }, PING_MS)
  heart.unref()

  return {
    close() {
      clearInterval(heart)
      for (const webSocket of sockets.clients) webSocket.terminate()
      sockets.close()
    },
  }
}

/** Where an upgrade wants to go; null for what is no path, which URL would throw at (`//`) or take for another host's. */
function targetOf(request: IncomingMessage): URL | null {
  const base = 'http://rendezvous'
  const target = request.url ?? ''
  return target.startsWith('/') && URL.canParse(target, base) ? new URL(target, base) : null
}

/**
 * The answer whose owner has signed for one of our names, or why not. Cheapest checks first; the nonce is spent only by
 * a good signature. The Host header does nothing but explain a refusal.
 */
async function admit(
  url: URL,
  names: readonly string[],
  hostHeader: string,
  parts: SocketParts,
): Promise<ChallengeAnswer | string> {
  const answer = parseChallengeAnswer(url.searchParams.get('id'), url.searchParams.get('token'))
  if (!answer.ok) return `${answer.code}: ${answer.reason}`
  const fault = parts.challenges.fault(answer.value.nonce)
  if (fault !== null) return `CHALLENGE: nonce is ${fault}`
  for (const name of names) {
    if (!(await answer.value.isSigned(parts.verifier, name))) continue
    return parts.challenges.use(answer.value.nonce) ? answer.value : 'CHALLENGE: nonce is USED'
  }
  const called = hostHeader.slice(0, 255).toLowerCase()
  if (names.includes(called)) {
    return `SIGNATURE: the challenge is not signed by ${answer.value.address} for this rendezvous`
  }
  return `NAME: "${called}" is not a name of this rendezvous; where it is, its operator adds it with sojourn serve --public-host ${called}`
}

const lineOf = (webSocket: WebSocket): Line => ({
  send(text) {
    if (webSocket.bufferedAmount > SOCKET_BUFFER_BYTES_MAX) webSocket.terminate()
    else if (webSocket.readyState === webSocket.OPEN) webSocket.send(text)
  },
  end: (code, reason) => webSocket.close(code, reason),
})

/** Ended at both sides: a client that keeps its half open would hold a socket that nobody counts. */
function turnAway(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
