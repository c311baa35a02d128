/** A worker thread of this process as a realm. */
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { allowHugeFunctions } from '../platform/node/engine-files.ts'
import { type Realm, Waiting } from './realm.ts'
import { realmCode } from './realm-code.ts'

/** A thread that runs `entry` (see realmCode). */
export async function openNodeRealm(entry: URL): Promise<Realm> {
  allowHugeFunctions()
  const worker = new Worker(await realmCode(entry, 'thread'), { eval: true })
  const waiting = new Waiting()
  worker.on('message', (frame: Uint8Array) => waiting.answer(frame))
  worker.on('error', (error) => waiting.end(error))
  worker.on('exit', (code) => waiting.end(new Error(`the thread ended with ${code}`)))
  return {
    name: 'node',
    version: `Node ${process.versions.node}`,
    ask: (request) => waiting.ask(() => worker.postMessage(request)),
    async close() {
      await worker.terminate()
    },
  }
}
