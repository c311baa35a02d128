const map = new Map(Array.from({ length: 300 }, (_, i) => [i, i]))
const visited = []
for (const [key, value] of map) {
  visited.push(key)
  if (key % 3 === 0) map.delete(key + 1)
  if (key < 50 && key % 10 === 0) map.set(1000 + key, value)
  if (key === 1020) map.clear(), map.set('last', 1)
  busy(15)
}
check('visited', visited.length, 203)
console.log(visited.slice(-4), [...map])
const set = new Set('abc')
const order = []
set.forEach((letter) => { busy(50); order.push(letter); if (order.length < 12) { set.delete(letter); set.add(letter) } })
console.log(order.join(''), [...set].join(''))
const iterator = set.values()
iterator.next(); set.delete('b'); set.add('z')
console.log([...iterator], iterator.next())
const nested = new Map()
for (let i = 0; i < 150; i++) { const bucket = nested.get(i % 13) ?? new Set(); bucket.add(i * i % 17); nested.set(i % 13, bucket) }
console.log([...nested].map(([k, v]) => k * 100 + v.size).join())
const weak = new WeakMap(), marks = new WeakSet(), held = []
for (let i = 0; i < 200; i++) { const key = i % 2 ? { i } : () => i; held.push(key); weak.set(key, { i, back: key }); if (i % 5 === 0) marks.add(key) }
let sum = 0
for (const key of held) sum += weak.get(key).i + (marks.has(key) ? 1 : 0)
check('weak', sum, 19900 + 40)
for (const wrong of [1, 'a', null, Symbol.for('x')]) try { weak.set(wrong, 1); console.log('taken') } catch (error) { console.log(error.name) }
check('same value zero', new Set([0, -0, NaN, NaN, '0']).size, 3)
const [a, b] = [new Set([1, 2, 3, 4]), new Set([3, 4, 5])]
console.log([...a.union(b)], [...a.intersection(b)], [...a.difference(b)], [...a.symmetricDifference(b)], a.isSubsetOf(b), a.isSupersetOf(new Set([1])), a.isDisjointFrom(new Set([9])))
console.log([...Map.groupBy(Array.from({ length: 30 }, (_, i) => i), (n) => { busy(10); return n % 4 })].map(([k, v]) => `${k}:${v.length}`))
const live = new Map([[1, 1]])
let n = 0
for (const [key] of live) { live.delete(key); if (n++ < 400) live.set(key + 1, 1) }
check('chased', n, 401)
