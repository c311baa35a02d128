const numbers = Array.from({ length: 60 }, (_, i) => (i * 29) % 61)
const slow = (f) => (...args) => { busy(12); return f(...args) }
console.log(numbers.findLast(slow((x) => x % 7 === 0)), numbers.findLastIndex((x) => x > 58), numbers.toSpliced(2, 55, 'x').join(), numbers.with(-1, 'end').at(-1), numbers.toReversed().slice(0, 3))
console.log(Object.groupBy(numbers.slice(0, 12), slow((x) => (x % 2 ? 'odd' : 'even'))), numbers.reduceRight(slow((a, x) => a * 2 + (x & 1)), 1) % 1000003)
console.log([1, [2, [3, [4, [5]]]]].flat(2), [1, 2, 3].flatMap(slow((x) => [x, [x * x]])), Array.of(7).length, Array.from('añ😀').length, Array.from(new Map([[1, 2]])))
console.log([1, 2, 3, 4, 5].copyWithin(0, 3), new Array(4).fill(0).map((_, i) => i), [3, 4].entries().next().value, [..."ab"].keys().next(), [1, NaN].includes(NaN), [1, NaN].indexOf(NaN), [1, 2, 1].lastIndexOf(1, -2))
const array = [1, 2, 3, 4, 5, 6]
const seen = []
array.forEach((x, i) => { busy(30); seen.push(x); if (i === 1) array.push(7); if (i === 2) array.splice(0, 2) })
console.log(seen, array)
console.log(array.every(slow((x) => x > 0)), array.some(slow((x) => x > 6)), array.filter((x, i, all) => all.indexOf(x) === i).length, array.concat([8], 9, [[10]]).length)
const like = { length: 3, 0: 'a', 2: 'c' }
console.log(Array.prototype.map.call(like, (x) => x + '!'), Array.prototype.join.call(like, '-'), Array.prototype.push.call(like, 'd'), like.length, Array.prototype.slice.call('text', 1, 3))
const grid = Array.from({ length: 14 }, (_, y) => Array.from({ length: 14 }, (_, x) => (x * y) % 5))
check('transpose', grid[0].map((_, x) => grid.map((row) => row[x])).flat().join(), grid.flat().join())
console.log(grid.map((row) => row.reduce((a, b) => a + b)).join(), [].reduce((a) => a, 'seed'))
for (const run of [() => [].reduce((a) => a), () => new Array(-1), () => [1].with(5, 0), () => Array.from({ length: -5 }).length, () => [].at(), () => Array.from(1).length, () => [1, 2, 3].map(1)]) try { console.log(run()) } catch (error) { console.log(error.name) }
const queue = [], stack = []
for (let i = 0; i < 300; i++) { queue.push(i); stack.unshift(i); if (i % 3 === 0) { queue.shift(); stack.pop() } }
check('queue', queue.length * 1000 + queue[0], 200100)
console.log(stack.length, stack.at(-1), stack.indexOf(150), `${[1, [2, null], undefined, {}]}`, [,].length, [1, 2, 3].toString(), Array.isArray(Array.prototype))
