/** The frames of one suspended kernel call: 32-bit words, the outermost frame's last. Grows as needed, up to its limit. */
import { KERNEL_FRAME_WORDS_MAX } from './limits.ts'
import { VmFault } from './vm.ts'

export class KernelFrames {
  #words = new Int32Array(256)
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  clear(): void {
    this.#count = 0
  }

  push(word: number): void {
    if (this.#count === KERNEL_FRAME_WORDS_MAX) throw new VmFault('frames of a kernel > KERNEL_FRAME_WORDS_MAX')
    if (this.#count === this.#words.length) {
      const grown = new Int32Array(this.#count * 2)
      grown.set(this.#words)
      this.#words = grown
    }
    this.#words[this.#count++] = word
  }

  /** From an image it may run out, which is the image's fault. */
  pop(): number {
    if (this.#count === 0) throw new VmFault('frames of a kernel end too early')
    return this.#words[--this.#count] ?? 0
  }

  /** Little-endian, as everything in WebAssembly. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#count * 4)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < this.#count; i++) view.setInt32(i * 4, this.#words[i] ?? 0, true)
    return bytes
  }

  /** The reason why these are no frames, or null. */
  take(bytes: Uint8Array): string | null {
    if (bytes.length % 4 !== 0 || bytes.length > KERNEL_FRAME_WORDS_MAX * 4) return 'frames are no whole words'
    this.clear()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < bytes.length; at += 4) this.push(view.getInt32(at, true))
    return null
  }
}
