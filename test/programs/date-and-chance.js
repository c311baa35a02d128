const draws = Array.from({ length: 5 }, () => Math.random())
console.log(draws)
const before = Date.now()
let spin = 0
for (let i = 0; i < 100000; i++) spin = (spin + i * i) % 1000003
console.log(spin, Date.now() - before, new Date(0).toISOString(), new Date().getTimezoneOffset())
console.log(new Date(2024, 1, 29, 12).toString(), performance.now() >= 0, Math.random())
console.log(typeof WeakRef, typeof FinalizationRegistry, typeof SharedArrayBuffer)
