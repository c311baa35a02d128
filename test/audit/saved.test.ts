import { beforeAll, describe, expect, it } from 'vitest'
import { verifyItinerary } from '../../src/audit/itinerary.ts'
import { ITINERARY_BYTES_MAX, ITINERARY_MAX } from '../../src/audit/limits.ts'
import { readItinerary, writeItinerary } from '../../src/audit/saved.ts'
import { encode } from '../../src/base/codec.ts'
import { hostOf, wayOf } from './way.ts'

const home = hostOf(100)
let way: Awaited<ReturnType<typeof wayOf>>
beforeAll(async () => {
  way = await wayOf(home, [101, 102, 103].map(hostOf))
})

const refusal = (file: unknown): string => {
  const read = readItinerary(file instanceof Uint8Array ? file : encode(file))
  return read.ok ? 'read' : `${read.code}: ${read.reason}`
}
const fields = () => ({ format: 'sojourn/itinerary/1', ...way.itinerary })

describe('a saved itinerary', () => {
  it('is read as it was written, and verifies', async () => {
    const read = readItinerary(writeItinerary(way.itinerary))
    expect(read).toEqual({ ok: true, value: way.itinerary })
    expect(read.ok && (await verifyItinerary(read.value, home))).toMatchObject({ ok: true })
  })

  it('is refused where it is not one, or more than one can be', () => {
    const [hop] = way.itinerary.hops
    expect(refusal(Uint8Array.of(1, 2))).toMatch(/^ENCODING/)
    expect(refusal(new Uint8Array(ITINERARY_BYTES_MAX + 1))).toMatch(/^SIZE: itineraryBytes/)
    expect(refusal({ ...fields(), format: 'sojourn/itinerary/2' })).toBe(
      'ITINERARY: format is none of sojourn/itinerary/1',
    )
    expect(refusal({ ...fields(), agent: 'x' })).toMatch(/^ITINERARY: agent id "x"/)
    expect(refusal({ ...fields(), more: 1 })).toBe('ITINERARY: itinerary has an unknown field "more"')
    expect(refusal({ ...fields(), bundle: 'bafy' })).toMatch(/^ITINERARY: cid/)
    expect(refusal({ ...fields(), hops: [{ ...hop, ready: 'x' }] })).toBe('ITINERARY: ready is not bytes')
    expect(refusal({ ...fields(), hops: [{ ...hop, votes: [new Uint8Array(5_000)] }] })).toBe(
      'ITINERARY: vote length 5000 > 4096',
    )
    expect(refusal({ ...fields(), hops: Array(ITINERARY_MAX + 1).fill(null) })).toBe(
      'ITINERARY: hops length 1001 > 1000',
    )
  })
})
