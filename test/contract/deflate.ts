import type { Deflate } from '../../src/base/deflate.ts'

/**
 * What every Deflate promises, as the list of promises that one breaks: it runs where no test framework does, in a page.
 * `other` is DEFLATE data of someone else's, of `text` repeated 200 times.
 */
export async function brokenPromises(deflate: Deflate, other: Uint8Array): Promise<string[]> {
  const broken: string[] = []
  const promise = (kept: boolean, what: string): void => void (kept || broken.push(what))
  const text = new TextEncoder().encode('mobile agents, '.repeat(200))
  const packed = await deflate.deflate(text)
  const inflate = async (bytes: Uint8Array, bytesMax: number): Promise<string> => {
    const plain = await deflate.inflate(bytes, bytesMax)
    return plain.ok ? new TextDecoder().decode(plain.value) : plain.code
  }
  const good = new TextDecoder().decode(text)
  promise(packed.length < text.length / 10, 'makes short what repeats itself')
  promise((await inflate(packed, text.length)) === good, 'gives back what it was given')
  promise((await inflate(other, text.length)) === good, 'understands what another has made')
  promise((await inflate(await deflate.deflate(new Uint8Array()), 0)) === '', 'gives back nothing for nothing')
  promise((await inflate(packed, text.length - 1)) === 'DEFLATE', 'lets no more come out than it may')
  const bomb = await deflate.deflate(new Uint8Array(4_000_000))
  promise((await inflate(bomb, 10_000)) === 'DEFLATE', 'ends a bomb where it grows too large')
  promise((await inflate(packed.subarray(0, packed.length - 2), text.length)) === 'DEFLATE', 'refuses a cut end')
  const tail = Uint8Array.from([...packed, 0])
  promise((await inflate(tail, text.length)) === 'DEFLATE', 'refuses what follows the end')
  promise((await inflate(Uint8Array.from([...packed, ...packed]), 2 * text.length)) === 'DEFLATE', 'refuses two in one')
  promise((await inflate(Uint8Array.of(7, 7, 7, 7), 100)) === 'DEFLATE', 'refuses garbage')
  const parts = await Promise.all(Array.from({ length: 8 }, () => inflate(packed, text.length)))
  promise(
    parts.every((part) => part === good),
    'does several at once',
  )
  return broken
}
