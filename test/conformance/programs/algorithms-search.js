const queens = (n) => { let count = 0; const place = (row, columns, left, right) => { if (row === n) { count++; return } for (let free = ~(columns | left | right) & ((1 << n) - 1); free; free &= free - 1) { const bit = free & -free; place(row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1) } }; place(0, 0, 0, 0); return count }
check('queens', queens(7), 40)
const puzzle = '530070000600195000098000060800060003400803001700020006060000280000419005000080079'
const solve = (cells) => {
  const at = cells.indexOf(0)
  if (at < 0) return cells
  const row = Math.floor(at / 9), column = at % 9, used = new Set()
  for (let i = 0; i < 9; i++) used.add(cells[row * 9 + i]).add(cells[i * 9 + column]).add(cells[(3 * Math.floor(row / 3) + Math.floor(i / 3)) * 9 + 3 * Math.floor(column / 3) + (i % 3)])
  for (let digit = 1; digit <= 9; digit++) if (!used.has(digit)) { const solved = solve(cells.with(at, digit)); if (solved) return solved }
  return null
}
console.log(solve([...puzzle].map(Number)).join(''))
const maze = ['#########', '#S..#...#', '#.#.#.#.#', '#.#...#.#', '#.#####.#', '#......E#', '#########']
const cells = new Map(maze.flatMap((line, y) => [...line].map((c, x) => [`${x},${y}`, c])))
const heap = [[0, [...cells].find(([, c]) => c === 'S')[0]]], best = new Map()
while (heap.length > 0) { heap.sort((a, b) => b[0] - a[0]); const [cost, key] = heap.pop(); if (best.has(key)) continue; best.set(key, cost); const [x, y] = key.split(',').map(Number); for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { const next = `${x + dx},${y + dy}`; if (cells.get(next) !== '#' && !best.has(next)) heap.push([cost + 1, next]) } }
check('shortest', best.get([...cells].find(([, c]) => c === 'E')[0]), 10)
const knapsack = (items, room) => { const table = new Uint32Array(room + 1); for (const [weight, value] of items) for (let w = room; w >= weight; w--) table[w] = Math.max(table[w], table[w - weight] + value); return table[room] }
console.log(knapsack(Array.from({ length: 20 }, (_, i) => [3 + ((i * 7) % 11), 10 + ((i * 13) % 17)]), 60))
const permutations = function* (items, n = items.length) { if (n <= 1) yield items.slice(); else for (let i = 0; i < n; i++) { yield* permutations(items, n - 1); const j = n % 2 ? 0 : i; [items[n - 1], items[j]] = [items[j], items[n - 1]] } }
const all = [...permutations([1, 2, 3, 4, 5])]
console.log(all.length, new Set(all.map(String)).size, all[77].join(''))
let world = new Set(['1,0', '2,1', '0,2', '1,2', '2,2'])
for (let generation = 0; generation < 12; generation++) { const near = new Map(); for (const cell of world) { const [x, y] = cell.split(',').map(Number); for (let dx = -1; dx < 2; dx++) for (let dy = -1; dy < 2; dy++) if (dx || dy) { const key = `${x + dx},${y + dy}`; near.set(key, (near.get(key) ?? 0) + 1) } } world = new Set([...near].filter(([key, n]) => n === 3 || (n === 2 && world.has(key))).map(([key]) => key)) }
console.log([...world].sort().join(' '))
