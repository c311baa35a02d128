import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { pino } from 'pino'
import { serve } from '../../src/rendezvous/serve.ts'
import { servePage } from '../e2e/page-server.ts'

/** The page of the escape tests, put together from the project's own parts and served in three ways. */
export interface Served {
  /** By the rendezvous: its policies come as headers. */
  readonly byRendezvous: string
  /** By a server that knows nothing of us: what there is of policies stands in the page, as in the real one. */
  readonly byStranger: string
  /** Without any policy, to show that the attacks are real. */
  readonly withoutWall: string
  close(): Promise<void>
}

const HEAD_POLICY = /<meta http-equiv="Content-Security-Policy"[^>]*>/

export async function servePages(): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-escape-'))
  const meta = HEAD_POLICY.exec(await readFile(resolve('index.html'), 'utf8'))?.[0] ?? ''
  const page = (head: string): string =>
    `<!doctype html>${head}<title>escape</title><body>as it was<script src="page.js"></script>`
  await build({
    entryPoints: [resolve('test/escape/page.ts')],
    outfile: join(folder, 'page.js'),
    bundle: true,
    format: 'iife',
    logLevel: 'silent',
  })
  await copyFile(resolve('dist/guest/guest-worker.js'), join(folder, 'guest-worker.js'))
  for (const name of ['engine.json', 'movable.wasm', 'plain.wasm'])
    await copyFile(resolve('dist/engine', name), join(folder, name))
  await writeFile(join(folder, 'service-worker.js'), '')
  await writeFile(join(folder, 'index.html'), page(''))
  await writeFile(join(folder, 'static.html'), page(meta))
  const rendezvous = await serve({ pageFolder: folder, log: pino({ level: 'silent' }) })
  const stranger = await servePage(folder, {})
  return {
    byRendezvous: `${rendezvous.url}/`,
    byStranger: `${stranger.url}static.html`,
    withoutWall: stranger.url,
    async close() {
      await rendezvous.close()
      await stranger.close()
      await rm(folder, { recursive: true })
    },
  }
}
