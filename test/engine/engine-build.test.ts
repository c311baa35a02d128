import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { instrumentEngine } from '../../src/engine/instrument/engine.ts'
import { Machine, prepareEngine } from '../../src/engine/machine.ts'
import { hashImage } from '../../src/engine/state-hash.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { OPTIONS } from './drive.ts'

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('the engine build', () => {
  it('instruments the same input to the same bytes, which are those the manifest names', async () => {
    const stock = await readFile('node_modules/quickjs-wasi/quickjs.wasm')
    const { manifest } = await loadEngineFiles()
    const [first, second] = [instrumentEngine(stock), instrumentEngine(stock)]
    expect(hash(first.wasm)).toBe(hash(second.wasm))
    expect(manifest).toMatchObject({ stock: hash(stock), instrumented: hash(first.wasm) })
  })

  it('lies in dist as the manifest says', async () => {
    const { manifest } = await loadEngineFiles()
    expect(hash(await readFile('dist/engine/movable.wasm'))).toBe(manifest.movable)
    expect(hash(await readFile('dist/engine/plain.wasm'))).toBe(manifest.plain)
  })

  it('prepares to the same base image every time', async () => {
    const { manifest, modules } = await loadEngineFiles()
    const [first, second] = [prepareEngine(manifest.id, modules), prepareEngine(manifest.id, modules)]
    expect(hash(first.base.memory)).toBe(hash(second.base.memory))
    expect(first.base.globals).toEqual(second.base.globals)
  })

  it('hashes images that differ in anything to different roots', async () => {
    const { manifest, modules } = await loadEngineFiles()
    const machine = Machine.start(prepareEngine(manifest.id, modules), 'for (;;);', 'null', OPTIONS)
    machine.run(100_000n)
    const image = machine.freeze()
    const [[index, page] = [0, new Uint8Array(0)]] = image.pages
    const flipped = Uint8Array.from(page)
    flipped[7] = (flipped[7] ?? 0) ^ 1
    const others = [
      { ...image, clockMs: image.clockMs + 1 },
      { ...image, standing: 'turn' as const },
      { ...image, pages: new Map([...image.pages, [index, flipped]]) },
      { ...image, timers: [{ id: 1, dueMs: 5, everyMs: null }] },
    ]
    expect(new Set([image, ...others].map(hashImage)).size).toBe(5)
    expect(hashImage({ ...image })).toBe(machine.stateHash())
  })
})
