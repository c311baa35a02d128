import { bytes, list, misshapen, oneOf, text, tuple, whole } from '../base/shape.ts'
import { GLOBALS_MAX, NAME_LENGTH_MAX } from './limits.ts'

/**
 * WebAssembly numbers in DAG-CBOR, which knows no NaN and writes 2.0 like 2. A number is an integer where it is one, or
 * its 8 IEEE 754 bytes, big-endian; an i64 is the integer beside the tag "i64". One value has one form.
 */
type Encoded = number | Uint8Array

const I64_LEAST = -(2n ** 63n)
const I64_MOST = 2n ** 63n - 1n

export function writeNumber(value: number): Encoded {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value
  const form = new Uint8Array(8)
  new DataView(form.buffer).setFloat64(0, Number.isNaN(value) ? Number.NaN : value)
  return form
}

export function readNumber(value: unknown, what: string): number {
  if (typeof value === 'number') return whole(value, what, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  const form = bytes(value, what, 8)
  if (form.length !== 8) return misshapen(`${what} length ${form.length} != 8`)
  const number = new DataView(form.buffer, form.byteOffset, 8).getFloat64(0)
  const again = writeNumber(number)
  if (typeof again === 'number') return misshapen(`${what} is a whole number written as a float`)
  if (again.some((byte, i) => byte !== form[i])) return misshapen(`${what} is a NaN with a payload`)
  return number
}

export function readI64(value: unknown, what: string): bigint {
  const number =
    typeof value === 'bigint' ? value : BigInt(whole(value, what, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))
  if (number < I64_LEAST || number > I64_MOST) return misshapen(`${what} is outside 64 bits`)
  return number
}

type EncodedGlobal =
  | readonly [name: string, type: 'num', value: Encoded]
  | readonly [name: string, type: 'i64', value: bigint]

/** In ascending order of the names' UTF-16 units. */
export function writeGlobals(globals: ReadonlyMap<string, number | bigint>): EncodedGlobal[] {
  const names = [...globals.keys()].sort()
  return names.map((name) => {
    const value = globals.get(name) ?? 0
    return typeof value === 'bigint' ? [name, 'i64', value] : [name, 'num', writeNumber(value)]
  })
}

/** Which names an engine knows, the engine says at thaw: here only form, order and number are judged. */
export function readGlobals(value: unknown, what: string): Map<string, number | bigint> {
  const globals = new Map<string, number | bigint>()
  let last = ''
  list(value, what, GLOBALS_MAX).forEach((item, i) => {
    const [alleged, type, number] = tuple(item, `${what}[${i}]`, 3)
    const name = text(alleged, `${what}[${i}] name`, NAME_LENGTH_MAX)
    if (name <= last) misshapen(`${what}[${i}] "${name}" does not ascend from "${last}"`)
    last = name
    const isI64 = oneOf(type, `${what}[${i}] type`, ['num', 'i64']) === 'i64'
    globals.set(name, isI64 ? readI64(number, `${what} "${name}"`) : readNumber(number, `${what} "${name}"`))
  })
  return globals
}
