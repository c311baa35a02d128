/**
 * Real browsers without a screen, both driven by one library, and a realm that is a dedicated web worker in a page of
 * theirs. The worker talks to us over a WebSocket of its own, so bytes do not pass through the driver's protocol.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'puppeteer-core'
import { type WebSocket, WebSocketServer } from 'ws'
import { CHROMIUM_FLAGS, findChromium } from '../platform/node/chromium.ts'
import { findFirefox } from '../platform/node/firefox.ts'
import { type Realm, Waiting } from './realm.ts'
import { realmCode } from './realm-code.ts'

export type BrowserName = 'chromium' | 'firefox'

const FIND = { chromium: findChromium, firefox: findFirefox }
/** One message: a checkpoint of the largest program of a test with its blocks. */
const FRAME_BYTES_MAX = 512 * 1_048_576
const START_MS = 60_000

/** The browser's path, or null where this machine has none. */
export const findBrowser = (name: BrowserName): string | null => FIND[name]()

export interface BrowserSettings {
  /** Of Chromium's command line. */
  readonly flags?: readonly string[]
  /** Of Firefox's about:config. */
  readonly preferences?: Readonly<Record<string, boolean | number | string>>
}

/** Throws where the browser is not there: ask `findBrowser` first. */
export async function launchBrowser(
  name: BrowserName,
  { flags = [], preferences = {} }: BrowserSettings = {},
): Promise<Browser> {
  const executablePath = findBrowser(name)
  if (executablePath === null) throw new Error(`there is no ${name} on this machine`)
  const { default: puppeteer } = await import('puppeteer-core')
  return name === 'firefox'
    ? puppeteer.launch({
        browser: 'firefox',
        protocol: 'webDriverBiDi',
        executablePath,
        headless: true,
        extraPrefsFirefox: preferences,
      })
    : puppeteer.launch({ browser: 'chrome', executablePath, headless: true, args: [...CHROMIUM_FLAGS, ...flags] })
}

/** A web worker that runs `entry` (see realmCode), in a browser of its own. */
export async function openBrowserRealm(name: BrowserName, entry: URL, settings?: BrowserSettings): Promise<Realm> {
  const code = await realmCode(entry, 'worker')
  const server = createServer(({ url }, response) => {
    const isWorker = url === '/worker.js'
    response.writeHead(200, { 'content-type': isWorker ? 'text/javascript' : 'text/html' })
    response.end(isWorker ? code : '<!doctype html><title>realm</title><script>new Worker("/worker.js")</script>')
  })
  const sockets = new WebSocketServer({ server, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connected = new Promise<WebSocket>((resolve, reject) => {
    sockets.once('connection', resolve)
    setTimeout(() => reject(new Error(`the worker in ${name} did not connect`)), START_MS).unref()
  })
  const browser = await launchBrowser(name, settings)
  const waiting = new Waiting()
  const close = async (): Promise<void> => {
    waiting.end(new Error(`${name} was closed`))
    await browser.close()
    for (const client of sockets.clients) client.terminate()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const socket = await connected
    socket.on('message', (data) => waiting.answer(data as Buffer))
    socket.on('close', () => waiting.end(new Error(`the worker in ${name} is gone`)))
    return {
      name,
      version: (await browser.version()).replace('/', ' '),
      ask: (request) => waiting.ask(() => socket.send(request)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
