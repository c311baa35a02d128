import { type Browser, chromium } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { CHROMIUM_FLAGS, findChromium } from '../../src/platform/node/chromium.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import type { Transport } from '../../src/wire/transport.ts'
import { transportContract } from '../contract/transport.ts'
import { quiet } from '../rendezvous/quiet.ts'
import { openTab, type Tab } from './tab-transport.ts'

/** The contract of transports between real tabs, and between tabs and Node, both ways. */
const executablePath = findChromium()
if (executablePath === null) console.warn('skipped: no Chromium on this machine')

describe.skipIf(executablePath === null)('tabs of Chromium', () => {
  let server: ViteDevServer
  let browser: Browser
  const tabs: Tab[] = []
  let seed = 500

  beforeAll(async () => {
    server = await createServer({
      configFile: false,
      cacheDir: '.cache/vite-transport-test',
      optimizeDeps: { include: ['peerjs', 'valibot', '@ipld/dag-cbor', '@noble/ed25519', '@noble/hashes/sha2.js'] },
      server: { port: 0, host: '127.0.0.1', watch: null, hmr: false },
      logLevel: 'silent',
      plugins: [
        {
          name: 'blank page',
          configureServer: ({ middlewares }) => {
            middlewares.use('/blank', (_request, response) => {
              response.setHeader('content-type', 'text/html')
              response.end('<!doctype html><title>transport</title>')
            })
          },
        },
      ],
    })
    await server.listen()
    const address = server.httpServer?.address()
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...CHROMIUM_FLAGS] })
    for (let i = 0; i < 2; i++) {
      const page = await browser.newPage()
      await page.goto(`${origin}/blank`)
      tabs.push(await openTab(page))
    }
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
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
