import { CarReader, CarWriter } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { equalBytes, utf8 } from '../../src/base/bytes.ts'
import { type Cid, rawCid } from '../../src/base/digest.ts'
import { readCar } from '../../src/bundle/car.ts'
import {
  BLOCK_BYTES_MAX,
  BUNDLE_BYTES_MAX,
  DEFAULT_QUOTA,
  DEPTH_MAX,
  DEPTH_STANDARD,
  QUOTA_ASKED_MAX,
} from '../../src/bundle/limits.ts'
import { bundleBlocks, openBundle, openBundleBlocks } from '../../src/bundle/open.ts'
import { partsFault, sealBundle } from '../../src/bundle/seal.ts'
import { SEGMENTS_MAX } from '../../src/engine/limits.ts'
import { ENVELOPE_BYTES_MAX } from '../../src/identity/limits.ts'
import { grantedQuota, UNBOUNDED } from '../../src/permit/grant.ts'
import { FETCH_BYTES_MAX } from '../../src/wire/limits.ts'
import { author, parts, verifier } from './parts.ts'

const accepted = <T>(result: { ok: true; value: T } | { ok: false; reason: string }): T =>
  result.ok ? result.value : expect.fail(result.reason)

describe('a sealed bundle', () => {
  it('opens to what was sealed, with its author', async () => {
    const { car, id } = await sealBundle(parts, author)
    const bundle = accepted(await openBundle(car, verifier))
    expect(bundle).toMatchObject({ id, author: author.did, code: parts.code, sourceMap: parts.sourceMap })
    expect(bundle.manifest).toMatchObject({
      name: 'golomb',
      version: '1.2.3',
      effects: 'fast',
      needs: { kind: null, depth: 10 },
    })
    expect(bundle.manifest.quota).toEqual({ ...DEFAULT_QUOTA, fuel: 5e9 })
    const wasm = parts.kernels.get('search') ?? expect.fail()
    expect([...bundle.kernels]).toEqual([['search', { cid: rawCid(wasm), wasm }]])
    expect(new Map([...bundle.assets].map(([path, { bytes }]) => [path, bytes]))).toEqual(parts.assets)
  })

  it('is the same bytes when the same author seals the same parts again', async () => {
    const [first, second] = [await sealBundle(parts, author), await sealBundle(parts, author)]
    expect(second.id).toBe(first.id)
    expect(second.car).toEqual(first.car)
  })

  it('is a CAR that an IPLD library reads, and one that an IPLD library wrote opens', async () => {
    const { car, id } = await sealBundle(parts, author)
    const reader = await CarReader.fromBytes(car)
    expect((await reader.getRoots()).map(String)).toEqual([id])
    const { writer, out } = CarWriter.create([CID.parse(id)])
    const written: Uint8Array[] = []
    const draining = (async () => {
      for await (const chunk of out) written.push(chunk)
    })()
    for await (const block of reader.blocks()) await writer.put(block)
    await writer.close()
    await draining
    expect(accepted(await openBundle(Uint8Array.from(Buffer.concat(written)), verifier)).id).toBe(id)
  })

  it('opens block by block, from the names that its root gives', async () => {
    const { car, id } = await sealBundle(parts, author)
    const { blocks } = accepted(readCar(car))
    const asked: Cid[] = []
    const bundle = await openBundleBlocks(
      id,
      async (cid) => {
        asked.push(cid)
        return blocks.get(cid) ?? null
      },
      verifier,
    )
    expect(accepted(bundle).code).toBe(parts.code)
    const root = blocks.get(id) ?? expect.fail()
    expect(asked).toEqual([id, ...accepted(bundleBlocks(root)).cids])
  })

  it('cuts a file that is longer than a block, and puts it together again', async () => {
    const big = new Uint8Array(2 * BLOCK_BYTES_MAX + 5).map((_, index) => index % 251)
    const exact = big.subarray(0, BLOCK_BYTES_MAX)
    const assets = new Map([
      ['big.bin', big],
      ['exact.bin', exact],
    ])
    const { car } = await sealBundle({ ...parts, assets }, author)
    const bundle = accepted(await openBundle(car, verifier))
    expect(bundle.manifest.assets.get('big.bin')?.blocks.length).toBe(3)
    expect(bundle.manifest.assets.get('exact.bin')?.blocks.length).toBe(1)
    const opened = bundle.assets.get('big.bin') ?? expect.fail()
    expect(opened.cid).toBe(rawCid(big))
    expect(equalBytes(opened.bytes, big)).toBe(true) // toEqual takes seconds on so many bytes
    for (const bytes of accepted(readCar(car)).blocks.values())
      expect(bytes.length).toBeLessThanOrEqual(BLOCK_BYTES_MAX)
  })

  it('keeps equal blocks once', async () => {
    const same = utf8('twice')
    const { car } = await sealBundle(
      {
        ...parts,
        assets: new Map([
          ['a', same],
          ['b', same],
        ]),
      },
      author,
    )
    expect(accepted(await openBundle(car, verifier)).assets.size).toBe(2)
  })
})

