/**
 * A cursor over the bytes of a WebAssembly binary (https://webassembly.github.io/spec/core/binary/). The bytes come from
 * strangers: every read is checked, every LEB128 number has its length limit, and what does not fit throws `Malformed`,
 * which the doors of this folder turn into a refusal.
 */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

export class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    if (this.at >= this.end) throw new Malformed('module is truncated')
    return this.bytes[this.at++] ?? 0
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw new Malformed('module is truncated')
    this.at += count
  }

  take(count: number): Uint8Array {
    const from = this.at
    this.skip(count)
    return this.bytes.subarray(from, this.at)
  }

  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) {
        if (value > 0xffff_ffff) throw new Malformed('number exceeds 32 bits')
        return value
      }
    }
    throw new Malformed('number is longer than 5 bytes')
  }

  /** Steps over a LEB128 number of at most `bytesMax` bytes (5 for 32 bits, 10 for 64). */
  skipLeb(bytesMax: number): void {
    for (let i = 0; i < bytesMax; i++) if ((this.byte() & 0x80) === 0) return
    throw new Malformed(`number is longer than ${bytesMax} bytes`)
  }

  /** A signed 32-bit LEB128 number. */
  s32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) return shift < 25 && (byte & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value
    }
    throw new Malformed('number is longer than 5 bytes')
  }

  /** A count of things that take at least `bytesEach` bytes: refused early when they cannot all be there. */
  count(max: number, what: string, bytesEach = 1): number {
    const count = this.u32()
    if (count > max) throw new Malformed(`${what} ${count} > ${max}`)
    if (count * bytesEach > this.end - this.at) throw new Malformed('module is truncated')
    return count
  }

  /** Names are only compared and copied, so they stay Latin-1 views of their UTF-8 bytes. */
  name(lengthMax: number): string {
    const length = this.count(lengthMax, 'name length')
    let text = ''
    for (const byte of this.take(length)) text += String.fromCharCode(byte)
    return text
  }
}
