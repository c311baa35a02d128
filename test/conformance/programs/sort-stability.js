const people = Array.from({ length: 240 }, (_, i) => ({ id: i, age: (i * 37) % 12, name: `n${(i * 61) % 240}` }))
const stable = (sorted) => sorted.every((one, i) => i === 0 || sorted[i - 1].age < one.age || (sorted[i - 1].age === one.age && sorted[i - 1].id < one.id))
let comparisons = 0
check('stable', stable([...people].sort((a, b) => { comparisons++; busy(8); return a.age - b.age })))
check('toSorted', stable(people.toSorted((a, b) => a.age - b.age)) && people[1].id === 1)
console.log(comparisons)
const inner = [5, 3, 1]
const nested = [30, 10, 20, 15, 5].sort((a, b) => { inner.sort((x, y) => (busy(10), x - y)); inner.reverse(); return a - b })
console.log(nested, inner)
const shrinking = [9, 8, 7, 6, 5, 4, 3, 2, 1]
let calls = 0
shrinking.sort((a, b) => { if (++calls === 5) shrinking.length = 3; busy(20); return a - b })
console.log(shrinking.length, shrinking.join())
let thrown = 0
try { [3, 2, 1, 0].sort(() => { if (++thrown === 3) throw new Error('comparator'); return busy(10) & 0 }) } catch (error) { console.log(error.message, thrown) }
console.log([3, undefined, 1, , 2].sort(), [10, 9, 1, 'b', 'a', -1, null].sort(), ['é', 'e', 'z', 'É', 'a'].sort(), [true, false, NaN, 0].sort())
console.log([5, 1, 4].sort(() => 0), [1, 2, 3].sort((a, b) => (a < b)), [3, 1, 2].sort(undefined), Array.prototype.sort.call({ length: 3, 0: 'c', 1: 'a', 2: 'b' }))
for (const bad of [null, {}, 'x']) try { [2, 1].sort(bad) } catch (error) { console.log(error.name) }
const getter = Object.defineProperty([3, 2, 1], 1, { get() { busy(50); return 7 }, set(v) { console.log('set', v) }, configurable: true })
try { getter.sort((a, b) => a - b) } catch (error) { console.log(error.name) }
const random = (() => { let s = 1; return () => (s = Math.imul(s, 48271) >>> 0) })()
const numbers = Array.from({ length: 500 }, random)
const sorted = numbers.toSorted((a, b) => a - b)
check('ordered', sorted.every((x, i) => i === 0 || sorted[i - 1] <= x))
console.log(sorted[0], sorted[250], sorted.at(-1))
