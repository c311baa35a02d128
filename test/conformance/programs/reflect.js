const base = { get self() { busy(30); return this.tag }, set self(value) { this.tag = value }, tag: 'base' }
const other = { tag: 'other' }
check('receiver', Reflect.get(base, 'self', other), 'other')
check('set through', Reflect.set(base, 'self', 'new', other))
check('base untouched', base.tag, 'base')
check('apply', Reflect.apply(Math.max, null, [1, 9, busy(1) & 3]), 9)
let keys = 0
for (let i = 0; i < 60; i++) {
  const made = Reflect.construct(Array, [i], Map)
  keys += Reflect.ownKeys(Object.assign(Object.create(null), { [`k${i}`]: 1, [i]: 2, [Symbol.for('s')]: 3 })).length + (made instanceof Map ? 1 : 0)
}
check('keys', keys, 240)
console.log(Reflect.ownKeys({ b: 1, 2: 1, a: 1, 1: 1, [Symbol('x')]: 1, '-1': 1, '01': 1 }).map(String))
console.log(Reflect.defineProperty(Object.freeze({}), 'x', { value: 1 }), Reflect.deleteProperty(Object.seal({ a: 1 }), 'a'), Reflect.setPrototypeOf(Object.preventExtensions({}), null), Reflect.has({ x: 1 }, 'x'))
for (const call of [() => Reflect.construct(() => {}, []), () => Reflect.ownKeys(1), () => Reflect.apply(1), () => Reflect.setPrototypeOf({}, 1)]) try { call() } catch (error) { busy(200); console.log(error.name) }
class A { constructor() { this.target = new.target } }
class B {}
const made = Reflect.construct(A, [], B)
console.log(made.target === B, made instanceof B, made instanceof A, Object.prototype.toString.call(Reflect))
const frozen = Object.freeze([1, [2]])
for (const run of [() => { 'use strict'; frozen[0] = 2 }, () => { 'use strict'; frozen.push(3) }, () => { 'use strict'; delete frozen[0] }]) try { run() } catch (error) { busy(100); console.log(error.name) }
frozen[1].push(3)
console.log(frozen, Object.isFrozen(frozen), Object.getOwnPropertyDescriptors({ get a() { return 1 }, b: 2 }))
let text = ''
for (let i = 0; i < 100; i++) { const o = {}; Object.defineProperty(o, 'hidden', { value: i, enumerable: i % 2 === 0 }); text += Object.keys(o).length + (o.propertyIsEnumerable('hidden') ? 'e' : 'n') }
console.log(text.length, text.slice(0, 12))
