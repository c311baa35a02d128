/** A growing byte string with the number encodings of the WebAssembly binary format. Knows nothing of modules. */
import type { Bytes } from '../../base/bytes.ts'

export class Writer {
  #bytes = new Uint8Array(256)
  length = 0

  #room(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count))
    grown.set(this.#bytes)
    this.#bytes = grown
  }

  byte(...values: readonly number[]): this {
    this.#room(values.length)
    for (const value of values) this.#bytes[this.length++] = value
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  u32(value: number): this {
    let rest = value
    do {
      const low = rest % 128
      rest = Math.floor(rest / 128)
      this.byte(rest > 0 ? low | 0x80 : low)
    } while (rest > 0)
    return this
  }

  /** Signed LEB128 of any width. */
  signed(value: number | bigint): this {
    let rest = BigInt(value)
    for (;;) {
      const low = Number(rest & 0x7fn)
      rest >>= 7n
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return this.byte(low)
      this.byte(low | 0x80)
    }
  }

  /** A name of Latin-1 characters, as Reader.name gives it. */
  name(text: string): this {
    return this.u32(text.length).latin1(text)
  }

  latin1(text: string): this {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i) & 0xff)
    return this
  }

  bytes(): Bytes {
    return this.#bytes.slice(0, this.length)
  }
}
