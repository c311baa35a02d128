let rope = ''
for (let i = 0; i < 3000; i++) rope += String.fromCharCode(97 + (i % 26))
let left = ''
for (let i = 0; i < 800; i++) left = (i % 10) + left
console.log(rope.length, left.slice(0, 20), rope.indexOf('xyzabc', 1000), rope.lastIndexOf('abc'))
const doubled = Array.from({ length: 10 }).reduce((text) => { busy(30); return text + text }, 'ab€')
check('doubled', doubled.length, 3072)
let hash = 5381
for (let i = 0; i < doubled.length; i++) hash = (Math.imul(hash, 33) ^ doubled.charCodeAt(i)) | 0
console.log(hash, doubled.substring(1500, 1510), doubled.split('€').length, doubled.replaceAll('ab', 'c').length)
const pieces = []
for (let i = 0; i < 500; i++) pieces.push(i.toString(36).padStart(3, '·'))
const joined = pieces.join('|')
console.log(joined.length, joined.slice(-12), joined.split('|').map((p) => p.replace(/·/g, '')).every((p, i) => parseInt(p, 36) === i))
const views = Array.from({ length: 200 }, (_, i) => joined.slice(i, -i - 1))
check('slices', views.reduce((n, v) => n + v.length, 0), 200 * joined.length - 200 - 199 * 200)
const words = new Map()
const text = 'the quick brown fox jumps over the lazy dog and the cat '.repeat(25)
for (const word of text.trim().split(/\s+/)) words.set(word, (words.get(word) ?? 0) + 1)
console.log([...words].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 4))
const levenshtein = (a, b) => { let row = Array.from({ length: b.length + 1 }, (_, i) => i); for (let i = 1; i <= a.length; i++) { const next = [i]; for (let j = 1; j <= b.length; j++) next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)); row = next } return row.at(-1) }
check('distance', levenshtein('a quick brown fox', 'the quack brawn foxes'), 7)
const compressed = text.replace(/(.)\1+/g, (run, c) => c + run.length)
console.log(compressed.length, 'abc' < 'abd', 'a' > 'B', '10' < '9', 'z'.repeat(3) + 1 + 2, ['b', 'a'] + 'c')
const big = 'x'.repeat(200_000)
console.log(big.length, big.replaceAll('x', 'yz').length, (big + 'end').endsWith('end'), big.split('').length, [...big.slice(0, 9)].length)
const latin = 'é'.repeat(1000), wide = '→'.repeat(1000)
let mixed = ''
for (let i = 0; i < 100; i++) mixed += i % 2 ? latin.slice(0, i) : wide.slice(0, i)
check('mixed', mixed.length, 4950)
console.log(mixed.charCodeAt(4949), mixed.codePointAt(3), encodeURIComponent(mixed.slice(0, 3)), new TextEncoder().encode(mixed).length, mixed.localeCompare(latin) > 0)
