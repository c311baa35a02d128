import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Rendezvous, serve } from '../../src/rendezvous/serve.ts'
import { FRAME_SCRIPT_SOURCE } from '../../src/sandbox/frame.ts'
import { parseCluster, parseHosts } from '../../src/wire/cluster.ts'
import { signerOf } from './client.ts'
import { quiet } from './quiet.ts'

let folder: string
let rendezvous: Rendezvous
const cluster = {
  name: 'test',
  iceServers: [{ urls: ['stun:stun.example:3478'] }],
  authors: [{ did: signerOf(1).did, name: 'Ada' }],
  administrators: [signerOf(2).did],
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-page-'))
  await mkdir(join(folder, 'page', 'assets'), { recursive: true })
  const files = {
    'page/index.html': '<!doctype html><title>Sojourn</title>',
    'page/sw.js': 'self.x = 1',
    'page/assets/app-Bx3_kd92.js': `export const text = ${JSON.stringify('sojourn '.repeat(500))}`,
    'secret.txt': 'secret',
  }
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text)
  await symlink(join(folder, 'secret.txt'), join(folder, 'page', 'link.txt'))
  rendezvous = await serve({ log: quiet, cluster, pageFolder: join(folder, 'page') })
})
afterAll(async () => {
  await rendezvous.close()
  await rm(folder, { recursive: true })
})

/** Without the URL clean-up that fetch does. */
const rawStatus = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: rendezvous.port, path }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })

describe('the rendezvous over HTTP', () => {
  it('is healthy', async () => {
    const response = await fetch(`${rendezvous.url}/healthz`)
    expect(await response.json()).toEqual({ ok: true, hosts: 0, uptimeSeconds: expect.any(Number) })
  })

  it('tells its cluster and hosts to any origin, never cached, as the decoders expect it', async () => {
    const response = await fetch(`${rendezvous.url}/api/cluster`)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(parseCluster(await response.json())).toEqual({ ok: true, value: cluster })
    const hosts: unknown = await (await fetch(`${rendezvous.url}/api/hosts`)).json()
    expect(parseHosts(hosts)).toEqual({ ok: true, value: [] })
    const ice: unknown = await (await fetch(`${rendezvous.url}/api/ice`)).json()
    expect(ice).toEqual({ iceServers: cluster.iceServers })
  })

  it('serves the page under a policy that lets it run its own code and nothing else', async () => {
    const response = await fetch(`${rendezvous.url}/`)
    expect(await response.text()).toContain('Sojourn')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'")
    expect(policy).not.toContain('unsafe-inline')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('lets the page make the frames of guests and no others, and connect to nobody else but over WebRTC', async () => {
    const { headers } = await fetch(`${rendezvous.url}/`)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain(`script-src 'self' 'wasm-unsafe-eval' ${FRAME_SCRIPT_SOURCE};`)
    expect(policy).toContain("worker-src 'self' blob:;")
    expect(policy).toContain("frame-src 'none'")
    expect(headers.get('connection-allowlist')).toBe('(response-origin); webrtc=allow')
  })

  it('lets assets named by their content be kept for ever, and nothing else', async () => {
    const cache = async (path: string) => (await fetch(`${rendezvous.url}${path}`)).headers.get('cache-control')
    expect(await cache('/assets/app-Bx3_kd92.js')).toContain('immutable')
    expect(await cache('/')).toBe('no-cache')
    expect(await cache('/sw.js')).toBe('no-cache')
  })

  it('answers 304 to who has the file', async () => {
    const etag = (await fetch(`${rendezvous.url}/sw.js`)).headers.get('etag') ?? ''
    const again = await fetch(`${rendezvous.url}/sw.js`, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
  })

  it('compresses text with brotli or gzip for who takes it', async () => {
    for (const encoding of ['br', 'gzip']) {
      const response = await fetch(`${rendezvous.url}/assets/app-Bx3_kd92.js`, {
        headers: { 'accept-encoding': encoding },
      })
      expect(response.headers.get('content-encoding')).toBe(encoding)
      expect(await response.text()).toContain('sojourn sojourn')
    }
  })

  it('serves nothing from outside the page’s folder', async () => {
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/link.txt',
      '/%2e%2e/secret.txt',
      '/assets/../../secret.txt',
      '/.env',
    ]) {
      expect(await rawStatus(path), path).toBe(404)
    }
    expect(await rawStatus('/assets')).toBe(404)
  })

  it('answers 404 to what is not there', async () => {
    expect(await rawStatus('/api/nothing')).toBe(404)
    expect(await rawStatus('/nothing.js')).toBe(404)
  })

  it('answers 429 to who asks too fast', async () => {
    const busy = await serve({ log: quiet, limits: { requestBurst: 5, requestsPerSecond: 1 } })
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`${busy.url}/api/challenge`)).status),
    )
    expect(statuses.filter((status) => status === 200).length).toBeLessThan(10)
    expect(statuses).toContain(429)
    await busy.close()
  })

  it('says so where no page was built', async () => {
    const bare = await serve({ log: quiet })
    expect(await (await fetch(bare.url)).text()).toContain('the page was not built')
    await bare.close()
  })
})
