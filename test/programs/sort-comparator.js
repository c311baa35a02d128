const numbers = Array.from({ length: 200 }, (_, i) => (i * 7919) % 1009)
let comparisons = 0
numbers.sort((a, b) => {
  let zero = 0
  for (let k = 0; k < 10; k++) zero += k
  comparisons++
  return a - b + zero - 45
})
console.log(comparisons, numbers.slice(0, 5), numbers.at(-1))
console.log(['pear', 'Apple', 'fig', 'äpfel'].sort().join(), [3, 1, 2].toSorted((a, b) => b - a))
