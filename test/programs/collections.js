const map = new Map()
const key = { id: 1 }
map.set(key, 'object').set(NaN, 'nan').set(-0, 'zero')
for (let i = 0; i < 500; i++) map.set(`k${i % 97}`, { i, squared: i * i })
let total = 0
for (const [, value] of map) total += value.squared ?? 0
console.log(map.size, total, map.get(key), map.get(NaN), map.get(0))
const weak = new WeakMap([[key, 'weakly']])
const marks = new WeakSet([key])
console.log(weak.get(key), marks.has(key), weak.has({}))
const odd = new Set([1, 3, 5, 7])
console.log([...odd.union(new Set([2, 4]))], [...odd.intersection(new Set([3, 4, 5]))])
console.log(Object.groupBy([1, 2, 3, 4, 5], (n) => (n % 2 ? 'odd' : 'even')))
