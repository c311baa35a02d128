import { networkInterfaces } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Listening, listen, sourcesIn, typesIn } from '../hostile/private.ts'
import { openTurn } from '../platform/turn.ts'
import { type BlankPages, chromiumOrSkip, openBlankPages } from './blank-page.ts'

/** What a tab of Chromium that hides its address tells others of where it is. In Node: test/hostile/private.test.ts. */
const JOIN = `
  window.join = async (rendezvous, seed) => {
    const [{ goOnlineFromPage }, { createSigner, generateSecretKey }, { seededRandom }] = await Promise.all(
      ['/src/platform/browser/transport.ts', '/src/identity/signer.ts', '/src/base/random.ts'].map((path) => import(path)))
    const signer = createSigner(generateSecretKey(seededRandom(seed)))
    window.here = await goOnlineFromPage({ rendezvous, signer, relayOnly: true })
    window.came = new Promise((resolve) => here.accept((channel) => channel.receive((frame) => resolve(frame.length))))
    return here.address
  }
`

// Skipped where there is no Chromium, and where the machine has no address but loopback: Chromium uses none there.
const address = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
if (address === undefined) console.warn('skipped: this machine has no network address')

describe.skipIf(chromiumOrSkip() === null || address === undefined)('a private tab', () => {
  let pages: BlankPages
  const closing: { close(): Promise<void> }[] = []
  beforeAll(async () => {
    pages = await openBlankPages('private', [
      'peerjs',
      'valibot',
      '@ipld/dag-cbor',
      '@noble/ed25519',
      '@noble/hashes/sha2.js',
    ])
  })
  afterEach(async () => {
    for (const thing of closing.splice(0).reverse()) await thing.close()
  })
  afterAll(() => pages?.close())

  const two = async (rendezvous: Listening) => {
    const joined = []
    for (const seed of [81, 82]) {
      const page = await pages.open()
      await page.evaluate(JOIN)
      joined.push({ page, address: await page.evaluate<string>(`join('${rendezvous.url}', ${seed})`) })
    }
    const [a, b] = joined
    if (!a || !b) throw new Error('no tabs')
    return { a, b }
  }

  it('tells of its relay and of nothing else, and frames go through the relay alone', async () => {
    const turn = await openTurn(address ?? '', address ?? '')
    closing.push(turn)
    const { url, username, credential } = turn
    const rendezvous = await listen([{ urls: [url], username, credential }])
    closing.push(rendezvous)
    const { a, b } = await two(rendezvous)
    await a.page.evaluate(`here.dial('${b.address}').then((channel) => channel.send(new Uint8Array(50_000)))`)
    expect(await b.page.evaluate('came')).toBe(50_000)
    expect(turn.relayedBytes).toBeGreaterThan(50_000)
    expect([...typesIn(rendezvous)]).toEqual(['relay'])
    expect(sourcesIn(rendezvous).filter((source) => source !== '0.0.0.0')).toEqual([])
  })

  it('tells nothing where there is no relay', async () => {
    const rendezvous = await listen([])
    closing.push(rendezvous)
    const { a, b } = await two(rendezvous)
    a.page.evaluate(`here.dial('${b.address}')`).catch(() => {}) // ends with its page
    await expect.poll(() => rendezvous.descriptions.length, { timeout: 10_000 }).toBe(2)
    expect(rendezvous.candidates.filter((candidate) => candidate !== '')).toEqual([])
    for (const sdp of rendezvous.descriptions) expect(sdp).not.toContain(address)
    for (const { page } of [a, b]) await page.close()
  })
})
