import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { CHROMIUM_FLAGS, findChromium } from '../platform/node/chromium.ts'
import { engineFolder, packageRoot } from '../platform/node/engine-files.ts'
import { percentile, type Row } from './row.ts'

/**
 * What the frame around a guest costs in Chromium: guests in frames of their own against the same guests in bare web workers
 * of the page, taken in turn in one browser. Start where no spare is, freezing a busy program, memory of ten of them.
 */
const STARTS = 12
const FREEZES = 60
const GUESTS = 10

/** Bundled when it is measured: the page's own adapters, and the same sandbox without a frame. */
const PAGE = `
import { createBrowserSandbox } from './src/platform/browser/sandbox.ts'
import { createSandbox } from './src/sandbox/create-sandbox.ts'
import { browserClock, browserTimers } from './src/platform/browser/time.ts'

const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer())
const bare = (engines, script) => {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  return createSandbox({ clock: browserClock, timers: browserTimers, engines, spares: 0, startWorker(events) {
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(url)
    worker.postMessage(null, [port2])
    port1.onmessage = ({ data }) => events.message(data)
    return { post: (message, transfer) => port1.postMessage(message, [...transfer]), terminate: () => worker.terminate() }
  } })
}
const order = { label: 'bench', kernels: new Map(), inputJson: 'null', seed: 1, startMs: 0, fuelMax: Number.MAX_SAFE_INTEGER,
  memoryBytesMax: 64 * 1048576, depth: 10, sentBytesMax: 2 ** 30, image: null, pace: 'virtual',
  code: 'const rows = Array.from({ length: 20000 }, (_, id) => ({ id })); for (;;) rows.sort((a, b) => (a.id * 7919) % 211 - (b.id * 7919) % 211)' }

window.prepare = async () => {
  const [script, movable, plain, { id }] = await Promise.all([
    fetch('guest-worker.js').then((r) => r.text()), bytes('movable.wasm'), bytes('plain.wasm'), fetch('engine.json').then((r) => r.json())])
  const modules = { movable: await WebAssembly.compile(movable), plain: await WebAssembly.compile(plain) }
  window.places = {
    frame: [createBrowserSandbox({ engines: new Map([[id, { movable, plain }]]), script, spares: 0 }), id],
    worker: [bare(new Map([[id, modules]]), script), id],
  }
}
const start = (where) => new Promise((resolve, reject) => {
  const [sandbox, engineId] = places[where]
  const heard = { frozen: () => {} }
  const guest = sandbox.spawn({ ...order, engineId }, (event) => {
    if (event.kind === 'ready') resolve({ guest, heard })
    else if (event.kind === 'frozen') heard.frozen()
    else if (event.kind === 'failed') reject(new Error(event.reason))
  })
})
window.ready = async (where) => {
  const from = performance.now()
  const { guest } = await start(where)
  const took = performance.now() - from
  guest.terminate()
  return took
}
window.stay = async (where) => {
  const from = performance.now()
  await start(where)
  return performance.now() - from
}
window.freezes = async (where, count) => {
  const { guest, heard } = await start(where)
  const times = []
  for (let i = -20; i < count; i++) {
    guest.run()
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    const from = performance.now()
    const frozen = new Promise((resolve) => { heard.frozen = resolve })
    guest.freeze()
    await frozen
    if (i >= 0) times.push(performance.now() - from)
  }
  guest.terminate()
  return times
}
window.crowd = async (where, count) => {
  const all = []
  for (let i = 0; i < count; i++) all.push((await start(where)).guest)
  for (const guest of all) guest.run()
  await new Promise((resolve) => setTimeout(resolve, 2000))
}
`

export async function benchFrames(): Promise<Row[]> {
  const executablePath = findChromium()
  if (executablePath === null) return []
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: packageRoot(), loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'silent',
  })
  const files: Readonly<Record<string, string>> = {
    '/guest-worker.js': join(packageRoot(), 'dist/guest/guest-worker.js'),
    '/movable.wasm': join(engineFolder(), 'movable.wasm'),
    '/plain.wasm': join(engineFolder(), 'plain.wasm'),
    '/engine.json': join(engineFolder(), 'engine.json'),
  }
  const server = createServer(({ url = '/' }, response) => {
    const file = files[url]
    if (file) return response.end(readFileSync(file))
    response.setHeader('content-type', url === '/page.js' ? 'text/javascript' : 'text/html')
    response.end(url === '/page.js' ? outputFiles[0]?.text : '<!doctype html><body><script src="page.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] })
  const open = async () => {
    const page = await browser.newPage()
    await page.goto(url)
    await page.evaluate('prepare()')
    return page
  }
  try {
    const times = { frame: [] as number[], worker: [] as number[] }
    const page = await open()
    // Chromium ends the guests' process with the last frame in it; a host has spares, which keep it.
    const first = (await page.evaluate("stay('frame')")) as number
    await page.evaluate("stay('worker')")
    for (let i = 0; i < STARTS; i++)
      for (const where of ['frame', 'worker'] as const)
        times[where].push((await page.evaluate(`ready('${where}')`)) as number)
    const rows: Row[] = [{ name: 'guest.frame.first', value: first, unit: 'ms' }]
    for (const where of ['frame', 'worker'] as const) {
      const freezes = (await page.evaluate(`freezes('${where}', ${FREEZES})`)) as number[]
      rows.push(
        { name: `guest.${where}.ready.p50`, value: percentile(times[where], 0.5), unit: 'ms' },
        { name: `guest.${where}.freeze.p50`, value: percentile(freezes, 0.5), unit: 'ms' },
        { name: `guest.${where}.freeze.p99`, value: percentile(freezes, 0.99), unit: 'ms' },
      )
    }
    await page.close()
    for (const where of ['frame', 'worker'] as const) {
      const crowd = await open()
      const before = renderersMiB()
      await crowd.evaluate(`crowd('${where}', ${GUESTS})`)
      rows.push({ name: `guest.${where}.memory`, value: (renderersMiB() - before) / GUESTS, unit: 'MiB each' })
      await crowd.close()
    }
    return rows
  } finally {
    await browser.close()
    server.close()
  }
}

/** Of all of this machine's Chromium renderers, what each has for itself and its share of the rest; 0 where it cannot be read. */
function renderersMiB(): number {
  let bytes = 0
  try {
    for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        if (!readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer')) continue
        bytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
      } catch {
        // It has ended meanwhile.
      }
  } catch {
    return 0
  }
  return bytes / 1_048_576
}
