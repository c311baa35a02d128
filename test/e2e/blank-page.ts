import { type Browser, chromium, type Page } from 'playwright-core'
import { createServer, type Plugin } from 'vite'
import { CHROMIUM_FLAGS, findChromium } from '../../src/platform/node/chromium.ts'

/**
 * Chromium before an empty page of ours, whose scripts can import the project's sources: for tests of the parts that only
 * a browser has. Each user names the packages that its modules import, or Vite finds them late and reloads the page.
 */
export interface BlankPages {
  readonly browser: Browser
  /** Of the server; the empty page is /blank there. */
  readonly origin: string
  open(): Promise<Page>
  close(): Promise<void>
}

/** Where Chromium is; null where there is none, which is said: the tests that need it are skipped. */
export function chromiumOrSkip(): string | null {
  const executablePath = findChromium()
  if (executablePath === null) console.warn('skipped: no Chromium on this machine')
  return executablePath
}

/** `name` is the user's own: it names Vite's cache. */
export async function openBlankPages(
  name: string,
  packages: readonly string[] = [],
  plugins: readonly Plugin[] = [],
): Promise<BlankPages> {
  const server = await createServer({
    configFile: false,
    cacheDir: `.cache/vite-${name}-test`,
    optimizeDeps: { include: [...packages] },
    server: { port: 0, host: '127.0.0.1', watch: null, hmr: false },
    logLevel: 'silent',
    plugins: [
      ...plugins,
      {
        name: 'blank page',
        configureServer: ({ middlewares }) => {
          middlewares.use('/blank', (_request, response) => {
            response.setHeader('content-type', 'text/html')
            response.end(`<!doctype html><title>${name}</title>`)
          })
        },
      },
    ],
  })
  await server.listen()
  const address = server.httpServer?.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const browser = await chromium.launch({ executablePath: findChromium() ?? '', args: [...CHROMIUM_FLAGS] })
  return {
    browser,
    origin,
    async open() {
      const page = await browser.newPage()
      await page.goto(`${origin}/blank`)
      return page
    },
    async close() {
      await browser.close()
      await server.close()
    },
  }
}
