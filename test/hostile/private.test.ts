import { createSocket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { afterEach, expect, it, vi } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import type { RendezvousTransport } from '../../src/platform/peerjs/transport.ts'
import type { Channel } from '../../src/wire/transport.ts'
import { openTurn } from '../platform/turn.ts'
import { type Listening, listen, sourcesIn, typesIn } from './private.ts'

/** What a host that hides its address tells others of where it is. In Chromium: test/e2e/tab-private.test.ts. */
vi.setConfig({ testTimeout: 30_000 })

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of closing.splice(0).reverse()) await thing.close()
})

async function join({ url }: Listening, seed: number, relayOnly: boolean): Promise<RendezvousTransport> {
  const signer = createSigner(generateSecretKey(seededRandom(seed)))
  const transport = await goOnlineFromNode({ rendezvous: url, signer, bindAddress: '127.0.0.1', relayOnly })
  closing.push(transport)
  return transport
}

it('a private host tells of its relay and of nothing else, and frames go through the relay alone', async () => {
  const turn = await openTurn('127.0.0.1', '127.0.0.9')
  closing.push(turn)
  const { url: urls, username, credential } = turn
  const rendezvous = await listen([{ urls: [urls], username, credential }])
  closing.push(rendezvous)
  const [a, b] = [await join(rendezvous, 71, true), await join(rendezvous, 72, true)]
  const incoming = new Promise<Channel>((resolve) => b.accept(resolve))
  const near = await a.dial(b.address)
  const far = await incoming
  const came = new Promise<number>((resolve) => far.receive((frame) => resolve(frame.length)))
  await near.send(new Uint8Array(50_000))
  expect(await came).toBe(50_000)
  expect(turn.relayedBytes).toBeGreaterThan(50_000)
  expect([...typesIn(rendezvous)]).toEqual(['relay'])
  expect(sourcesIn(rendezvous).filter((address) => address !== '0.0.0.0')).toEqual([])
})

it('a private host does not go on line where there is no relay that hides it', async () => {
  for (const iceServers of [
    [],
    [{ urls: ['stun:127.0.0.1:9'] }, { urls: ['turns:127.0.0.1:9', 'turn:127.0.0.1:9?transport=tcp'] }],
  ]) {
    const rendezvous = await listen(iceServers)
    closing.push(rendezvous)
    await expect(join(rendezvous, 73, true)).rejects.toThrow(/offers no relay/)
    expect(rendezvous.lines.size).toBe(0)
  }
})

it('a private host says nothing to an address that the other end names, but from loopback', async () => {
  const here = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  const turn = await openTurn('127.0.0.1', '127.0.0.9')
  closing.push(turn)
  const trap = createSocket('udp4')
  const sources = new Set<string>()
  trap.on('message', (_data, { address }) => sources.add(address))
  await new Promise<void>((resolve) => trap.bind(0, here?.address ?? '127.0.0.8', resolve))
  closing.push({ close: async () => void trap.close() })
  const { address, port } = trap.address()
  const rendezvous = await listen(
    [{ urls: [turn.url], username: turn.username, credential: turn.credential }],
    (candidate) => candidate.replace(/ (\S+) \d+ typ .*$/, ` ${address} ${port} typ host`),
  )
  closing.push(rendezvous)
  const [a, b] = [await join(rendezvous, 75, true), await join(rendezvous, 76, true)]
  const dialling = a.dial(b.address)
  dialling.catch(() => {})
  await expect.poll(() => sources.size, { timeout: 10_000 }).toBeGreaterThan(0)
  await a.close()
  expect([...sources].filter((source) => source !== '127.0.0.1' && source !== '127.0.0.9')).toEqual([])
})
