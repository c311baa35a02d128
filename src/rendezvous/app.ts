import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Clock } from '../base/clock.ts'
import { nonceText } from '../wire/challenge.ts'
import type { Cluster } from '../wire/cluster.ts'
import type { Challenges } from './challenges.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { CHALLENGE_MS } from './limits.ts'
import { type Page, SECURITY_HEADERS } from './page.ts'
import type { Switchboard } from './switchboard.ts'

/**
 * The rendezvous over HTTP: who is on line, what cluster this is, a nonce to sign, and the page. All of it public and
 * without credentials, so any origin may read it. Nothing here changes anything.
 */
export interface AppParts {
  readonly clock: Clock
  readonly cluster: Cluster
  readonly challenges: Challenges
  readonly doorkeeper: Doorkeeper
  readonly switchboard: Switchboard
  /** Null where no page was built. */
  readonly page: Page | null
}

export function createApp(parts: AppParts): Hono<{ Bindings: HttpBindings }> {
  const { clock, cluster, challenges, doorkeeper, switchboard, page } = parts
  const startedMs = clock.nowMs()
  const app = new Hono<{ Bindings: HttpBindings }>()

  app.use(async (c, next) => {
    if (!doorkeeper.mayAsk(c.env.incoming.socket.remoteAddress ?? '')) return c.text('Too many requests\n', 429)
    return next()
  })
  app.use('/api/*', async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value)
    c.header('cross-origin-resource-policy', 'cross-origin')
    c.header('access-control-allow-origin', '*')
    c.header('cache-control', 'no-store')
  })
  app.get('/healthz', (c) =>
    c.json({ ok: true, hosts: switchboard.count, uptimeSeconds: Math.floor((clock.nowMs() - startedMs) / 1000) }),
  )
  app.get('/api/challenge', (c) => c.json({ nonce: nonceText(challenges.issue()), expiresInMs: CHALLENGE_MS }))
  app.get('/api/hosts', (c) => c.json(switchboard.hosts()))
  app.get('/api/cluster', (c) => c.json(cluster))
  app.get('/api/ice', (c) => c.json({ iceServers: cluster.iceServers }))
  app.get('/api/*', (c) => c.json({ error: 'no such thing' }, 404))

  app.get('*', async (c) => {
    if (!page)
      return c.text('The rendezvous is here; the page was not built (npm run build).\n', c.req.path === '/' ? 200 : 404)
    const response = await page.respond(c.req.path, {
      encodings: c.req.header('accept-encoding') ?? '',
      etag: c.req.header('if-none-match') ?? '',
    })
    return response ?? c.text('Not found\n', 404)
  })
  app.onError((_, c) => c.text('Internal error\n', 500))
  return app
}
