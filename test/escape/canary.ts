import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { CanaryAddress } from './attack.ts'

/** A server that nobody has a reason to come to: TCP connections, requests, WebSockets and UDP packets are written down. */
export interface Canary {
  readonly address: CanaryAddress
  readonly seen: readonly string[]
  close(): Promise<void>
}

export async function openCanary(): Promise<Canary> {
  const seen: string[] = []
  const server = createServer(({ url }, response) => {
    seen.push(`request ${url}`)
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' })
    response.end('canary')
  })
  server.on('connection', () => seen.push('connection'))
  server.on('upgrade', (_, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const socket = createSocket('udp4')
  socket.on('message', () => seen.push('packet'))
  await new Promise<void>((resolve) => socket.bind(port, '0.0.0.0', resolve))
  const outer = Object.values(networkInterfaces())
    .flat()
    .find((one) => one && !one.internal && one.family === 'IPv4')
  return {
    address: {
      http: `http://127.0.0.1:${port}`,
      ws: `ws://127.0.0.1:${port}`,
      udp: `${outer?.address ?? '127.0.0.1'}:${port}`,
    },
    seen,
    async close() {
      socket.close()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
