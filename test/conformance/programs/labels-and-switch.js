const walk = (n) => {
  const out = []
  switch (busy(20), n) {
    case 0: out.push('zero')
    case 1: out.push('one'); break
    default: out.push('default')
    case busy(30) & 0 || 2: out.push('two')
    case 3: { let scoped = n; out.push(`three ${scoped}`); break }
    case '4': out.push('text four')
  }
  return out.join('+')
}
check('switch', [0, 1, 2, 3, 4, '4', NaN].map(walk).join(), 'zero+one,one,two+three 2,three 3,default+two+three 4,text four,default+two+three NaN')
let steps = 0
const found = []
rows: for (let i = 0; i < 20; i++) {
  let j = 0
  columns: do {
    steps += 1 + (busy(5) & 0)
    if (j % 3 === 1) { j++; continue columns }
    inner: { if (j > 10) break inner; if (i * j === 42) { found.push([i, j]); continue rows } if (i > 14) break rows }
    j++
  } while (j < 16)
}
console.log(steps, found)
const words = []
outer: for (const key in { a: 1, b: 2, c: 3 }) { for (const letter of 'xyz') { if (letter === 'z') continue outer; if (key === 'c') break outer; words.push(key + letter); busy(30) } }
check('for in', words.join(), 'ax,ay,bx,by')
const made = []
for (let i = 0; i < 5; i++) { const j = i * 2; made.push(() => i + j + (busy(5) & 0)); i += 0 }
for (var v = 0; v < 3; v++) made.push(() => v)
check('closures', made.map((f) => f()).join(), '0,3,6,9,12,3,3,3')
let comma = (1, busy(3), 2), count = 0
while (true) { if (++count > 100) break; if (count & 1) continue; busy(3) }
foo: { bar: { if (comma === 2) break foo } count = -1 }
console.log(comma, count, ((a, b = a, ...c) => [a, b, c.length])(1), ((a, b) => {}).length, eval('lab: { 1; break lab; 2 }'))
