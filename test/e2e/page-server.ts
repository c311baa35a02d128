import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

/**
 * The built page behind a plain file server, with a rendezvous' answer that the test can change. No signalling: what
 * needs hosts that talk to each other is tested against the real rendezvous.
 */
export interface PageServer {
  readonly url: string
  /** The next answers of /api/cluster; null is a server error. */
  cluster: object | null
  /** Pretends that a newer page was put up: its service worker differs. */
  version: number
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}

export async function servePage(folder: string, cluster: object): Promise<PageServer> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    if (pathname === '/api/cluster') {
      response.writeHead(handle.cluster ? 200 : 502, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
      })
      return response.end(JSON.stringify(handle.cluster))
    }
    const path = normalize(pathname === '/' ? '/index.html' : pathname)
    try {
      const bytes = await readFile(join(folder, path))
      response.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'cache-control': 'no-cache',
      })
      response.end(path === '/service-worker.js' ? `${bytes}\n// version ${handle.version}` : bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const handle: PageServer = {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    cluster,
    version: 1,
    close: () => closed(server),
  }
  return handle
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
