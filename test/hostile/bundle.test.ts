import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { decode, encode } from '../../src/base/codec.ts'
import { type Cid, cborCid, rawCid } from '../../src/base/digest.ts'
import { readCar, writeCar } from '../../src/bundle/car.ts'
import { BLOCK_BYTES_MAX, CAR_BYTES_MAX, DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { openBundle, openBundleBlocks } from '../../src/bundle/open.ts'
import { sealBundle } from '../../src/bundle/seal.ts'
import { sealEnvelope } from '../../src/identity/envelope.ts'
import { author, parts, stranger, verifier } from '../bundle/parts.ts'

const { car, id } = await sealBundle(parts, author)
const whole = readCar(car)
if (!whole.ok) throw new Error(whole.reason)
const { blocks } = whole.value

const refusal = (code: string, reason: string | RegExp) => ({
  ok: false,
  code,
  reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
})

/** A car around a root of our own making. */
async function forged(root: Uint8Array, others: ReadonlyMap<Cid, Uint8Array> = blocks): Promise<unknown> {
  const rootCid = cborCid(root)
  const rest = [...others].filter(([cid]) => cid !== id)
  return openBundle(writeCar(rootCid, new Map([[rootCid, root], ...rest])), verifier)
}

/** The manifest as it is in the bundle, to be spoilt and signed again by its author. */
const manifest = {
  format: 1,
  name: parts.name,
  version: parts.version,
  description: parts.description,
  expiresMs: null,
  entry: link(utf8(parts.code)),
  sourceMap: null,
  kernels: {},
  assets: {},
  needs: { kind: null, depth: 10 },
  quota: DEFAULT_QUOTA,
  effects: 'fast',
}
function link(file: Uint8Array): { bytes: number; blocks: readonly string[] } {
  return { bytes: file.length, blocks: [rawCid(file)] }
}
const signed = async (value: unknown): Promise<unknown> => {
  const code = utf8(parts.code)
  return forged(await sealEnvelope(author, 'bundle', value), new Map([[rawCid(code), code]]))
}

describe('a bundle file is refused', () => {
  it('with any bit flipped, and the reason is one of a known few', async () => {
    const reasons = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: car.length * 8 - 1 }), async (bit) => {
        const flipped = Uint8Array.from(car)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const opened = await openBundle(flipped, verifier)
        expect(opened.ok).toBe(false)
        if (!opened.ok) reasons.add(opened.code)
      }),
      { seed: 1, numRuns: 600 },
    )
    expect([...reasons].sort()).toEqual(['BLOCK', 'CAR'])
  })

  it('with a flipped bit in the code: the block does not have its hash', async () => {
    const code = utf8(parts.code)
    const at = car.findIndex((_, start) => code.every((byte, i) => car[start + i] === byte))
    const flipped = Uint8Array.from(car)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    const altered = Uint8Array.from(code)
    altered[0] = (altered[0] ?? 0) ^ 1
    expect(await openBundle(flipped, verifier)).toEqual(
      refusal('BLOCK', `block ${rawCid(code)} does not have its hash`),
    )
  })

  it('cut anywhere', async () => {
    for (let length = 0; length < car.length; length++) {
      const opened = await openBundle(car.subarray(0, length), verifier)
      expect(opened).toEqual(
        refusal(opened.ok ? '' : opened.code, /^file ends inside|^block bafk\w+ is missing|^block bafy\w+ is missing/),
      )
    }
    expect(await openBundle(car.subarray(0, -1), verifier)).toEqual(refusal('CAR', /^file ends inside block \d$/))
  })

  it('with something behind its end', async () => {
    expect(await openBundle(concatBytes(car, Uint8Array.of(0)), verifier)).toEqual(refusal('CAR', 'block 6 is empty'))
    expect(await openBundle(concatBytes(car, Uint8Array.of(7)), verifier)).toEqual(
      refusal('CAR', 'file ends inside block 6'),
    )
  })

  it('that is larger than any bundle, before it is looked at', async () => {
    expect(await openBundle(new Uint8Array(CAR_BYTES_MAX + 1), verifier)).toEqual(
      refusal('SIZE', `carBytes ${CAR_BYTES_MAX + 1} > CAR_BYTES_MAX ${CAR_BYTES_MAX}`),
    )
  })

  const headed = (header: unknown) => {
    const bytes = encode(header)
    return openBundle(concatBytes(Uint8Array.of(bytes.length), bytes), verifier)
  }
  const root = CID.parse(id)
  it.each([
    ['no roots', { version: 1, roots: [] }, 'roots 0 != 1'],
    ['two roots', { version: 1, roots: [root, root] }, 'roots 2 != 1'],
    ['version 2', { version: 2 }, 'version 2 != 1'],
    ['no version', { roots: [root] }, 'version undefined != 1'],
    ['a header that is a list', [1], 'version undefined != 1'],
    ['a header that is null', null, 'version undefined != 1'],
    ['roots that are text', { version: 1, roots: id }, 'header has no list of roots'],
    ['a root that is a number', { version: 1, roots: [1] }, 'root is not a CIDv1 with dag-cbor and sha2-256'],
    [
      'a raw root',
      { version: 1, roots: [CID.parse(rawCid(utf8('x')))] },
      'root is not a CIDv1 with dag-cbor and sha2-256',
    ],
    [
      'a root by identity',
      { version: 1, roots: [CID.parse('bafyqaaa')] },
      'root is not a CIDv1 with dag-cbor and sha2-256',
    ],
  ])('with %s', async (_what, header, reason) => {
    expect(await headed(header)).toEqual(refusal('CAR', reason))
  })

  it.each([
    ['a length that goes on for ever', [0xff, 0xff, 0xff, 0xff, 0x01], 'length of header has more than 4 bytes'],
    ['a padded length', [0xba, 0x80, 0x00], 'length of header is padded'],
    ['a length of nothing', [0x00], 'header is empty'],
    ['a header of 200 MB', [0xff, 0xff, 0xff, 0x7f], 'header bytes 268435455 > 256'],
    ['a header that is not CBOR', [0x01, 0xff], /^header: /],
  ])('with %s', async (_what, bytes, reason) => {
    expect(await openBundle(Uint8Array.from(bytes), verifier)).toEqual(refusal('CAR', reason))
  })

  it('with a block that announces more than a block may have', async () => {
    const [headerLength = 0] = car
    const length = BLOCK_BYTES_MAX + 37
    const announced = Uint8Array.of((length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14)
    expect(await openBundle(concatBytes(car.subarray(0, headerLength + 1), announced), verifier)).toEqual(
      refusal('CAR', `block 0 bytes ${length} > ${BLOCK_BYTES_MAX + 36}`),
    )
  })

  it('with a block named by another hash', async () => {
    const [headerLength = 0] = car
    const named = (...cid: number[]) => {
      const block = concatBytes(Uint8Array.from(cid), new Uint8Array(32))
      return openBundle(concatBytes(car.subarray(0, headerLength + 1), Uint8Array.of(block.length), block), verifier)
    }
    const reason = 'block 0 has no CIDv1 with raw or dag-cbor and sha2-256'
    expect(await named(1, 0x55, 0x13, 0x40)).toEqual(refusal('CAR', reason)) // sha2-512
    expect(await named(1, 0x55, 0x00, 0x20)).toEqual(refusal('CAR', reason)) // identity
    expect(await named(1, 0x55, 0x12, 0x10)).toEqual(refusal('CAR', reason)) // truncated
    expect(await named(1, 0x70, 0x12, 0x20)).toEqual(refusal('CAR', reason)) // dag-pb
    expect(await named(0x12, 0x20)).toEqual(refusal('CAR', reason)) // version 0
  })

  it('with a block missing', async () => {
    for (const cid of blocks.keys()) {
      const rest = new Map([...blocks].filter(([other]) => other !== cid))
      expect(await openBundle(writeCar(id, rest), verifier)).toEqual(refusal('BLOCK', `block ${cid} is missing`))
    }
  })

  it('with a block too many, and with one twice', async () => {
    const extra = utf8('stowaway')
    expect(await openBundle(writeCar(id, new Map([...blocks, [rawCid(extra), extra]])), verifier)).toEqual(
      refusal('BLOCK', `block ${rawCid(extra)} is not of this bundle`),
    )
    const [headerLength = 0] = car
    const twice = concatBytes(car, car.subarray(headerLength + 1))
    expect(await openBundle(twice, verifier)).toEqual(refusal('CAR', `block ${id} comes twice`))
  })
})

