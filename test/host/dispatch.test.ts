import { expect, it } from 'vitest'
import type { Deflate } from '../../src/base/deflate.ts'
import { type Cid, rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { Dispatch } from '../../src/host/dispatch.ts'
import { PACKS_UNCOMPRESSED } from '../../src/host/transfer-limits.ts'
import { Vault } from '../../src/host/vault.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { promptDeflate } from '../../src/platform/node/deflate.ts'
import { writeNames } from '../../src/wire/names.ts'

const to = createSigner(generateSecretKey(seededRandom(4))).did

/** Blocks of 4 KiB, as a vault has them, and how often the compressor was asked. */
async function dispatching(fill: (block: Uint8Array) => void) {
  let tries = 0
  const counting: Deflate = {
    deflate: (bytes) => {
      tries += 1
      return promptDeflate.deflate(bytes)
    },
    inflate: promptDeflate.inflate,
  }
  const vault = await Vault.open(await openMemoryStore(), 1_000_000)
  const cids: Cid[] = []
  const blocks = new Map<Cid, Uint8Array>()
  for (let i = 0; i < 32; i++) {
    const block = new Uint8Array(4096)
    fill(block)
    block[0] = i
    cids.push(rawCid(block))
    blocks.set(rawCid(block), block)
  }
  await vault.keepBundle(blocks)
  const dispatch = new Dispatch(vault, counting)
  const ask = { transfer: 1, agent: null, names: writeNames(cids), against: new Uint8Array() }
  return {
    serve: (isOpen = true) => dispatch.serve(to, ask, { drained: () => Promise.resolve(), isOpen: () => isOpen }),
    tries: () => tries,
  }
}

it('compresses nothing for a while after what did not become smaller, and then tries again', async () => {
  const random = seededRandom(3)
  const { serve, tries } = await dispatching((block) => block.set(random.bytes(4096)))
  for (let i = 0; i < 1 + PACKS_UNCOMPRESSED; i++) expect((await serve()).deflated).toBe(false)
  expect(tries()).toBe(1)
  await serve()
  expect(tries()).toBe(2)
})

it('goes on compressing what becomes smaller', async () => {
  const { serve, tries } = await dispatching((block) => block.fill(7))
  for (let i = 0; i < 4; i++) expect((await serve()).deflated).toBe(true)
  expect(tries()).toBe(4)
})

it('packs nothing for a line that has ended by then, and goes on with the next', async () => {
  const { serve, tries } = await dispatching((block) => block.fill(7))
  const all = await Promise.all([serve(false), serve(false), serve(true)])
  expect(all.map(({ byteLength }) => byteLength > 0)).toEqual([false, false, true])
  expect(tries()).toBe(1)
})
