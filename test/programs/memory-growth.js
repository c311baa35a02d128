const kept = []
for (let i = 0; i < 40; i++) {
  const block = new Uint8Array(100_000)
  block[i * 1000] = i
  kept.push(block)
}
let sum = 0
kept.forEach((block, i) => { sum += block[i * 1000] })
console.log(sum, kept.length)
let list = null
for (let i = 0; i < 20000; i++) list = { next: list, i }
let count = 0
for (let node = list; node; node = node.next) count += node.i
console.log(count)
kept.length = 0
list = null
console.log('released', Array.from({ length: 1000 }, (_, i) => ({ i })).length)
