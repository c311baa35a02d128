const kinds = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, globalThis.Float16Array].filter(Boolean)
for (const Kind of kinds) {
  const big = Kind.name.startsWith('Big')
  const value = (x) => (big ? BigInt(Math.trunc(x)) : x)
  const array = Kind.from({ length: 24 }, (_, i) => value((i * 7919 % 601 - 300) * 1.5))
  const sorted = array.toSorted((a, b) => (busy(5), a < b ? -1 : a > b ? 1 : 0))
  array.sort(); array.copyWithin(0, 5, 9); array.fill(value(7), 20)
  const sum = array.reduce((total, x) => total + Number(x), 0)
  console.log(Kind.name, Kind.BYTES_PER_ELEMENT, sum, array.subarray(2, 5).join(), sorted.at(-1), array.findLast((x) => x < 0), array.indexOf(value(7)), array.with(0, value(1))[0], array.toReversed()[0])
}
const edge = [300, -1, 1.5, 2.5, NaN, Infinity, -Infinity, 2 ** 40 + 5, -0, 1e-50]
for (const Kind of kinds.filter((one) => !one.name.startsWith('Big'))) console.log(Kind.name, [...Kind.from(edge)].map((x) => (Object.is(x, -0) ? '-0' : x)).join())
const buffer = new ArrayBuffer(64)
const bytes = new Uint8Array(buffer), words = new Uint32Array(buffer, 4, 3), doubles = new Float64Array(buffer, 16)
words.set([0xdeadbeef, 1, 2]); doubles[0] = Math.PI
let hash = 0
for (let round = 0; round < 30; round++) for (const byte of bytes) hash = (Math.imul(hash, 33) + byte) | 0
console.log(hash, bytes.slice(4, 8).toHex(), bytes.toBase64?.().length)
class Own extends Uint8Array { static get [Symbol.species]() { return Uint16Array } }
console.log(new Own(4).map((_, i) => 300 + i).constructor.name, new Own([1, 2]) instanceof Uint8Array)
for (const run of [() => new Uint32Array(buffer, 2), () => new Float64Array(3).set([1, 2, 3, 4]), () => new Uint8Array(-1), () => Uint8Array(1), () => new BigInt64Array([1])]) try { run(); console.log('none') } catch (error) { console.log(error.name) }
const array = new Int16Array(5)
array[10] = 1; array['-0'] = 1; array['1.5'] = 2; array.named = 'kept'
console.log(Object.keys(array), '10' in array, array.length, Object.isFrozen(Object.freeze(new Uint8Array(0))), Array.from(new Uint8Array([3, 1, 2]).entries()).join('|'))
let total = 0
const matrix = Array.from({ length: 12 }, (_, i) => Float64Array.from({ length: 12 }, (_, j) => i * j + 1))
for (let i = 0; i < 12; i++) for (let j = 0; j < 12; j++) { let cell = 0; for (let k = 0; k < 12; k++) cell += matrix[i][k] * matrix[k][j]; total += cell }
check('matrix', total > 0)
console.log(total)
