import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { concatBytes, equalBytes } from '../../src/base/bytes.ts'
import { decode, encode } from '../../src/base/codec.ts'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../src/platform/node/time.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { loadWithWebRtc } from '../../src/platform/node/webrtc.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import { KIND_ABORT, KIND_HELLO, KIND_PROOF } from '../../src/wire/header.ts'
import { openSession } from '../../src/wire/session.ts'
import type { Channel } from '../../src/wire/transport.ts'
import { lie, passOn } from '../hostile/lying-rendezvous.ts'
import { type MiddleOptions, type Rewrite, standInBetween } from '../hostile/man-in-the-middle.ts'
import { type BlankPages, chromiumOrSkip, openBlankPages } from './blank-page.ts'

/**
 * The rendezvous as an attacker that rewrites session descriptions, with real tabs of Chromium at its ends: the handshake
 * runs in the tab, over the tab's own WebRTC. (Between two Node hosts: test/hostile/man-in-the-middle.test.ts.)
 */
const signerOf = (seed: number) => createSigner(generateSecretKey(seededRandom(seed)))

/** How a handshake has ended, and how many messages were heard by then. */
interface End {
  readonly code: string
  readonly heard: number
}

/** One end of a connection, wherever it is. */
interface Victim {
  readonly did: Did
  /** The end of the first channel that comes in. */
  incoming(): Promise<End>
  dial(to: Did): Promise<End>
  close(): Promise<void>
}

async function nodeVictim(url: string, seed: number): Promise<Victim> {
  const signer = signerOf(seed)
  const transport = await goOnlineFromNode({ rendezvous: url, signer })
  const open = async (channel: Channel, role: 'dialler' | 'acceptor', expected: Did | null): Promise<End> => {
    let heard = 0
    const session = await openSession(channel, {
      role,
      self: { did: signer.did, age: 1 },
      expect: expected,
      authority: createAuthority(signer, createVerifier()),
      random: nodeRandom,
      clock: nodeClock,
      timers: nodeTimers,
      nextSequence: () => 1,
      onMessage: () => {
        heard++
      },
    })
    if (session.ok) session.value.send({ kind: 'async', name: 'bye', body: { reason: 'a byte of agent' } })
    return { code: session.ok ? 'OPEN' : session.code, heard }
  }
  const came = new Promise<Channel>((resolve) => transport.accept(resolve))
  return {
    did: signer.did,
    incoming: async () => open(await came, 'acceptor', null),
    dial: async (to) => open(await transport.dial(addressOf(to)), 'dialler', to),
    close: () => transport.close(),
  }
}

/** The same, in a tab. */
const GLUE = `
  window.victim = async (url, seed) => {
    const [{ goOnlineFromPage }, { createSigner, generateSecretKey }, { createVerifier }, { seededRandom }, time, { createAuthority }, { openSession }, { addressOf }] =
      await Promise.all([
        '/src/platform/browser/transport.ts', '/src/identity/signer.ts', '/src/identity/verifier.ts', '/src/base/random.ts',
        '/src/platform/browser/time.ts', '/src/wire/authority.ts', '/src/wire/session.ts', '/src/identity/did.ts',
      ].map((path) => import(path)))
    const signer = createSigner(generateSecretKey(seededRandom(seed)))
    const transport = await goOnlineFromPage({ rendezvous: url, signer })
    const open = async (channel, role, expect) => {
      let heard = 0
      const session = await openSession(channel, {
        role, self: { did: signer.did, age: 1 }, expect,
        authority: createAuthority(signer, createVerifier(crypto.subtle)),
        random: time.browserRandom, clock: time.browserClock, timers: time.browserTimers,
        nextSequence: () => 1, onMessage: () => { heard++ },
      })
      if (session.ok) session.value.send({ kind: 'async', name: 'bye', body: { reason: 'a byte of agent' } })
      return { code: session.ok ? 'OPEN' : session.code, heard }
    }
    const came = new Promise((resolve) => transport.accept(resolve))
    window.here = {
      incoming: async () => open(await came, 'acceptor', null),
      dial: async (to) => open(await transport.dial(addressOf(to)), 'dialler', to),
      close: () => transport.close(),
    }
    return signer.did
  }
`

async function tabVictim(page: Page, url: string, seed: number): Promise<Victim> {
  await page.evaluate(GLUE)
  const did = await page.evaluate<Did>(`victim('${url}', ${seed})`)
  return {
    did,
    incoming: () => page.evaluate<End>('here.incoming()'),
    dial: (to) => page.evaluate<End>(`here.dial('${to}')`),
    close: () => page.evaluate<void>('here.close()'),
  }
}

