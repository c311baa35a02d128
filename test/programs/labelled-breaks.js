let steps = 0
const found = []
outer: for (let a = 1; a < 60; a++) {
  for (let b = a; b < 60; b++) {
    for (let c = b; c < 90; c++) {
      steps++
      if (a * a + b * b === c * c) {
        found.push(`${a}-${b}-${c}`)
        if (found.length === 12) break outer
        continue outer
      }
    }
  }
}
console.log(steps, found.join(' '))
let state = 'start'
let turns = 0
machine: while (true) {
  switch (state) {
    case 'start': state = 'middle'; break
    case 'middle': if (++turns > 500) state = 'end'; continue machine
    case 'end': break machine
  }
}
console.log(state, turns)
