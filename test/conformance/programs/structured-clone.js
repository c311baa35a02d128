const shared = { name: 'shared' }
const source = { date: new Date(5), pattern: /a+/gi, map: new Map([[shared, [1, shared]], ['k', new Set([shared, 2])]]), bytes: new Uint8Array([1, 2, 3]).subarray(1), view: new DataView(new ArrayBuffer(4), 1, 2), big: 2n ** 70n, nested: [undefined, null, NaN, -0, , 'text'], error: new RangeError('copied') }
source.self = source
source.many = Array.from({ length: 60 }, (_, i) => ({ i, back: source, shared }))
const copy = structuredClone(source)
check('identity', copy.self === copy && copy !== source)
check('sharing', copy.many[3].shared === [...copy.map.keys()][0] && copy.many[3].shared !== shared)
check('back', copy.many.every((one) => one.back === copy))
console.log(copy.date, copy.pattern, copy.bytes, copy.bytes.buffer.byteLength, copy.view.byteOffset, copy.big, copy.nested.length, copy.error instanceof RangeError, copy.error.message, Object.is(copy.nested[3], -0))
copy.map.get('k').add('new'); copy.date.setTime(0); copy.bytes[0] = 99
console.log(source.map.get('k').size, source.date.getTime(), source.bytes[0])
for (const bad of [() => 1, Symbol('s'), { f() {} }]) try { structuredClone(bad); console.log('cloned') } catch (error) { console.log(error.name) }
let list = null
for (let i = 0; i < 80; i++) list = { i, next: list, data: new Float64Array(4).fill(i) }
let length = 0
for (let node = structuredClone(list); node; node = node.next) length += node.data[3]
check('list', length, 3160)
class Point { constructor() { this.x = 1 } get y() { return 2 } }
console.log(structuredClone(new Point()), structuredClone(new Point()) instanceof Point, structuredClone(Object.create({ inherited: 1 })), structuredClone([1, , 3]), structuredClone('text'))
const rounds = []
let value = { n: 0, seen: new Set() }
for (let i = 0; i < 40; i++) { value = structuredClone(value); value.n++; value.seen.add(value.n); busy(20) }
console.log(value.n, value.seen.size, rounds.length)
