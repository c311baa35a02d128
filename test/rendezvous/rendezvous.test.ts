import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { addressOf, didOf } from '../../src/identity/did.ts'
import { type Rendezvous, type ServeOptions, serve } from '../../src/rendezvous/serve.ts'
import { answerChallenge } from '../../src/wire/challenge.ts'
import { challengeOf, connectRaw, enter, offerTo, signerOf, tokenOf } from './client.ts'
import { quiet } from './quiet.ts'

const open: Rendezvous[] = []
const start = async (options: ServeOptions = {}): Promise<Rendezvous> => {
  const rendezvous = await serve({ log: quiet, ...options })
  open.push(rendezvous)
  return rendezvous
}
afterEach(async () => {
  for (const rendezvous of open.splice(0)) await rendezvous.close()
})

const refused = (reason: string): unknown => ({ type: 'ERROR', payload: { msg: expect.stringContaining(reason) } })

describe('the rendezvous gives an address only to its owner', () => {
  it('lets in who signs the challenge, and tells who is on line', async () => {
    const { url } = await start()
    const client = await enter(url, 1)
    const hosts = (await (await fetch(`${url}/api/hosts`)).json()) as { address: string }[]
    expect(hosts.map(({ address }) => address)).toEqual([client.address])
  })

  it('refuses an address with another key’s signature', async () => {
    const { url } = await start()
    const victim = signerOf(1)
    const nonce = await challengeOf(url)
    const thief = { ...signerOf(2), did: victim.did }
    const client = connectRaw(url, addressOf(victim.did), await answerChallenge(thief, nonce, new URL(url).host))
    expect(await client.next()).toEqual(refused('SIGNATURE: the challenge is not signed by'))
    expect(await client.next()).toEqual({ closed: 4002 })
  })

  it('refuses the token of another address', async () => {
    const { url } = await start()
    const client = connectRaw(url, addressOf(signerOf(1).did), await tokenOf(url, signerOf(2)))
    expect(await client.next()).toEqual(refused('SIGNATURE'))
  })

  it('refuses PeerJS’s own random token', async () => {
    const { url } = await start()
    const client = connectRaw(url, addressOf(signerOf(1).did), 'k3jx9d')
    expect(await client.next()).toEqual(refused('TOKEN: token is not base64url of a nonce and a signature'))
  })

  it('refuses an id that is no key, and one of small order', async () => {
    const { url } = await start()
    expect(await connectRaw(url, 'somebody', 'x').next()).toEqual(refused('ADDRESS'))
    const smallOrder = addressOf(didOf(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))))
    expect(await connectRaw(url, smallOrder, 'x').next()).toEqual(refused('ADDRESS: key has small order'))
  })

  it('takes a challenge once', async () => {
    const { url } = await start()
    const token = await tokenOf(url, signerOf(1))
    const address = addressOf(signerOf(1).did)
    const first = connectRaw(url, address, token)
    expect(await first.next()).toEqual({ type: 'OPEN' })
    expect(await connectRaw(url, address, token).next()).toEqual(refused('CHALLENGE: nonce is USED'))
  })

  it('takes a challenge only for a while', async () => {
    let nowMs = 0
    const clock: Clock = { nowMs: () => nowMs, wallMs: () => nowMs }
    const { url } = await start({ clock })
    const token = await tokenOf(url, signerOf(1))
    nowMs = 31_000
    const client = connectRaw(url, addressOf(signerOf(1).did), token)
    expect(await client.next()).toEqual(refused('CHALLENGE: nonce is EXPIRED'))
  })

  it('takes no challenge of another rendezvous', async () => {
    const [one, two] = [await start(), await start()]
    const token = await tokenOf(one.url, signerOf(1))
    const client = connectRaw(two.url, addressOf(signerOf(1).did), token)
    expect(await client.next()).toEqual(refused('CHALLENGE: nonce is FOREIGN'))
  })

  it('takes no answer that was meant for another name: it cannot be passed on by a rendezvous in between', async () => {
    const { url } = await start()
    const token = await answerChallenge(signerOf(1), await challengeOf(url), 'evil.example:443')
    const client = connectRaw(url, addressOf(signerOf(1).did), token)
    expect(await client.next()).toEqual(refused('SIGNATURE'))
  })

  it('replaces the old line when the owner comes again', async () => {
    const { url } = await start()
    const old = await enter(url, 1)
    const again = await enter(url, 1)
    expect(await old.next()).toEqual({ type: 'ID-TAKEN', payload: { msg: expect.stringContaining('REPLACED') } })
    expect(await old.next()).toEqual({ closed: 4001 })
    const other = await enter(url, 2)
    other.say(offerTo(again.address))
    expect(await again.next()).toMatchObject({ type: 'OFFER', src: other.address })
  })

  it('does not free an address for others when its owner leaves', async () => {
    const { url } = await start()
    const owner = await enter(url, 1)
    owner.socket.close()
    await owner.next()
    const client = connectRaw(url, owner.address, await tokenOf(url, signerOf(2)))
    expect(await client.next()).toEqual(refused('SIGNATURE'))
  })
})

