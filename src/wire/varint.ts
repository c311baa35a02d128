/** Unsigned LEB128 up to 2^28 - 1, four bytes: lengths and indexes inside a pack. One number has one form. */
const VARINT_BYTES_MAX = 4

export function appendVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
}

/** Moves `at` on. Null where the bytes end, the number is too long, or it is written longer than it need be. */
export function readVarint(reader: { readonly bytes: Uint8Array; at: number }): number | null {
  let value = 0
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    const byte = reader.bytes[reader.at++]
    if (byte === undefined) return null
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return byte === 0 && i > 0 ? null : value
  }
  return null
}
