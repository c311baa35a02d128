import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import type { Channel } from '../../src/wire/transport.ts'
import { transportContract } from '../contract/transport.ts'
import { quiet } from '../rendezvous/quiet.ts'

// Real connections on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 })

let seed = 100
const newSigner = () => createSigner(generateSecretKey(seededRandom(seed++)))

transportContract('PeerJS over node-datachannel', async () => {
  const rendezvous = await serve({ log: quiet })
  const joined: { close(): Promise<void> }[] = []
  return {
    async join() {
      const transport = await goOnlineFromNode({
        rendezvous: rendezvous.url,
        signer: newSigner(),
        bindAddress: '127.0.0.1',
      })
      joined.push(transport)
      return transport
    },
    nobody: () => addressOf(newSigner().did),
    async close() {
      await Promise.all(joined.map((transport) => transport.close()))
      await rendezvous.close()
    },
  }
})

describe('PeerJS over node-datachannel and its rendezvous', () => {
  it('keeps its channels while the rendezvous is away, and comes back by itself when it returns', async () => {
    const first = await serve({ log: quiet })
    const changes: string[] = []
    let told = (): void => {}
    const backOnLine = new Promise<void>((resolve) => {
      told = resolve
    })
    const a = await goOnlineFromNode({
      rendezvous: first.url,
      signer: newSigner(),
      bindAddress: '127.0.0.1',
      onLineChange: (isOnline) => {
        changes.push(isOnline ? 'on' : 'off')
        if (isOnline) told()
      },
    })
    const b = await goOnlineFromNode({ rendezvous: first.url, signer: newSigner(), bindAddress: '127.0.0.1' })
    const incoming = new Promise<Channel>((resolve) => b.accept(resolve))
    const near = await a.dial(b.address)
    const far = await incoming
    await first.close()
    await expect.poll(() => a.isOnline).toBe(false)
    await expect(a.dial(b.address)).rejects.toThrow('not on line at the rendezvous')

    const heard = new Promise<Uint8Array>((resolve) => far.receive(resolve))
    await near.send(Uint8Array.of(1, 2, 3))
    expect(await heard).toEqual(Uint8Array.of(1, 2, 3))
    expect([near.networkAddress, far.networkAddress]).toEqual(['127.0.0.1', '127.0.0.1'])

    const second = await serve({ log: quiet, port: first.port })
    await backOnLine
    await expect.poll(() => b.isOnline, { timeout: 20_000 }).toBe(true)
    const hosts = await a.hosts()
    expect(hosts.map(({ address }) => address).sort()).toEqual([a.address, b.address].sort())
    await expect(a.dial(b.address)).resolves.toMatchObject({ remoteAddress: b.address })
    expect(changes).toEqual(['off', 'on'])
    await Promise.all([a.close(), b.close()])
    await second.close()
  })

  it('stands down when the owner of its key comes on line elsewhere', async () => {
    const rendezvous = await serve({ log: quiet })
    const signer = newSigner()
    const changes: string[] = []
    const old = await goOnlineFromNode({
      rendezvous: rendezvous.url,
      signer,
      bindAddress: '127.0.0.1',
      onLineChange: (_, reason) => changes.push(reason),
    })
    const again = await goOnlineFromNode({ rendezvous: rendezvous.url, signer, bindAddress: '127.0.0.1' })
    await expect.poll(() => old.isOnline).toBe(false)
    expect(changes).toEqual(['another line with the same key has taken our address'])
    await expect(old.dial(again.address)).rejects.toThrow('another line with the same key')
    await Promise.all([old.close(), again.close()])
    await rendezvous.close()
  })

  it('says why it does not come on line', async () => {
    await expect(goOnlineFromNode({ rendezvous: 'ftp://x', signer: newSigner() })).rejects.toThrow(
      'is not a URL such as',
    )
    await expect(goOnlineFromNode({ rendezvous: 'http://127.0.0.1:9', signer: newSigner() })).rejects.toThrow(
      'does not answer',
    )
  })

  it('is told by a rendezvous that it reaches under a name that is not the rendezvous’ own', async () => {
    const rendezvous = await serve({ log: quiet })
    const between = createServer((socket) => void socket.pipe(connect(rendezvous.port, '127.0.0.1')).pipe(socket))
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
    const name = `127.0.0.1:${(between.address() as AddressInfo).port}`
    const refused = goOnlineFromNode({ rendezvous: `http://${name}`, signer: newSigner() })
    await expect(refused).rejects.toThrow(`NAME: "${name}" is not a name of this rendezvous`)
    await rendezvous.close()
    between.close()
  })
})
