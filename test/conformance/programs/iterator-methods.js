function* naturals() { for (let n = 0; ; n++) { busy(15); yield n } }
const trace = []
const closing = () => { let n = 0; return { __proto__: Iterator.prototype, next: () => ({ value: n++, done: n > 20 }), return() { trace.push(`closed at ${n}`); return {} } } }
console.log(naturals().filter((n) => n % 3 === 0).map((n) => n * n).drop(2).take(5).toArray())
console.log(naturals().take(10).reduce((a, b) => a + b), naturals().some((n) => n > 30), naturals().take(8).every((n) => n < 8), naturals().find((n) => n * n > 200), [...naturals().flatMap((n) => [n, -n]).take(5)])
naturals().take(3).forEach((n, i) => trace.push(`${n}${i}`))
check('some', closing().some((n) => n === 4))
check('find', closing().find((n) => n === 6), 6)
check('take', closing().take(2).toArray().length, 2)
try { closing().map(() => { throw new Error('in map') }).next() } catch (error) { trace.push(error.message) }
const helper = closing().map((n) => n * 2)
helper.next(); helper.return()
console.log(trace, helper.next(), Iterator.from({ next: () => ({ done: true }) }).toArray(), Iterator.from('ab').toArray())
for (const run of [() => naturals().take(-1), () => naturals().take(NaN), () => naturals().map(1), () => new Iterator(), () => naturals().drop('x')]) try { run() } catch (error) { console.log(error.name) }
class Countdown extends Iterator { #n; constructor(n) { super(); this.#n = n } next() { busy(20); return this.#n > 0 ? { value: this.#n--, done: false } : { value: undefined, done: true } } }
console.log([...new Countdown(5)], new Countdown(9).filter((n) => n & 1).map(String).toArray().join(''), new Countdown(3) instanceof Iterator, Object.prototype.toString.call(new Map().entries()), Object.prototype.toString.call(naturals().map((x) => x)))
const lazily = []
const pipeline = naturals().map((n) => (lazily.push(`m${n}`), n)).filter((n) => (lazily.push(`f${n}`), n & 1))
pipeline.next(); pipeline.next()
console.log(lazily)
const sieve = function* (source) { const { value } = source.next(); yield value; yield* sieve(source.filter((n) => n % value !== 0)) }
console.log(sieve(naturals().drop(2)).take(14).toArray())
const zip = function* (...all) { const its = all.map((x) => x[Symbol.iterator]()); try { for (;;) { const rows = its.map((it) => it.next()); if (rows.some((r) => r.done)) return; yield rows.map((r) => r.value) } } finally { for (const it of its) it.return?.() } }
console.log([...zip([1, 2, 3], 'ab', naturals())], new Set(naturals().take(4)).size, Math.max(...naturals().take(6)), Object.fromEntries(naturals().take(3).map((n) => [`k${n}`, n])))
