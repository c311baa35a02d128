/** Turns a module of ours into one script that any realm can run, with the realm's own door in front. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Each defines `receive(onFrame)` and `send(frame)`. */
const DOORS = {
  /** A dedicated web worker, which connects to the server that it was loaded from. */
  worker: `
    const socket = new WebSocket('ws://' + location.host + '/')
    socket.binaryType = 'arraybuffer'
    const receive = (onFrame) => { socket.onmessage = ({ data }) => onFrame(new Uint8Array(data)) }
    const send = (frame) => socket.send(frame)`,
  /** A worker thread. */
  thread: `
    const { parentPort } = require('node:worker_threads')
    const receive = (onFrame) => parentPort.on('message', onFrame)
    const send = (frame) => parentPort.postMessage(frame, [frame.buffer])`,
  /** An engine's shell: a line names the file of a request, the answer is written beside it. */
  shell: `
    let path = ''
    const receive = (onFrame) => {
      while ((path = readline()) !== null && path !== '') {
        onFrame(readFile(path, 'binary'))
        drainMicrotasks()
      }
    }
    const send = (frame) => { writeFile(path + '.answer', frame); print(path) }`,
  /** A process of Node, spoken to as a shell is. */
  process: `
    const { readFileSync, writeFileSync } = require('node:fs')
    const paths = []
    const receive = (onFrame) => require('node:readline').createInterface({ input: process.stdin }).on('line', (path) => { paths.push(path); onFrame(new Uint8Array(readFileSync(path))) })
    const send = (frame) => { const path = paths.shift(); writeFileSync(path + '.answer', frame); process.stdout.write(path + '\\n') }`,
} as const

/** Stands before everything else, from the sources as from the compiled files. */
const UTF8 = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './bare-utf8.ts' : './bare-utf8.js', import.meta.url),
)

/** `entry` exports `answer(request: Uint8Array)`, which returns the answer's bytes or a promise of them. */
export async function realmCode(entry: URL, door: keyof typeof DOORS): Promise<string> {
  const path = fileURLToPath(entry)
  const contents = `${door === 'shell' ? `import ${JSON.stringify(UTF8)}` : ''}
    import { answer } from ${JSON.stringify(path)}
    ${DOORS[door]}
    const frame = (kind, bytes) => { const all = new Uint8Array(bytes.length + 1); all[0] = kind; all.set(bytes, 1); return all }
    const words = (error) => error instanceof Error ? error.name + ': ' + error.message + '\\n' + error.stack : String(error)
    let last = Promise.resolve()
    receive((request) => {
      last = last.then(() => answer(request)).then((bytes) => send(frame(0, bytes)), (error) => send(frame(1, new TextEncoder().encode(words(error)))))
    })`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', entry)), loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: door === 'thread' || door === 'process' ? 'node' : 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['browser', 'import'],
    target: 'es2022',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
