import { afterEach, describe, expect, it } from 'vitest'
import { addressOf } from '../../src/identity/did.ts'
import { ownNames, parsePublicHost } from '../../src/rendezvous/names.ts'
import { type Rendezvous, type ServeOptions, serve } from '../../src/rendezvous/serve.ts'
import { answerChallenge } from '../../src/wire/challenge.ts'
import { challengeOf, connectRaw, type RawClient, signerOf } from './client.ts'
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

/** A connection from this machine, with an answer signed for one name and another in the Host header. */
async function come(port: number, signedFor: string, hostHeader: string): Promise<RawClient> {
  const url = `http://127.0.0.1:${port}`
  const token = await answerChallenge(signerOf(1), await challengeOf(url), signedFor)
  return connectRaw(url, addressOf(signerOf(1).did), token, hostHeader)
}
const refused = (reason: string): unknown => ({ type: 'ERROR', payload: { msg: expect.stringContaining(reason) } })

describe('the rendezvous takes answers for its own names only', () => {
  it('refuses an answer signed for evil.example, though the Host header says evil.example', async () => {
    const { url, port } = await start()
    const client = await come(port, 'evil.example', 'evil.example')
    expect(await client.next()).toEqual(refused('NAME: "evil.example" is not a name of this rendezvous'))
    expect(await client.next()).toEqual({ closed: 4002 })
    expect(await (await fetch(`${url}/api/hosts`)).json()).toEqual([])
  })

  it('says what its operator can do about it', async () => {
    const { port } = await start()
    const client = await come(port, 'lab.example:9000', 'lab.example:9000')
    expect(await client.next()).toEqual(refused('sojourn serve --public-host lab.example:9000'))
  })

  it('refuses an answer for evil.example under its own Host header, as before', async () => {
    const { port } = await start()
    const client = await come(port, 'evil.example', `127.0.0.1:${port}`)
    expect(await client.next()).toEqual(refused('SIGNATURE: the challenge is not signed by'))
  })

  it('refuses its own name with another port', async () => {
    const { port } = await start()
    const client = await come(port, '127.0.0.1:1', '127.0.0.1:1')
    expect(await client.next()).toEqual(refused('NAME: "127.0.0.1:1" is not a name'))
  })

  it('takes the address it listens on, and localhost from its own machine', async () => {
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const { port } = await start({ host })
      for (const name of [`127.0.0.1:${port}`, `localhost:${port}`]) {
        expect(await (await come(port, name, name)).next()).toEqual({ type: 'OPEN' })
      }
    }
  })

  it('takes names that it was given besides its own, also behind a proxy that rewrites the Host header', async () => {
    const { port } = await start({ publicHosts: ['Lab.example:9000', 'lab.example:443'] })
    const proxied = `127.0.0.1:${port}`
    for (const [name, header] of [
      ['lab.example:9000', 'lab.example:9000'],
      ['lab.example', 'lab.example'],
      ['lab.example', proxied],
      [proxied, proxied],
    ] as const) {
      expect(await (await come(port, name, header)).next()).toEqual({ type: 'OPEN' })
    }
    expect(await (await come(port, 'evil.example', 'lab.example')).next()).toEqual(refused('SIGNATURE'))
  })

  it('does not open with a public host that is none', async () => {
    await expect(serve({ log: quiet, publicHosts: ['https://lab.example'] })).rejects.toThrow('is not host[:port]')
  })
})

describe('names of a rendezvous', () => {
  it('are where the connection came to, and no loopback name for who comes from elsewhere', () => {
    expect(ownNames({ localAddress: '192.0.2.7', localPort: 9000 }, '0.0.0.0')).toEqual(['192.0.2.7:9000'])
    expect(ownNames({ localAddress: '::ffff:192.0.2.7', localPort: 9000 }, '::')).toEqual(['192.0.2.7:9000'])
    expect(ownNames({ localAddress: '2001:db8::7', localPort: 9000 }, '::')).toEqual(['[2001:db8::7]:9000'])
    expect(ownNames({ localAddress: 'fe80::7%eth0', localPort: 9000 }, '::')).toEqual(['[fe80::7]:9000'])
    expect(ownNames({ localAddress: '192.0.2.7', localPort: 9000 }, 'lab.example')).toEqual([
      '192.0.2.7:9000',
      'lab.example:9000',
    ])
  })

  it('have localhost and what is listened on for who comes from this machine', () => {
    expect(ownNames({ localAddress: '127.0.0.1', localPort: 9000 }, '127.0.0.1')).toEqual([
      '127.0.0.1:9000',
      'localhost:9000',
    ])
    expect(ownNames({ localAddress: '::1', localPort: 9000 }, '::')).toEqual([
      '[::1]:9000',
      'localhost:9000',
      '[::]:9000',
    ])
  })

  it('are spelled as hosts spell them: without the port of the scheme', () => {
    expect(ownNames({ localAddress: '192.0.2.7', localPort: 80 }, '::')).toEqual(['192.0.2.7', '192.0.2.7:80'])
    expect(parsePublicHost('LAB.example:443')).toEqual({ ok: true, value: ['lab.example:443', 'lab.example'] })
    expect(parsePublicHost('[::1]:9000')).toEqual({ ok: true, value: ['[::1]:9000'] })
  })

  it('are none of a connection that is gone', () => {
    expect(ownNames({}, '127.0.0.1')).toEqual([])
  })

  for (const text of ['', 'https://lab.example', 'lab.example/x', 'a@b', 'a b', 'lab.example:99999', ':9000', '[::1']) {
    it(`refuse "${text}"`, () => {
      expect(parsePublicHost(text)).toMatchObject({ ok: false, reason: expect.stringContaining('is not host[:port]') })
    })
  }
})
