const count = (...args) => args.length
const gather = function () { return Array.prototype.slice.call(arguments) }
let total = 0
for (let i = 0; i < 60; i++) { const args = Array.from({ length: i * 5 }, (_, k) => k); total += count(...args, ...args.slice(0, 3)) + Math.max(0, ...args) + gather.apply(null, args).length; busy(10) }
check('total', total, 26668)
console.log(total, count(...'héllo', ...new Set([1, 1, 2]), ...new Map([[1, 2]]), ...(function* () { yield* [1, 2, 3] })()), [...[1, 2], ...[], ...'a'].length)
const slow = { *[Symbol.iterator]() { for (let i = 0; i < 20; i++) { busy(40); yield i } } }
console.log([...slow].length, Math.min(...slow), count(...slow, ...slow), new Date(...[2020, 1, 29, 12]).toISOString(), new Array(...[3]).length, [...slow].at(-1))
console.log({ ...{ a: 1, b: 2 }, b: 3, ...null, ...undefined, ...5, ...'xy', ...[7], ...{ get g() { return busy(10) * 0 } } })
const { a, ...others } = { a: 1, b: 2, [Symbol.for('s')]: 3, c: { d: 4 } }
console.log(others, Reflect.ownKeys(others).length)
const defaults = (x = 1, y = x + 1, { z = y + 1, w: [v = z + 1] = [] } = {}, ...[first = 'f', second]) => [x, y, z, v, first, second]
console.log(defaults(), defaults(5, undefined, { w: [9] }, undefined, 's'), defaults.length)
const partial = (f, ...left) => (...right) => f(...left, ...right)
check('partial', partial(count, 1, 2)(3, 4, 5), 5)
const big = Array.from({ length: 5000 }, (_, i) => i)
console.log(String.fromCharCode(...big.slice(65, 91)), Math.max(...big), [].concat(...Array.from({ length: 200 }, (_, i) => [i, i])).length, count(...big, ...big))
try { count(...5) } catch (error) { console.log(error.name) }
try { [...{ [Symbol.iterator]: () => ({ next: 1 }) }] } catch (error) { console.log(error.name) }
class Base { constructor(...args) { this.args = args } m(...xs) { return xs.length } }
class Child extends Base { constructor(...args) { super(...args.map((x) => x * 2)) } m(...xs) { return super.m(...xs, ...xs) } }
console.log(new Child(1, 2, 3).args, new Child().m(1, 2), new Child(...new Array(4)).args.length, (function f(a, b) { return [f.length, arguments.length, a ?? b] })(...[, 1]))