it('has blocks and envelopes that fit one message of the wire', () => {
  expect(BLOCK_BYTES_MAX).toBeLessThanOrEqual(FETCH_BYTES_MAX)
  expect(ENVELOPE_BYTES_MAX).toBeLessThanOrEqual(FETCH_BYTES_MAX)
})

describe('parts that cannot become a bundle', () => {
  const half = new Uint8Array(BUNDLE_BYTES_MAX / 2 + 1)
  it.each([
    ['a name with capitals', { name: 'Golomb' }, 'name "Golomb" does not match ^[a-z][a-z0-9-]*$'],
    ['an empty name', { name: '' }, 'name "" does not match ^[a-z][a-z0-9-]*$'],
    ['a long name', { name: 'a'.repeat(65) }, 'name length 65 > 64'],
    [
      'a version that is none',
      { version: '1.0' },
      'version "1.0" does not match ^\\d+\\.\\d+\\.\\d+(-[0-9A-Za-z.-]+)?$',
    ],
    ['a description with an escape sequence', { description: '\u001b[2J' }, 'description has control characters'],
    ['a description that runs backwards', { description: 'a\u202eb' }, 'description has control characters'],
    [
      'a kernel with a path for a name',
      { kernels: new Map([['../x', half.subarray(0, 1)]]) },
      'kernel name "../x" does not match',
    ],
    [
      'an asset outside its folder',
      { assets: new Map([['../x', half.subarray(0, 1)]]) },
      'asset path "../x" does not match',
    ],
    [
      'an asset with an absolute path',
      { assets: new Map([['/etc/passwd', half.subarray(0, 1)]]) },
      'asset path "/etc/passwd" does not match',
    ],
    ['a hidden asset', { assets: new Map([['a/.env', half.subarray(0, 1)]]) }, 'asset path "a/.env" does not match'],
    [
      'more fuel than a manifest may ask',
      { quota: { fuel: 1e15 + 1 } },
      `quota fuel ${1e15 + 1} > ${QUOTA_ASKED_MAX.fuel}`,
    ],
    [
      'more memory than a manifest may ask',
      { quota: { memoryBytes: 2 ** 30 + 1 } },
      `quota memoryBytes ${2 ** 30 + 1} > ${2 ** 30}`,
    ],
    ['less than the standard depth', { needs: { depth: DEPTH_STANDARD - 1 } }, 'needs depth 9 < 10'],
    ['more depth than the engine has', { needs: { depth: DEPTH_MAX + 1 } }, 'needs depth 21 > 20'],
    ['half a segment of depth', { needs: { depth: 10.5 } }, 'needs depth is not a whole number'],
    ['half a unit of fuel', { quota: { fuel: 0.5 } }, 'quota fuel is not a whole number'],
    ['a negative quota', { quota: { hops: -1 } }, 'quota hops -1 < 0'],
    ['too much code', { code: 'x'.repeat(4 * 1024 * 1024 + 1) }, 'entry bytes 4194305 > 4194304'],
    [
      'too many kernels',
      { kernels: new Map([...Array(17).keys()].map((k) => [`k${k}`, half.subarray(0, 1)])) },
      'kernels 17 > 16',
    ],
    [
      'too much together',
      {
        assets: new Map([
          ['a', half],
          ['b', half],
        ]),
      },
      'bundleBytes 16777',
    ],
  ])('are found: %s', (_what, wrong, reason) => {
    expect(partsFault({ ...parts, ...wrong })).toContain(reason)
  })

  it('are not those that ask for a depth from the standard to the most', () => {
    expect(DEPTH_MAX).toBe(SEGMENTS_MAX)
    for (const depth of [DEPTH_STANDARD, DEPTH_STANDARD + 1, DEPTH_MAX])
      expect(partsFault({ ...parts, needs: { depth } })).toBeNull()
  })

  it('are a programmer error to seal', async () => {
    await expect(sealBundle({ ...parts, name: '' }, author)).rejects.toThrow('not a bundle: name ""')
  })
})

describe('the quota that a host grants', () => {
  const policy = { ...DEFAULT_QUOTA, fuel: 1e13 }
  it('is the least of what was asked and what was given', () => {
    const order = { ...UNBOUNDED, fuel: 1e9, memoryBytes: 2 ** 31 }
    expect(grantedQuota(DEFAULT_QUOTA, order, policy)).toEqual({ ok: true, value: { ...DEFAULT_QUOTA, fuel: 1e9 } })
  })

  it('is refused to a bundle that asks for more than the host allows', () => {
    const asked = { ...DEFAULT_QUOTA, fuel: 1e14 }
    expect(grantedQuota(asked, { ...UNBOUNDED, fuel: 1 }, policy)).toEqual({
      ok: false,
      code: 'QUOTA',
      reason: 'bundle asks for more than this host allows: fuel 100000000000000 > 10000000000000',
    })
  })
})
