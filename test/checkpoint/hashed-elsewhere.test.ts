import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { pagesToHash, sealCheckpoint } from '../../src/checkpoint/seal.ts'
import { cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster } from '../host/cluster.ts'
import { page, smallImage } from './images.ts'

const digestOf = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())

it('names the pages that a seal will hash, and no page that is known or all zeros', () => {
  const image = smallImage()
  const [first, second] = [image.pages.get(3), image.pages.get(319)]
  expect(pagesToHash(image)).toEqual([first, second])
  const { hashed } = sealCheckpoint(image)
  const changed = page(9)
  const next = { ...image, pages: new Map([...image.pages, [319, changed]]) }
  expect(pagesToHash(next, hashed)).toEqual([changed])
})

it('seals the same checkpoint with digests from elsewhere, without hashing a page of it again', () => {
  const image = smallImage()
  const pages = pagesToHash(image)
  const sealed = sealCheckpoint(image, undefined, new Map(pages.map((bytes) => [bytes, digestOf(bytes)])))
  expect(sealed.root).toBe(sealCheckpoint(image).root)
  expect(sealed.freshBytes).toBe(sealCheckpoint(image).freshBytes)
  const believed = sealCheckpoint(image, undefined, new Map(pages.map((bytes) => [bytes, new Uint8Array(32).fill(7)])))
  expect(believed.root).not.toBe(sealed.root)
})

it.each([
  ['that are slow to hash', true],
  ['whose hashing thread has died', false],
])('agents move between hosts %s', async (_, works) => {
  const world = new Cluster()
  let asked = 0
  const hashAll = async (parts: readonly Uint8Array[]) => {
    asked += 1
    await new Promise<void>((resolve) => world.time.after(30, resolve))
    if (!works) throw new Error('the thread has died')
    return parts.map(digestOf)
  }
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, hashAll })
  for (const seed of [2, 3]) await world.start(seed, { hashAll })
  await world.time.advance(5_000)
  const program = {
    steps: 6_000,
    emitEvery: 1_000,
    moves: [
      { at: 2_000, where: { host: world.hosts.get(3)?.did } },
      { at: 4_000, where: { host: world.hosts.get(2)?.did } },
    ],
  }
  const agent = await world.launch(home, program)
  expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(program) })
  expect(asked).toBeGreaterThanOrEqual(2)
})
