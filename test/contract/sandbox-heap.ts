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

export const HEAP_CLAIMS: readonly Claim[] = claims