// Skipped where there is no Chromium.
describe.skipIf(chromiumOrSkip() === null)('a rendezvous that rewrites descriptions', () => {
  let pages: BlankPages
  const tabs: Page[] = []
  const closing: { close(): Promise<void> }[] = []
  let seed = 900

  beforeAll(async () => {
    pages = await openBlankPages('attacked', [
      'peerjs',
      'valibot',
      '@ipld/dag-cbor',
      '@noble/ed25519',
      '@noble/hashes/sha2.js',
    ])
    loadWithWebRtc(() => undefined) // for the attacker, which is in Node
    for (let i = 0; i < 2; i++) tabs.push(await pages.open())
  })
  afterEach(async () => {
    for (const thing of closing.splice(0).reverse()) await thing.close()
  })
  afterAll(() => pages?.close())

  const victim = async (kind: Kind, url: string, at: number): Promise<Victim> => {
    const tab = tabs[at]
    const made = kind === 'tab' && tab ? await tabVictim(tab, url, seed++) : await nodeVictim(url, seed++)
    closing.push(made)
    return made
  }

  async function meet([calls, called]: Ends, url: string): Promise<readonly [End, End]> {
    const callee = await victim(called, url, 1)
    const caller = await victim(calls, url, 0)
    return Promise.all([caller.dial(callee.did), callee.incoming()])
  }

  async function attack(ends: Ends, rewrite: Rewrite, options: MiddleOptions = {}): Promise<readonly string[]> {
    const middle = await standInBetween(rewrite, options)
    closing.push(middle)
    const found = await meet(ends, middle.url)
    const { dialler, acceptor } = Object.fromEntries(middle.fingerprints)
    // It does stand in between: neither end has the other's certificate.
    expect(dialler && acceptor && !equalBytes(dialler.ours, acceptor.victim)).toBe(true)
    const kinds = new Set(middle.seen.map(({ frame }) => frame[3] ?? 0))
    for (const kind of kinds) expect([KIND_HELLO, KIND_PROOF, KIND_ABORT]).toContain(kind)
    expect(found.map(({ heard }) => heard)).toEqual([0, 0])
    const codes = found.map(({ code }) => code)
    expect(codes).not.toContain('OPEN')
    return codes
  }

  const helloWith =
    (change: (hello: object, from: 'dialler' | 'acceptor', middle: Parameters<Rewrite>[2]) => object): Rewrite =>
    (frame, from, middle) => {
      const body = decode(frame.subarray(4))
      if (frame[3] !== KIND_HELLO || !body.ok) return frame
      return concatBytes(
        frame.subarray(0, 4),
        encode({ ...(body.value as object), ...change(Object(body.value), from, middle) }),
      )
    }
  const withOurCertificates = helloWith((_hello, from, middle) => {
    const other = middle.fingerprints.get(from === 'dialler' ? 'acceptor' : 'dialler')
    return { local: other?.ours, remote: other?.victim }
  })
  const withSwappedRoles = helloWith((hello) => ({
    role: (hello as { role: string }).role === 'dialler' ? 'acceptor' : 'dialler',
  }))

  describe.each<Ends>([
    ['tab', 'node'],
    ['node', 'tab'],
    ['tab', 'tab'],
  ])('is refused where a %s dials a %s', (...ends) => {
    it('when it passes the words on: the certificates differ', async () => {
      const codes = await attack(ends, (frame) => frame)
      expect(codes).toContain('FINGERPRINT')
    })

    it('when it puts its own certificates into the words: the signatures do not fit', async () => {
      const codes = await attack(ends, withOurCertificates)
      expect(codes).toContain('SIGNATURE')
    })

    it('when it sends each end its own words back', async () => {
      expect(await attack(ends, (frame) => frame, { reflects: true })).toContain('REPLAY')
    })

    it('when it swaps the roles', async () => {
      expect(await attack(ends, withSwappedRoles)).toContain('REPLAY')
    })

    it('and where it only passes signals on, they meet', async () => {
      const honest = await lie(passOn)
      closing.push(honest)
      expect((await meet(ends, honest.url)).map(({ code }) => code)).toEqual(['OPEN', 'OPEN'])
    })
  })
})

type Kind = 'tab' | 'node'
type Ends = readonly [Kind, Kind]
