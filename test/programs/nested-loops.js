let sum = 0
for (let i = 0; i < 60; i++) {
  for (let j = 0; j < 60; j++) {
    for (let k = 0; k < 10; k++) sum = (sum * 31 + i * j + k) | 0
  }
}
console.log('nested loops', sum)
