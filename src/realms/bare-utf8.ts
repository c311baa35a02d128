/**
 * UTF-8 for an engine's shell, which has none and our code needs it from its first line on: imported before all else.
 * Decodes as https://encoding.spec.whatwg.org/#utf-8-decoder says, because what a program prints must be the same everywhere.
 */
class BareEncoder {
  encode(text: string): Uint8Array {
    const out: number[] = []
    for (const char of text) {
      const point = char.codePointAt(0) ?? 0
      const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
      if (code < 0x80) out.push(code)
      else if (code < 0x800) out.push(0xc0 | (code >> 6), tail(code))
      else if (code < 0x10000) out.push(0xe0 | (code >> 12), tail(code >> 6), tail(code))
      else out.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code))
    }
    return Uint8Array.from(out)
  }
}

const tail = (bits: number): number => 0x80 | (bits & 0x3f)

class BareDecoder {
  readonly #fatal: boolean

  constructor(_label = 'utf-8', { fatal = false }: { fatal?: boolean } = {}) {
    this.#fatal = fatal
  }

  decode(bytes: Uint8Array): string {
    let text = ''
    let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    while (at < bytes.length) {
      const { code, length } = read(bytes, at)
      if (code === null && this.#fatal) throw new TypeError('the bytes are not UTF-8')
      text += String.fromCodePoint(code ?? 0xfffd)
      at += length
    }
    return text
  }
}

/** One code point, or null for the longest beginning of one that goes no further. */
function read(bytes: Uint8Array, at: number): { readonly code: number | null; readonly length: number } {
  const first = bytes[at] ?? 0
  if (first < 0x80) return { code: first, length: 1 }
  const size =
    first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0
  if (size === 0) return { code: null, length: 1 }
  let code = first & (0xff >> (size + 1))
  for (let i = 1; i < size; i++) {
    const next = bytes[at + i] ?? 0
    const [low, high] = i === 1 ? secondRange(first) : [0x80, 0xbf]
    if (next < low || next > high) return { code: null, length: i }
    code = (code << 6) | (next & 0x3f)
  }
  return { code, length: size }
}

/** What may follow, so that no form is overlong, a surrogate or above the last code point. */
function secondRange(first: number): readonly [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf]
  if (first === 0xed) return [0x80, 0x9f]
  if (first === 0xf0) return [0x90, 0xbf]
  return first === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf]
}

const realm: Record<string, unknown> = globalThis
realm.TextEncoder ??= BareEncoder
realm.TextDecoder ??= BareDecoder

export {}