describe('a bundle is refused', () => {
  it('when its signature is another signer’s', async () => {
    const theirs = await sealEnvelope(stranger, 'bundle', manifest)
    const claim = encode({ ...Object(decodeEnvelope(theirs)), signer: author.did })
    expect(await forged(claim)).toEqual(refusal('SIGNATURE', `signature is not ${author.did}'s over this bundle`))
  })

  it('when its root was signed as something else', async () => {
    const vote = await sealEnvelope(author, 'vote', manifest)
    expect(await forged(vote)).toEqual(refusal('SIGNATURE', `signature is not ${author.did}'s over this bundle`))
  })

  it('when its manifest is signed but not canonical', async () => {
    const canonical = encode(manifest)
    // The same map with its length in two bytes instead of one.
    const payload = concatBytes(Uint8Array.of(0xb8, (canonical[0] ?? 0) & 31), canonical.subarray(1))
    const envelope = encode({ payload, signature: await author.sign('bundle', payload), signer: author.did })
    expect(await forged(envelope)).toEqual(refusal('ENCODING', /^payload: /))
  })

  const file = link(utf8(parts.code))
  const cid = file.blocks[0] ?? ''
  it.each([
    ['is of another format', { ...manifest, format: 2 }, 'format is not 1'],
    ['is a list', [manifest], 'manifest is not an object'],
    ['has a field that we do not know', { ...manifest, sudo: true }, 'manifest has an unknown field "sudo"'],
    ['has a quota that lacks a field', { ...manifest, quota: { fuel: 1 } }, 'quota has no "memoryBytes"'],
    [
      'asks for too much fuel',
      { ...manifest, quota: { ...manifest.quota, fuel: 2 ** 53 - 1 } },
      `quota fuel ${2 ** 53 - 1} > ${1e15}`,
    ],
    [
      'asks for too much memory',
      { ...manifest, quota: { ...manifest.quota, memoryBytes: 2 ** 40 } },
      `quota memoryBytes ${2 ** 40} > ${2 ** 30}`,
    ],
    [
      'has a quota that is a fraction',
      { ...manifest, quota: { ...manifest.quota, fuel: 1.5 } },
      'quota fuel is not a whole number',
    ],
    [
      'needs an unknown kind of host',
      { ...manifest, needs: { kind: 'fridge', depth: 10 } },
      'needs kind is none of edge, tab',
    ],
    ['says nothing of its depth', { ...manifest, needs: { kind: null } }, 'needs has no "depth"'],
    ['needs less than the standard depth', { ...manifest, needs: { kind: null, depth: 9 } }, 'needs depth 9 < 10'],
    ['needs more depth than there is', { ...manifest, needs: { kind: null, depth: 21 } }, 'needs depth 21 > 20'],
    ['expires before all time', { ...manifest, expiresMs: -1 }, 'expiresMs -1 < 0'],
    ['expires at no time', { ...manifest, expiresMs: 'soon' }, 'expiresMs is not a whole number'],
    ['wants effects we do not know', { ...manifest, effects: 'twice' }, 'effects is none of fast, durable'],
    ['names itself like a path', { ...manifest, name: '../x' }, 'name "../x" does not match ^[a-z][a-z0-9-]*$'],
    [
      'has an asset outside its folder',
      { ...manifest, assets: { 'a/../../x': file } },
      /^asset path "a\/..\/..\/x" does not match/,
    ],
    ['has a kernel without a name', { ...manifest, kernels: { '': file } }, /^kernel name "" does not match/],
    [
      'links by something that is no CID',
      { ...manifest, entry: { bytes: 1, blocks: ['x'] } },
      'entry: cid "x" does not parse',
    ],
    ['links to a dag-cbor block', { ...manifest, entry: { bytes: 1, blocks: [id] } }, `entry: block ${id} is not raw`],
    [
      'has an entry of many blocks that needs one',
      { ...manifest, entry: { bytes: 1, blocks: [cid, cid] } },
      'entry blocks length 2 > 1',
    ],
    ['has an entry without blocks', { ...manifest, entry: { bytes: 0, blocks: [] } }, 'entry blocks 0 != 1'],
    [
      'has an entry of 4 TB',
      { ...manifest, entry: { bytes: 2 ** 42, blocks: [cid] } },
      `entry bytes ${2 ** 42} > ${4 * 1024 * 1024}`,
    ],
    ['has kernels in a list', { ...manifest, kernels: [file] }, 'kernels is not an object'],
  ])('when its manifest %s', async (_what, value, reason) => {
    expect(await signed(value)).toEqual(refusal('MANIFEST', reason))
  })

  it('when its manifest lacks a field', async () => {
    for (const field of Object.keys(manifest)) {
      const rest = Object.fromEntries(Object.entries(manifest).filter(([key]) => key !== field))
      expect(await signed(rest)).toEqual(refusal('MANIFEST', `manifest has no "${field}"`))
    }
  })

  it('when a block is not as long as the manifest says', async () => {
    const entry = { ...file, bytes: file.bytes + 1 }
    expect(await signed({ ...manifest, entry })).toEqual(
      refusal('BLOCK', `entry block bytes ${file.bytes} != ${file.bytes + 1}`),
    )
  })

  it('when its code is not UTF-8', async () => {
    const bad = Uint8Array.of(0xff, 0xfe)
    const root = await sealEnvelope(author, 'bundle', { ...manifest, entry: link(bad) })
    expect(await forged(root, new Map([[rawCid(bad), bad]]))).toEqual(refusal('ENCODING', 'entry is not UTF-8'))
  })

  it('when a stranger gives other blocks than were asked for', async () => {
    const other = utf8('something else')
    const lying = await openBundleBlocks(id, async (cid) => (cid === id ? (blocks.get(id) ?? null) : other), verifier)
    expect(lying).toEqual(refusal('BLOCK', /^block bafk\w+ does not have its hash$/))
    expect(await openBundleBlocks(id, async () => other, verifier)).toEqual(
      refusal('BLOCK', `block ${id} does not have its hash`),
    )
    expect(await openBundleBlocks(id, async () => null, verifier)).toEqual(refusal('BLOCK', `block ${id} is missing`))
  })

  it('when it is asked for by a name that is no bundle’s', async () => {
    const raw = rawCid(utf8('x'))
    expect(await openBundleBlocks(raw, async () => null, verifier)).toEqual(
      refusal('BLOCK', `root ${raw} is not dag-cbor with sha2-256`),
    )
  })
})

it('opens when the only thing that was spoilt is put right again', async () => {
  expect(await signed(manifest)).toMatchObject({ ok: true })
})

function decodeEnvelope(envelope: Uint8Array): unknown {
  const decoded = decode(envelope)
  return decoded.ok ? decoded.value : expect.fail(decoded.reason)
}
