import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import { straight } from '../contract/play.ts'
import { SANDBOX_CLAIMS } from '../contract/sandbox.ts'
import { record, repeatText, textsOf } from '../contract/sandbox-replay.ts'
import { type BlankPages, chromiumOrSkip, openBlankPages } from './blank-page.ts'

/** The contract of a sandbox in a real browser's web workers, and what a locked-down web worker still has. */
// Skipped where there is no Chromium.
describe.skipIf(chromiumOrSkip() === null)('a web worker in Chromium', () => {
  let pages: BlankPages
  let page: Page

  beforeAll(async () => {
    pages = await openBlankPages('sandbox', [
      '@ipld/dag-cbor',
      '@noble/hashes/sha2.js',
      'multiformats/cid',
      'multiformats/hashes/digest',
      'multiformats/bases/base58',
      'multiformats/bases/base64',
    ])
    page = await pages.open()
    await page.evaluate(`(async () => {
      const { createBrowserSandbox } = await import('/src/platform/browser/sandbox.ts')
      const { straight } = await import('/test/contract/play.ts')
      const { SANDBOX_CLAIMS } = await import('/test/contract/sandbox.ts')
      const { id } = await (await fetch('/dist/engine/engine.json')).json()
      const { default: script } = await import('/dist/guest/guest-worker.js?raw')
      const load = async (tier) => new Uint8Array(await (await fetch('/dist/engine/' + tier + '.wasm')).arrayBuffer())
      const code = { movable: await load('movable'), plain: await load('plain') }
      const sandbox = createBrowserSandbox({ engines: new Map([[id, code]]), script })
      const { record, repeatText, textsOf } = await import('/test/contract/sandbox-replay.ts')
      window.record = () => record({ sandbox, engineId: id }).then(textsOf)
      window.repeatText = (text) => repeatText({ sandbox, engineId: id }, text)
      window.straight = () => straight({ sandbox, engineId: id })
      window.prove = (claim) => SANDBOX_CLAIMS.find((one) => one.claim === claim).prove({ sandbox, engineId: id }).then(() => 'holds', (error) => error.message)
    })()`)
  })
  afterAll(async () => {
    await pages?.close()
  })

  for (const { claim } of SANDBOX_CLAIMS) {
    it(claim, async () => {
      expect(await page.evaluate(`prove(${JSON.stringify(claim)})`)).toBe('holds')
    })
  }

  it('ends a program in the very state that Node ends it in', async () => {
    const { manifest, modules } = await loadEngineFiles(resolve('dist/engine'))
    const sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]), spares: 0 })
    expect(await page.evaluate('straight()')).toEqual(await straight({ sandbox, engineId: manifest.id }))
    sandbox.close()
  })

  it('does once more what a guest did in Node, and Node what a guest did here, to the same roots', async () => {
    const { manifest, modules } = await loadEngineFiles(resolve('dist/engine'))
    const sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]), spares: 0 })
    const place = { sandbox, engineId: manifest.id }
    const [there, here] = [textsOf(await record(place)), (await page.evaluate('record()')) as string[]]
    expect([there.length > 2, here.length > 2]).toEqual([true, true])
    for (const text of there) {
      const { seen, come } = (await page.evaluate(`repeatText(${JSON.stringify(text)})`)) as {
        seen: unknown
        come: unknown
      }
      expect(come).toEqual(seen)
    }
    for (const text of here) {
      const { seen, come } = await repeatText(place, text)
      expect(come).toEqual(seen)
    }
    sandbox.close()
  })

  it('has no door left once it is locked down', async () => {
    const left = await page.evaluate(`new Promise((resolve, reject) => {
      const source = "import { lockDown } from '" + location.origin + "/src/platform/guest/lockdown.ts'\\nconst post = postMessage.bind(self)\\nconst stayed = lockDown(self)\\npost({ stayed, left: Object.getOwnPropertyNames(globalThis).filter((name) => globalThis[name] !== undefined), reach: ['fetch', 'postMessage', 'indexedDB', 'caches', 'navigator', 'location', 'WebSocket', 'XMLHttpRequest', 'importScripts', 'Worker', 'BroadcastChannel', 'SharedArrayBuffer', 'crypto', 'performance', 'setTimeout', 'close', 'addEventListener', 'RTCPeerConnection', 'WebTransport', 'EventSource', 'eval', 'Function'].filter((name) => { try { return (0, globalThis)[name] !== undefined } catch { return true } }) })"
      const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = (event) => reject(new Error(event.message))
    })`)
    expect(left).toMatchObject({ stayed: [], reach: [] })
  })
})
