import manifestText from '../../../dist/engine/engine.json?raw'
import movableUrl from '../../../dist/engine/movable.wasm?url'
import { toHex } from '../../base/bytes.ts'
import { record, text } from '../../base/shape.ts'

/**
 * The engine of this build of the page: the movable build as a file of its own, fetched once and kept by the service
 * worker. Checked against the manifest that the page was built with, so that a stale or swapped file runs nothing.
 */
export interface Engine {
  readonly id: string
  readonly module: WebAssembly.Module
}

export async function loadEngine(): Promise<Engine> {
  const { id, movable } = readManifest(JSON.parse(manifestText))
  const response = await fetch(movableUrl)
  if (!response.ok) throw new Error(`the engine does not load (status ${response.status})`)
  const wasm = await response.arrayBuffer()
  const hash = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', wasm)))
  if (hash !== movable) throw new Error('the engine is not the one this page was built with')
  return { id, module: await WebAssembly.compile(wasm) }
}

function readManifest(value: unknown): { readonly id: string; readonly movable: string } {
  const { id, movable } = record(value, 'engine.json', ['id', 'quickjs', 'stock', 'instrumented', 'plain', 'movable'])
  return { id: text(id, 'id', 64), movable: text(movable, 'movable', 64) }
}
