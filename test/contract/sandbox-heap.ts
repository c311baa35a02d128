import { REFERENCE_BYTES_MIN } from '../../src/sandbox/limits.ts'
import { type Claim, freezeInside, Play, same, straight } from './play.ts'

/** What a sandbox keeps for programs with a large memory, whose images cross only where they differ. */
/** Some megabytes, of which it goes on changing a few pages at a time. */
const HEAP = `
const heap = new Uint32Array(600_000)
heap.fill(2654435761)
console.log('in')
for (let i = 0; i < 500_000; i++) {
  heap[(i >> 8) * 331 % heap.length] += i
  if (i % 100_000 === 99_999) console.log(i)
}
let sum = 0
for (let i = 0; i < heap.length; i += 331) sum = (sum * 31 + heap[i]) | 0
console.log('out', sum)`

const claims: Claim[] = []
const claim = (text: string, prove: Claim['prove']): void => void claims.push({ claim: text, prove })

claim('sends large images as changes of the one before, and each is whole', async (place) => {
  const { end } = await straight(place, HEAP)
  const first = await freezeInside(place, HEAP)
  let { image } = first
  same(image.pages.size * 4096 > 2 * REFERENCE_BYTES_MIN, true, `pages ${image.pages.size}`)
  for (let i = 0; i < 3; i++) {
    first.played.guest.run()
    await first.played.next('console')
    first.played.guest.freeze()
    const later = (await first.played.next('frozen')).image
    const kept = [...later.pages].filter(([index, bytes]) => image.pages.get(index) === bytes).length
    same(later.fuelUsed > image.fuelUsed && kept > 0 && kept < later.pages.size, true, `kept ${kept}`)
    image = later
  }
  first.played.guest.terminate()
  const thawed = new Play(place, { code: HEAP, image })
  await thawed.next('ready')
  thawed.guest.freeze()
  same((await thawed.next('frozen')).image, image, 'image of a guest that was thawed from it')
  thawed.guest.run()
  same(await thawed.next('finished'), end, 'end')
})

claim(
  'brings a guest that was thawed ahead of time up to a later image, as if it had been thawed from that',
  async (place) => {
    const { end } = await straight(place, HEAP)
    const { played, image: early } = await freezeInside(place, HEAP)
    const ahead = new Play(place, { code: HEAP, image: early })
    await ahead.next('ready')
    for (let i = 0; i < 2; i++) {
      played.guest.run()
      await played.next('console')
      played.guest.freeze()
      const { image } = await played.next('frozen')
      ahead.guest.patch(image)
      await ahead.next('ready')
      ahead.guest.freeze()
      same((await ahead.next('frozen')).image, image, 'image of the guest that was brought up to it')
    }
    played.guest.terminate()
    ahead.guest.run()
    same(await ahead.next('finished'), end, 'end')
  },
)

claim('ends a thawed guest that is brought up to an image which does not hold together', async (place) => {
  const { played, image } = await freezeInside(place, HEAP)
  played.guest.terminate()
  const ahead = new Play(place, { code: HEAP, image })
  await ahead.next('ready')
  ahead.guest.patch({ ...image, asyncifyAddress: 0 })
  const { code, reason } = await ahead.next('failed')
  same([code, reason], ['LOAD', 'image: frames lie outside their buffer'], reason)
})

export const HEAP_CLAIMS: readonly Claim[] = claims
