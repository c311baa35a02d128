/// <reference lib="dom" />
import { openFrame } from '../../src/platform/browser/frame.ts'
import { createBrowserSandbox } from '../../src/platform/browser/sandbox.ts'
import type { GuestEvent } from '../../src/sandbox/port.ts'
import { APART_CLAIMS } from '../contract/apart.ts'
import type { SandboxPlace } from '../contract/play.ts'
import { order } from '../sandbox/orders.ts'
import type { Attack, CanaryAddress } from './attack.ts'
import { PROGRAMS, runProgram } from './programs.ts'

/**
 * The page's side of the escape tests: the real sandbox of the real page, with other scripts in its workers and frames.
 * The test calls these by name; each gives back plain data.
 */
type Aimed = { readonly attack: Attack; readonly canary: CanaryAddress }

const NO_ENGINE = new Map([['none', { movable: Uint8Array.of(), plain: null }]])
/** Attacks that answer at all do so at once; a guest that says nothing would be ended after two seconds. */
const ANSWER_MS = 1_500

const attacking = ({ attack, canary }: Aimed): string =>
  `(async (canary) => { ${attack.code} })(${JSON.stringify(canary)})`

/** A guest's script that is an attack, from its first line on; what came of it is said as a failure of the program. */
const scriptOf = (aimed: Aimed): string => `onmessage = ({ ports: [port] }) => {
  onmessage = null
  port.onmessage = async ({ data: { kind } }) => {
    if (kind !== 'start') return
    const late = new Promise((resolve) => setTimeout(resolve, ${ANSWER_MS}, 'refused: no answer'))
    const reason = await Promise.race([late, ${attacking(aimed)}.then(() => 'reached', (error) => 'refused: ' + error)])
    port.postMessage({ kind: 'failed', code: 'THROWN', reason, fuelUsed: 0 })
  }
}`

/** Frames whose worker has started: the document has given everything away. */
async function openQuietFrames(count: number): Promise<void> {
  const script = new Blob(['onmessage = ({ ports: [port] }) => port.postMessage("up")'], { type: 'text/javascript' })
  await Promise.all(
    Array.from({ length: count }, async () => {
      const { port1, port2 } = new MessageChannel()
      openFrame(script, port2)
      await new Promise((resolve) => {
        port1.onmessage = resolve
      })
    }),
  )
}

/** Frames as a guest's, in a closed tree too, but for their document, which the caller gives. */
async function openOtherFrames(count: number, document_: string, isSandboxed: boolean): Promise<void> {
  const host = document.createElement('div')
  document.body.append(host)
  const yard = isSandboxed ? host.attachShadow({ mode: 'closed' }) : host
  await Promise.all(
    Array.from({ length: count }, async () => {
      const frame = document.createElement('iframe')
      if (isSandboxed) frame.setAttribute('sandbox', 'allow-scripts')
      frame.srcdoc = document_
      await new Promise((resolve) => {
        frame.onload = resolve
        yard.append(frame)
      })
    }),
  )
}

/** Each attack in a guest of its own, all at once; what each came to. */
const attackFromGuests = (all: readonly Aimed[]): Promise<string[]> =>
  Promise.all(all.map((aimed) => endOf(scriptOf(aimed)).then((end) => ('reason' in end ? end.reason : end.kind))))

/** The same scripts in web workers of the page's own, without a frame or a policy around them. */
const attackFromWorkers = (all: readonly Aimed[]): Promise<string[]> =>
  Promise.all(
    all.map(async (aimed) => {
      const worker = new Worker(URL.createObjectURL(new Blob([scriptOf(aimed)], { type: 'text/javascript' })))
      const { port1, port2 } = new MessageChannel()
      worker.postMessage(null, [port2])
      port1.postMessage({ kind: 'start' })
      return new Promise<string>((resolve) => {
        port1.onmessage = ({ data }: MessageEvent<{ reason: string }>) => resolve(data.reason)
      })
    }),
  )

/** How a guest with this script ends. */
function endOf(script: string, asksToFreeze = false): Promise<GuestEvent> {
  const sandbox = createBrowserSandbox({ engines: NO_ENGINE, script, spares: 0 })
  return new Promise((resolve) => {
    const guest = sandbox.spawn(order({ engineId: 'none' }), (event) => {
      if (event.kind === 'ready') {
        guest.run()
        if (asksToFreeze) guest.freeze()
      }
      if (event.kind === 'failed' || event.kind === 'finished') resolve(event)
    })
  })
}

async function openPlace(): Promise<SandboxPlace> {
  const load = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await (await fetch(name)).arrayBuffer())
  const [script, movable, plain, manifest] = await Promise.all([
    fetch('guest-worker.js').then((response) => response.text()),
    load('movable.wasm'),
    load('plain.wasm'),
    fetch('engine.json').then((response) => response.json() as Promise<{ id: string }>),
  ])
  const engines = new Map([[manifest.id, { movable, plain }]])
  return { sandbox: createBrowserSandbox({ engines, script, spares: 1 }), engineId: manifest.id }
}
let place: Promise<SandboxPlace> | null = null
const real = (): Promise<SandboxPlace> => {
  place ??= openPlace()
  return place
}

/** What an attack might have left behind here. */
const traces = async (): Promise<object> => ({
  globals: Object.keys(window).length,
  prototype: Reflect.ownKeys(Object.prototype).length,
  title: document.title,
  text: document.body.textContent,
  address: location.href,
  stored: [localStorage.length, document.cookie, (await indexedDB.databases()).length, (await caches.keys()).length],
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})

const prove = (proof: Promise<void>): Promise<string> =>
  proof.then(
    () => 'holds',
    (error: Error) => error.message,
  )

Object.assign(window, {
  escape: {
    attackFromGuests,
    attackFromWorkers,
    endOf,
    openQuietFrames,
    openOtherFrames,
    traces,
    runProgram: async (name: string) => runProgram(await real(), PROGRAMS.find((one) => one.name === name)?.code ?? ''),
    proveApart: async (claim: string) =>
      prove(real().then((here) => APART_CLAIMS.find((one) => one.claim === claim)?.prove(here))),
    honest: async () => (await runProgram(await real(), "console.log('well')")).lines,
  },
})

/** Whoever has this page’s origin can be heard here, and is answered. */
new BroadcastChannel('page').onmessage = ({ target }) => (target as BroadcastChannel).postMessage('here')
