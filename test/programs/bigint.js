const fibonacci = (n) => {
  let [a, b] = [0n, 1n]
  for (let i = 0; i < n; i++) [a, b] = [b, a + b]
  return a
}
console.log(fibonacci(400))
let factorial = 1n
for (let i = 1n; i <= 120n; i++) factorial *= i
console.log(factorial.toString(36), BigInt.asUintN(64, -1n), 7n ** 99n % 1000007n)
