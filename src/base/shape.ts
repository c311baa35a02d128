import { type Result, refuse } from './result.ts'

/**
 * Reading a decoded value from outside, field by field. Each reader returns the value in its proper type or throws a
 * Misshape with the violated condition; `reading` turns the first one into a refusal, so a decoder reads like the shape
 * it decodes and no half-read value gets out. Knows no format: CBOR, JSON and structured clones all arrive as `unknown`.
 */
class Misshape extends Error {
  override readonly name = 'Misshape'
}

/** Runs a decoder; only a Misshape becomes a refusal, anything else is our own fault and goes on up. */
export function reading<T, Code extends string>(code: Code, read: () => T): Result<T, Code> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof Misshape) return refuse(code, error.message)
    throw error
  }
}

/** Ends the reading with a condition that the readers below do not know. */
export function misshapen(reason: string): never {
  throw new Misshape(reason)
}

/** A plain object with exactly these keys. */
export function record<K extends string>(
  value: unknown,
  what: string,
  keys: readonly K[],
): Readonly<Record<K, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return misshapen(`${what} is not an object`)
  for (const key of keys) if (!Object.hasOwn(value, key)) return misshapen(`${what} has no "${key}"`)
  const extra = Object.keys(value).find((key) => !keys.includes(key as K))
  if (extra !== undefined) return misshapen(`${what} has an unknown field "${extra.slice(0, 32)}"`)
  return value as Readonly<Record<K, unknown>>
}

export function list(value: unknown, what: string, lengthMax: number): readonly unknown[] {
  if (!Array.isArray(value)) return misshapen(`${what} is not a list`)
  if (value.length > lengthMax) return misshapen(`${what} length ${value.length} > ${lengthMax}`)
  return value
}

/** A list of exactly `length` fields. */
export function tuple(value: unknown, what: string, length: number): readonly unknown[] {
  const fields = list(value, what, length)
  if (fields.length !== length) return misshapen(`${what} length ${fields.length} != ${length}`)
  return fields
}

/** `lengthMax` counts UTF-16 code units, as JavaScript does. */
export function text(value: unknown, what: string, lengthMax: number): string {
  if (typeof value !== 'string') return misshapen(`${what} is not a text`)
  if (value.length > lengthMax) return misshapen(`${what} length ${value.length} > ${lengthMax}`)
  return value
}

export function whole(value: unknown, what: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return misshapen(`${what} is not a whole number`)
  if (value < least) return misshapen(`${what} ${value} < ${least}`)
  if (value > most) return misshapen(`${what} ${value} > ${most}`)
  return value === 0 ? 0 : value
}

export function bytes(value: unknown, what: string, lengthMax: number): Uint8Array {
  if (!(value instanceof Uint8Array)) return misshapen(`${what} is not bytes`)
  if (value.length > lengthMax) return misshapen(`${what} length ${value.length} > ${lengthMax}`)
  return value
}

export function flag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') return misshapen(`${what} is not true or false`)
  return value
}

export function oneOf<const T extends string>(value: unknown, what: string, options: readonly T[]): T {
  const found = options.find((option) => option === value)
  if (found === undefined) return misshapen(`${what} is none of ${options.join(', ')}`)
  return found
}
