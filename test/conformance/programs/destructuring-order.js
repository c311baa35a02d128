const order = []
const source = (name, value) => ({ get [name]() { busy(40); order.push(`get ${name}`); return value } })
const key = (name) => { order.push(`key ${name}`); return name }
const fallback = (name) => { busy(30); order.push(`default ${name}`); return name }
const target = { set a(value) { order.push(`set a ${value}`) }, set b(value) { order.push(`set b ${value}`) } }
const from = Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(source('x', undefined)), ...Object.getOwnPropertyDescriptors(source('y', null)), ...Object.getOwnPropertyDescriptors(source('z', 3)) })
;({ [key('x')]: target.a = fallback('x'), [key('y')]: target.b = fallback('y'), ...target.rest } = from)
console.log(order, target.rest)
const iterable = { [Symbol.iterator]() { let n = 0; return { next() { order.push(`next ${n}`); busy(20); return { value: n % 2 ? undefined : n, done: n++ > 4 } }, return() { order.push('return'); return {} } } } }
order.length = 0
let [a, b = fallback('b'), , ...[c, d = fallback('d')]] = iterable
console.log(a, b, c, d, order)
order.length = 0
;[a, b] = iterable
;[a, b] = [b, a]
console.log(a, b, order)
const deep = ({ p: { q: [, { r = fallback('r') } = {}, ...s] = [1, 2, 3] } = {}, ...rest }, [t] = 'text', { length } = s) => [r, s, rest, t, length]
console.log(deep({ p: { q: [0, { r: null }, 5, 6] }, u: 1 }), deep({}))
try { const { n: { m } } = { n: null } } catch (error) { console.log(error.name) }
try { const [x] = {} } catch (error) { console.log(error.name) }
let total = 0
for (const { id, tags: [first = 'none', ...more] = [] } of Array.from({ length: 80 }, (_, id) => (id % 3 ? { id, tags: [id, id] } : { id }))) total += id + more.length + (first === 'none' ? 100 : busy(10) & 0)
check('loop', total, 80 * 79 / 2 + 53 + 2700)
const swap = { m: 1, n: 2 }
;({ m: swap.n, n: swap.m } = swap)
console.log(swap, (({ length }) => length)('four'), (([x, y] = [1, 2]) => x + y)(), [...[, 1]], { ...[1, 2], ...'ab', ...null })
