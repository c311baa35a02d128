const tick = (value) => new Promise((resolve) => setTimeout(() => resolve(value), 1 + (busy(80) & 3)))
const trace = []
async function* numbers(n, name) {
  try { for (let i = 0; i < n; i++) { busy(200); yield tick(`${name}${i}`) } }
  finally { await tick(); trace.push(`closed ${name}`) }
}
async function* merge(...sources) {
  const waiting = new Map(sources.map((source, i) => [i, source.next().then((r) => ({ i, r }))]))
  while (waiting.size > 0) {
    const { i, r } = await Promise.race(waiting.values())
    if (r.done) waiting.delete(i)
    else { waiting.set(i, sources[i].next().then((next) => ({ i, r: next }))); yield r.value }
  }
}
const seen = []
for await (const value of merge(numbers(5, 'a'), numbers(3, 'b'), numbers(4, 'c'))) seen.push(value)
check('all came', [...seen].sort().join(), 'a0,a1,a2,a3,a4,b0,b1,b2,c0,c1,c2,c3')
console.log(seen)
for await (const value of numbers(9, 'd')) if (value === 'd2') break
const queue = numbers(4, 'q')
const asked = [queue.next(), queue.next(), queue.return('enough'), queue.next()]
console.log(await Promise.all(asked))
const thrown = numbers(4, 't')
await thrown.next()
try { await thrown.throw(new Error('into')) } catch (error) { trace.push(error.message) }
async function* delegating() { const result = yield* (async function* () { yield 1; await tick(); yield 2; return 'done' })(); yield result; yield* [Promise.resolve('from sync'), 4] }
const out = []
for await (const value of delegating()) out.push(value)
console.log(out)
for await (const value of [tick(1), 2, Promise.resolve(3)]) out.push(value)
try { for await (const value of [1, Promise.reject(new Error('second'))]) out.push(value) } catch (error) { trace.push(error.message) }
const custom = { [Symbol.asyncIterator]() { let n = 0; return { next: async () => ({ value: n, done: n++ > 2 }), return: async () => (trace.push('custom closed'), {}) } } }
for await (const n of custom) { await tick(); if (n === 1) break }
console.log(out, trace, await Array.fromAsync(numbers(3, 'z')))
