import manifestText from '../../../dist/engine/engine.json?raw'
import movableUrl from '../../../dist/engine/movable.wasm?url'
import plainUrl from '../../../dist/engine/plain.wasm?url'
import { type Bytes, toHex } from '../../base/bytes.ts'
import { record, text } from '../../base/shape.ts'
import type { EngineCode } from '../../engine/machine.ts'

/**
 * The engine of this build of the page: its two builds as files of their own, fetched once and kept by the service
 * worker. Checked against the manifest that the page was built with, so that a stale or swapped file runs nothing;
 * guests compile it, in frames that no compiled module can be handed to.
 */
export interface Engine {
  readonly id: string
  readonly code: EngineCode
}

export async function loadEngine(): Promise<Engine> {
  const manifest = readManifest(JSON.parse(manifestText))
  const [movable, plain] = await Promise.all([load(movableUrl, manifest.movable), load(plainUrl, manifest.plain)])
  return { id: manifest.id, code: { movable, plain } }
}

async function load(url: string, expected: string): Promise<Bytes> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the engine does not load (status ${response.status})`)
  const wasm = new Uint8Array(await response.arrayBuffer())
  const hash = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', wasm)))
  if (hash !== expected) throw new Error('the engine is not the one this page was built with')
  return wasm
}

function readManifest(value: unknown): { readonly id: string; readonly movable: string; readonly plain: string } {
  const all = record(value, 'engine.json', ['id', 'quickjs', 'stock', 'instrumented', 'plain', 'movable'])
  return { id: text(all.id, 'id', 64), movable: text(all.movable, 'movable', 64), plain: text(all.plain, 'plain', 64) }
}
