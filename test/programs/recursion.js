function descend(level) {
  const local = { level, half: level / 2 }
  if (level === 0) {
    let work = 0
    for (let i = 0; i < 20000; i++) work = (work * 33 + i) | 0
    return work
  }
  const below = descend(level - 1)
  return (below + local.level - local.half) | 0
}
console.log('150 deep', descend(150))
const ackermann = (m, n) => (m === 0 ? n + 1 : n === 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)))
console.log('ackermann', ackermann(2, 25))
