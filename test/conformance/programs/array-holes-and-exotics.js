const holes = [1, , 3, , 5]
const visits = []
holes.forEach((x, i) => { busy(40); visits.push(i) })
console.log(visits, holes.map((x) => x * 2).hasOwnProperty(1), Object.keys(holes), holes.indexOf(undefined), holes.includes(undefined), holes.findIndex((x) => x === undefined), [...holes], holes.flat(), holes.filter(() => true).length)
for (const i in holes) visits.push(`in ${i}`)
for (const x of holes) visits.push(x)
console.log(visits, holes.reduce((a, x) => a + x), holes.some((x) => x === undefined), JSON.stringify(holes), holes.join('-'))
const sparse = []
sparse[50_000] = 'far'; sparse[4_294_967_294] = 'last'; sparse['4294967295'] = 'a property'; sparse[-1] = 'another'
console.log(sparse.length, Object.keys(sparse), sparse.findLast !== undefined)
sparse.length = 10
console.log(Object.keys(sparse), sparse.length)
let sum = 0
for (let i = 0; i < 200; i++) { const a = []; a[i] = i; a[i * 2] = 1; sum += a.length + Object.keys(a).length + (busy(5) & 0) }
check('grown', sum, 200 + 2 * 199 * 100 + 399)
const fixed = Object.freeze(['a', 'b'])
const sealed = Object.seal([1, 2]); sealed[0] = 9
const locked = Object.defineProperty([1, 2, 3], 'length', { writable: false })
for (const run of [() => fixed.push('c'), () => sealed.pop(), () => locked.push(4), () => { 'use strict'; locked[3] = 1 }, () => { 'use strict'; [].length = -1 }, () => { [1].length = 1.5 }]) try { run(); console.log('none') } catch (error) { busy(30); console.log(error.name) }
console.log(sealed, locked)
const tricky = [1, 2, 3, 4]
Object.defineProperty(tricky, 2, { configurable: false, value: 3 })
tricky.length = 0
console.log(tricky.length, tricky)
Array.prototype[1] = 'inherited'
console.log([0, , 2][1], [0, , 2].includes('inherited'), [0, , 2].map((x) => x).hasOwnProperty(1), 1 in [0])
delete Array.prototype[1]
const order = { z: 1, 10: 'ten', a: 2, 9: 'nine', [Symbol('s')]: 0, '-0': 3, 0x1: 'hex', 1.5: 'half', 4294967295: 'big', '007': 'bond' }
console.log(Object.keys(order), Reflect.ownKeys(order).length)
delete order.z; order.z = 'again'; order[9] = 'kept'
console.log(Object.keys(order), Object.entries({ ...order, b: 1 }).length, Object.fromEntries(Object.entries(order).reverse()))
const wide = {}
for (let i = 0; i < 400; i++) { wide[`p${(i * 7) % 400}`] = i; if (i % 3 === 0) delete wide[`p${i}`] }
let hash = 0
for (const key in wide) hash = (Math.imul(hash, 31) + Number(key.slice(1)) + wide[key]) | 0
console.log(Object.keys(wide).length, hash)
const chain = Object.create(Object.create({ deep: 1, shadowed: 2 }, { hidden: { value: 1 } }), { shadowed: { value: 3, enumerable: false }, own: { value: 4, enumerable: true } })
const names = []; for (const name in chain) names.push(name)
console.log(names, 'hidden' in chain, Object.hasOwn(chain, 'deep'))
const shifting = { a: 1, b: 2, c: 3 }; const walked = []
for (const key in shifting) { walked.push(key); delete shifting.b; shifting.d = 4; busy(20) }
console.log(walked)
