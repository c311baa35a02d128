check('no WeakRef', typeof WeakRef, 'undefined')
check('no registry', typeof FinalizationRegistry, 'undefined')
check('no shared memory', typeof SharedArrayBuffer, 'undefined')
console.log(typeof Intl, typeof Atomics, (1234.5).toLocaleString(), new Date(0).toLocaleString(), 'a'.localeCompare('B'), ['b', 'a', 'C'].sort((x, y) => x.localeCompare(y)))
const cache = new WeakMap()
const remember = (key) => { let value = cache.get(key); if (!value) { value = { made: busy(30), key }; cache.set(key, value) } return value }
const kept = Array.from({ length: 40 }, (_, i) => ({ i }))
for (let round = 0; round < 20; round++) { for (const key of kept) remember(key); for (let i = 0; i < 60; i++) remember({ temporary: i, link: new Array(20).fill(i) }) }
check('kept', kept.every((key) => cache.get(key).key === key && cache.has(key)))
const cycles = []
for (let i = 0; i < 600; i++) { const a = { i }, b = { a }; a.b = b; a.self = a; if (i % 100 === 0) cycles.push(a); new Map([[a, b]]).set(b, a) }
console.log(cycles.map((one) => one.b.a.self.i))
const graph = new Map()
for (let i = 0; i < 120; i++) graph.set(i, { id: i, edges: [] })
for (const node of graph.values()) for (const step of [1, 7, 31]) node.edges.push(graph.get((node.id * step + step) % 120))
const distance = new Map([[graph.get(0), 0]])
for (const queue = [graph.get(0)]; queue.length > 0; ) { const node = queue.shift(); for (const next of node.edges) if (!distance.has(next)) { distance.set(next, distance.get(node) + 1); queue.push(next) } }
console.log(distance.size, Math.max(...distance.values()))
graph.clear()
const pool = []
for (let i = 0; i < 3000; i++) { pool[i % 50] = { id: i, payload: `${i}`.repeat(5), nested: { a: [i, i + 1] } } }
check('pool', pool.reduce((sum, one) => sum + one.nested.a[1], 0), 148775 )
const finals = new WeakSet(pool)
pool.length = 10
console.log(pool.every((one) => finals.has(one)), finals.has({}), Object.prototype.toString.call(finals), cache.delete(kept[0]), cache.has(kept[0]))
