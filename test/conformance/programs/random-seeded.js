const draws = Array.from({ length: 20 }, () => Math.random())
check('in range', draws.every((x) => x >= 0 && x < 1))
check('not constant', new Set(draws).size, 20)
console.log(draws)
const deck = Array.from({ length: 52 }, (_, i) => i)
for (let i = deck.length - 1; i > 0; i--) { const j = Math.floor(Math.random() * (i + 1)); [deck[i], deck[j]] = [deck[j], deck[i]]; busy(10) }
console.log(deck.join())
let inside = 0
for (let i = 0; i < 4000; i++) if (Math.random() ** 2 + Math.random() ** 2 < 1) inside++
check('pi', Math.abs((4 * inside) / 4000 - Math.PI) < 0.15)
console.log(inside)
await new Promise((resolve) => setTimeout(resolve, 7))
const buckets = new Array(8).fill(0)
for (let i = 0; i < 1600; i++) buckets[Math.floor(Math.random() * 8)]++
console.log(buckets, Math.random())
let walk = 0
const path = []
for (let i = 0; i < 500; i++) { walk += Math.random() < 0.5 ? -1 : 1; if (i % 50 === 0) path.push(walk) }
console.log(path, [3, 1, 2].sort(() => Math.random() - 0.5).length)
