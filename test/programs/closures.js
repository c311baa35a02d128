const counters = []
for (let i = 0; i < 50; i++) {
  let own = i
  counters.push({ up: () => ++own, sum: (other) => own + other.up() + i })
}
let total = 0
for (let round = 0; round < 40; round++) for (let i = 0; i < 49; i++) total += counters[i].sum(counters[i + 1])
console.log(total)
const compose = (...steps) => (x) => steps.reduce((value, step) => step(value), x)
const run = compose(...Array.from({ length: 100 }, (_, i) => (x) => (x * 3 + i) % 10007))
console.log(run(1), [5, 1, 4].map(function (x) { return x * this.by }, { by: 10 }), Reflect.ownKeys(class { static a = 1 }).length)