describe('the rendezvous passes signals on', () => {
  it('with the true sender and only the fields it knows', async () => {
    const { url } = await start()
    const [a, b] = [await enter(url, 1), await enter(url, 2)]
    a.say({ ...offerTo(b.address), src: 'zForged' })
    const got = (await b.next()) as { payload: object }
    expect(got).toMatchObject({ type: 'OFFER', src: a.address, dst: b.address, payload: { connectionId: 'dc_test' } })
    expect(got.payload).not.toHaveProperty('metadata')
  })

  it('tells who dials nobody at once, and drops candidates for nobody', async () => {
    const { url } = await start()
    const a = await enter(url, 1)
    const absent = addressOf(signerOf(9).did)
    const payload = { candidate: { candidate: 'c' }, type: 'data', connectionId: 'dc_test' }
    a.say({ type: 'CANDIDATE', dst: absent, payload })
    a.say(offerTo(absent))
    expect(await a.next()).toEqual({ type: 'EXPIRE', src: absent, dst: a.address })
    expect(a.heard.length).toBe(2)
  })

  it('tells who dials a host that goes before it answers', async () => {
    const { url } = await start()
    const [a, b] = [await enter(url, 1), await enter(url, 2)]
    a.say(offerTo(b.address))
    await b.next()
    b.socket.terminate()
    expect(await a.next()).toEqual({ type: 'EXPIRE', src: b.address, dst: a.address })
  })

  it('takes heartbeats', async () => {
    const { url } = await start()
    const [a, b] = [await enter(url, 1), await enter(url, 2)]
    a.say({ type: 'HEARTBEAT' })
    a.say(offerTo(b.address))
    expect(await b.next()).toMatchObject({ type: 'OFFER' })
  })
})

describe('the rendezvous with hostile clients', () => {
  const hostile: readonly [string, unknown, string][] = [
    ['an OFFER without a payload', { ...offerTo('x'), payload: null }, 'SIGNAL: signal.payload'],
    ['an unknown type', { type: 'LEAVE', dst: 'x' }, 'SIGNAL: signal.type'],
    ['an OFFER in an unknown serialization', { ...offerTo('x'), payload: { serialization: 'evil' } }, 'SIGNAL'],
    ['what is not JSON', '{', 'JSON: signal is not JSON'],
    ['JSON that is no message', '[1,2]', 'SIGNAL'],
    ['null', 'null', 'SIGNAL'],
  ]
  for (const [name, message, reason] of hostile) {
    it(`ends the line of who sends ${name}, by name, and passes nothing on`, async () => {
      const { url } = await start()
      const [a, b] = [await enter(url, 1), await enter(url, 2)]
      const said =
        typeof message === 'object' && message !== null && 'dst' in message ? { ...message, dst: b.address } : message
      a.say(said)
      expect(await a.next()).toEqual(refused(reason))
      expect(await a.next()).toEqual({ closed: 4002 })
      const c = await enter(url, 3)
      c.say(offerTo(b.address, 'dc_good'))
      expect(await b.next()).toMatchObject({ src: c.address })
    })
  }

  it('ends the line of who sends too much at once', async () => {
    const { url } = await start()
    const a = await enter(url, 1)
    a.say({ ...offerTo(a.address), padding: 'x'.repeat(30_000) })
    expect(await a.next()).toEqual({ closed: 1009 })
  })

  it('ends the line of who sends bytes', async () => {
    const { url } = await start()
    const a = await enter(url, 1)
    a.socket.send(Uint8Array.of(1, 2, 3))
    expect(await a.next()).toEqual(refused('BINARY'))
  })

  it('ends the line of who floods', async () => {
    const { url } = await start({ limits: { signalBurst: 50, signalsPerSecond: 1 } })
    const a = await enter(url, 1)
    for (let i = 0; i < 100; i++) a.say({ type: 'HEARTBEAT' })
    expect(await a.next()).toEqual(refused('RATE: more than 1 signals a second'))
  })

  it('has room for so many sockets of one address', async () => {
    const { url } = await start({ limits: { socketsPerAddressMax: 2 } })
    await enter(url, 1)
    const second = await enter(url, 2)
    const third = connectRaw(url, addressOf(signerOf(3).did), await tokenOf(url, signerOf(3)))
    expect(await third.next()).toEqual({ error: 'Unexpected server response: 429' })
    second.socket.close()
    await second.next()
    await enter(url, 3)
  })

  it('shuts an address out after enough bad words, for a while', async () => {
    let nowMs = 0
    const clock: Clock = { nowMs: () => nowMs, wallMs: () => nowMs }
    const { url } = await start({ clock, limits: { strikesMax: 3, banMs: 60_000 } })
    for (let i = 0; i < 4; i++) {
      const client = connectRaw(url, addressOf(signerOf(1).did), 'bad')
      await client.next()
      await client.next()
    }
    const shutOut = connectRaw(url, addressOf(signerOf(1).did), 'bad')
    expect(await shutOut.next()).toEqual({ error: 'Unexpected server response: 429' })
    expect((await fetch(`${url}/healthz`)).status).toBe(429)
    nowMs = 61_000
    await enter(url, 1)
  })

  it('refuses a host beyond its number, by name', async () => {
    const { url } = await start({ limits: { hostsMax: 1 } })
    await enter(url, 1)
    const second = connectRaw(url, addressOf(signerOf(2).did), await tokenOf(url, signerOf(2)))
    expect(await second.next()).toEqual(refused('FULL'))
  })

  it('refuses an upgrade elsewhere than PeerJS’s', async () => {
    const { url } = await start()
    const client = connectRaw(`${url}/elsewhere`, 'x', 'x')
    expect(await client.next()).toEqual({ error: 'Unexpected server response: 404' })
  })
})
