function* primes() {
  const found = []
  for (let n = 2; ; n++) {
    if (found.every((p) => n % p !== 0)) {
      found.push(n)
      const reset = yield n
      if (reset) found.length = 0
    }
  }
}
const source = primes()
let last = 0
for (let i = 0; i < 120; i++) last = source.next().value
console.log('120th prime', last)
function* delegate() {
  const inner = yield* (function* () {
    yield 1
    yield 2
    return 'returned'
  })()
  yield inner
}
console.log([...delegate()])
async function* countdown(n) {
  while (n > 0) {
    await null
    yield n--
  }
}
const seen = []
for await (const n of countdown(20)) seen.push(n)
console.log(seen.join())
