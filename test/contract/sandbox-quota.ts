import { WASM_PAGE_BYTES } from '../../src/checkpoint/limits.ts'
import type { MachineImage } from '../../src/engine/image.ts'
import { type Claim, freezeInside, same } from './play.ts'

/** What the instances of a program that takes all it can get have in the end: its quota, and not a page more. */
const MEMORY_BYTES_MAX = 24 * 1_048_576

/** A memory of one page, without a maximum, and a function that grows it by so many. */
const GROWING = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f],
  ...[0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01],
  ...[0x07, 0x11, 0x02, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x00],
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x20, 0x00, 0x40, 0x00, 0x0b],
)

const HOARD = `const hoard = []
try { for (;;) hoard.push(new Uint8Array(65536).fill(1)) } catch { for (let i = 0; i < 8; i++) hoard.pop() }
try { for (;;) hoard.push('x'.repeat(1000) + hoard.length) } catch { for (let i = 0; i < 300; i++) hoard.pop() }`

const GROW = `const id = __sojourn.kernelOpen('k', '', 0), grow = __sojourn.kernels().k.indexOf('grow')
for (const pages of [1024, 64, 16, 4, 1]) while (__sojourn.kernelCall(id, grow, pages) >= 0);`

const THEN_STAND = `
console.log('in')
for (let i = 0; ; i++) i = i & 1023`

const claims: Claim[] = []
const claim = (text: string, prove: Claim['prove']): void => void claims.push({ claim: text, prove })

const bytesOf = ({ memoryPages, kernels }: MachineImage): number =>
  kernels.reduce((sum, kernel) => sum + kernel.memoryPages, memoryPages) * WASM_PAGE_BYTES

for (const [what, code] of [
  ['a program that hoards', HOARD],
  ['a kernel that grows', GROW],
  ['a program that hoards, then a kernel that grows', `${HOARD}\n${GROW}`],
  ['a kernel that grows, then a program that hoards', `${GROW}\n${HOARD}`],
] as const)
  claim(`${what} has its quota in the end and not a page more`, async (place) => {
    const kernels = new Map([['k', { cid: 'k' as never, wasm: GROWING }]])
    const { played, image } = await freezeInside(place, code + THEN_STAND, {
      kernels,
      memoryBytesMax: MEMORY_BYTES_MAX,
    })
    played.guest.terminate()
    const bytes = bytesOf(image)
    same([bytes <= MEMORY_BYTES_MAX, bytes > MEMORY_BYTES_MAX * 0.4], [true, true], `${bytes} of ${MEMORY_BYTES_MAX}`)
  })

export const QUOTA_CLAIMS: readonly Claim[] = claims
