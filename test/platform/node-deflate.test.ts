import { deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { nodeDeflate, promptDeflate } from '../../src/platform/node/deflate.ts'
import { brokenPromises } from '../contract/deflate.ts'

const other = Uint8Array.from(deflateRawSync('mobile agents, '.repeat(200), { level: 9 }))

it.each([
  ['with its pool', nodeDeflate],
  ['without leaving the thread', promptDeflate],
])('zlib keeps the promises of Deflate, %s', async (_, deflate) => {
  expect(await brokenPromises(deflate, other)).toEqual([])
})

it('makes and takes the same, in the pool or not', async () => {
  const large = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 7)
  const packed = await nodeDeflate.deflate(large)
  expect(equalBytes(packed, await promptDeflate.deflate(large))).toBe(true)
  const plain = await nodeDeflate.inflate(packed, large.length)
  expect(plain.ok && equalBytes(plain.value, large)).toBe(true)
  expect(await nodeDeflate.inflate(packed, large.length - 1)).toMatchObject({ ok: false, code: 'DEFLATE' })
})
