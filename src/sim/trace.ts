import type { HostEffect, HostEvent } from '../host/events.ts'

/**
 * One number for a whole run: every event of every host with its moment, whom it concerns and what it led to, in order.
 * Two runs of one seed that differ anywhere differ in it from there on. Not a cryptographic hash: nobody attacks it.
 */
export class TraceHash {
  #a = 0x9e3779b9
  #b = 0x85ebca6b
  #events = 0
  readonly #codes = new Map<string, number>()

  get events(): number {
    return this.#events
  }

  add(atMs: number, life: number, event: HostEvent, effects: readonly HostEffect[]): void {
    this.#events += 1
    this.#mix(Math.round(atMs * 1_000))
    this.#mix(life)
    this.#mix(this.#codeOf(event.kind))
    if (event.kind !== 'tick') this.#mixFields(event, 0)
    for (const effect of effects) {
      this.#mix(this.#codeOf(effect.kind))
      if (effect.kind !== 'tell' || effect.name !== 'load') this.#mixFields(effect, 1)
    }
  }

  text(): string {
    return hex(this.#a) + hex(this.#b)
  }

  /** What is said in a few words; what lies deeper shows in what comes of it. */
  #mixFields(value: object, depth: number): void {
    for (const field in value) {
      const part = (value as Record<string, unknown>)[field]
      if (typeof part === 'number') this.#mix(part)
      else if (typeof part === 'string') this.#mix(this.#codeOf(part))
      else if (typeof part === 'boolean') this.#mix(part ? 1 : 2)
      else if (depth < 2 && typeof part === 'object' && part !== null && !isCollection(part))
        this.#mixFields(part, depth + 1)
    }
  }

  #codeOf(text: string): number {
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    let code = 0x811c9dc5
    for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193)
    if (text.length <= KNOWN_CHARS_MAX && this.#codes.size < KNOWN_MAX) this.#codes.set(text, code)
    return code
  }

  #mix(value: number): void {
    const whole = Math.trunc(value)
    this.#a = Math.imul(this.#a ^ (whole | 0) ^ Math.trunc(whole / 2 ** 32), 0x85ebca6b)
    this.#a = (this.#a << 13) | (this.#a >>> 19)
    this.#b = Math.imul(this.#b ^ this.#a, 0xc2b2ae35) + 0x27d4eb2f
  }
}

const KNOWN_CHARS_MAX = 128
const KNOWN_MAX = 10_000

const isCollection = (part: object): boolean =>
  Array.isArray(part) || part instanceof Map || part instanceof Set || ArrayBuffer.isView(part)

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
