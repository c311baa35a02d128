import { afterAll, beforeAll, describe } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import type { Transport } from '../../src/wire/transport.ts'
import { transportContract } from '../contract/transport.ts'
import { quiet } from '../rendezvous/quiet.ts'
import { type BlankPages, chromiumOrSkip, openBlankPages } from './blank-page.ts'
import { openTab, type Tab } from './tab-transport.ts'

/** The contract of transports between real tabs, and between tabs and Node, both ways. */
// Skipped where there is no Chromium.
describe.skipIf(chromiumOrSkip() === null)('tabs of Chromium', () => {
  let pages: BlankPages
  const tabs: Tab[] = []
  let seed = 500

  beforeAll(async () => {
    pages = await openBlankPages('transport', [
      'peerjs',
      'valibot',
      '@ipld/dag-cbor',
      '@noble/ed25519',
      '@noble/hashes/sha2.js',
    ])
    for (let i = 0; i < 2; i++) tabs.push(await openTab(await pages.open()))
  })
  afterAll(async () => {
    await pages?.close()
  })

  /** Hosts join in this order, over and over. A Node host does not keep to loopback here: Chromium has no candidate there. */
  const between = (name: string, order: readonly ('tab' | 'node')[]): void => {
    transportContract(name, async () => {
      const rendezvous = await serve({ log: quiet })
      const joined: Transport[] = []
      return {
        async join() {
          const kind = order[joined.length % order.length]
          const tab = tabs[joined.length % tabs.length]
          const transport =
            kind === 'tab' && tab
              ? await tab.join(rendezvous.url, seed++)
              : await goOnlineFromNode({
                  rendezvous: rendezvous.url,
                  signer: createSigner(generateSecretKey(seededRandom(seed++))),
                })
          joined.push(transport)
          return transport
        },
        nobody: () => addressOf(createSigner(generateSecretKey(seededRandom(seed++))).did),
        async close() {
          await Promise.all(joined.map((transport) => transport.close()))
          await rendezvous.close()
        },
      }
    })
  }
  between('PeerJS from tab to tab', ['tab', 'tab', 'node'])
  between('PeerJS from tab to Node', ['tab', 'node', 'tab'])
  between('PeerJS from Node to tab', ['node', 'tab', 'tab'])
})
