import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Rendezvous, serve } from '../../src/rendezvous/serve.ts'
import { enter } from './client.ts'
import { quiet } from './quiet.ts'

let rendezvous: Rendezvous
beforeEach(async () => {
  rendezvous = await serve({ log: quiet, limits: { strikesMax: 3 } })
})
afterEach(() => rendezvous.close())

/** The status of the answer to bytes that no HTTP client would send, once the rendezvous has ended the line. */
const statusOf = (bytes: string): Promise<string> =>
  new Promise((resolve) => {
    let heard = ''
    // Keeps its own half open: it is the rendezvous that must end the line.
    const socket = connect({ port: rendezvous.port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(bytes))
    socket.on('data', (data) => {
      heard += String(data)
    })
    socket.on('error', () => {})
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(heard.slice(9, 12)))
  })

const upgrade = (target: string, host = 'x'): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

const UPGRADES: readonly (readonly [string, string, string])[] = [
  ['two slashes', upgrade('//'), '400'],
  ['three slashes', upgrade('///'), '400'],
  ['an authority that is none', upgrade('//[/peerjs'), '400'],
  ['a port that is none', upgrade('//x:99999/peerjs'), '400'],
  ['the absolute form', upgrade('http://evil.example/peerjs'), '400'],
  ['the absolute form of nothing', upgrade('http://'), '400'],
  ['an asterisk', upgrade('*'), '400'],
  ['bad percent-encoding', upgrade('/%zz%'), '404'],
  ['another path', upgrade('/elsewhere'), '404'],
  ['a huge target', upgrade(`/peerjs?id=${'a'.repeat(100_000)}`), '431'],
  ['a huge header', upgrade('/', 'h'.repeat(100_000)), '431'],
  ['another protocol', 'GET /peerjs HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', '400'],
  ['a method that is not GET', upgrade('/peerjs').replace('GET', 'POST'), '405'],
]
const REQUESTS: readonly (readonly [string, string, string])[] = [
  ['two slashes', 'GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '404'],
  ['bad percent-encoding', 'GET /%zz% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '404'],
  ['the absolute form of nothing', 'GET http:// HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '400'],
  ['a Host header that is none', 'GET / HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n', '400'],
  ['no Host header', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
  ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', '400'],
  ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', ''],
  ['no HTTP at all', '\x16\x03\x01 hello\r\n\r\n', '400'],
]

describe('the rendezvous outlives what is no request', () => {
  for (const [name, bytes, status] of UPGRADES) {
    it(`an upgrade with ${name}: ${status}`, async () => {
      expect(await statusOf(bytes)).toBe(status)
      await enter(rendezvous.url, 1)
    })
  }
  for (const [name, bytes, status] of REQUESTS) {
    it(`a request with ${name}: ${status || 'no answer'}`, async () => {
      expect(await statusOf(bytes)).toBe(status)
      await enter(rendezvous.url, 1)
    })
  }

  it('answers who goes on with them 429, as any other bad word', async () => {
    for (let i = 0; i < 4; i++) expect(await statusOf(upgrade('//'))).toBe('400')
    expect(await statusOf(upgrade('//'))).toBe('429')
  })

  it('reads the target of none who may not enter', async () => {
    const busy = await serve({ log: quiet, limits: { socketBurst: 0, socketsPerSecond: 0 } })
    await rendezvous.close()
    rendezvous = busy
    expect(await statusOf(upgrade('//'))).toBe('429')
  })

  it('gives the places of refused upgrades back', async () => {
    await rendezvous.close()
    rendezvous = await serve({ log: quiet, limits: { socketsPerAddressMax: 1 } })
    for (let i = 0; i < 3; i++) expect(await statusOf(upgrade('//'))).toBe('400')
    for (let i = 0; i < 3; i++) expect(await statusOf(upgrade('/elsewhere'))).toBe('404')
  })
})
