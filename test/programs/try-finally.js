const log = []
function unwind(depth) {
  try {
    if (depth === 0) throw new RangeError('bottom')
    unwind(depth - 1)
  } catch (error) {
    if (depth % 3 === 0) throw new Error(`${depth}`, { cause: error })
    throw error
  } finally {
    let spin = 0
    for (let i = 0; i < 300; i++) spin += i
    log.push(depth + spin - 44850)
  }
}
try {
  unwind(30)
} catch (error) {
  let causes = 0
  for (let e = error; e; e = e.cause) causes++
  console.log(error.message, causes, log.length, log.at(-1))
}
const early = () => {
  for (const x of [1, 2, 3]) {
    try {
      if (x === 2) return 'returned'
    } finally {
      log.push('finally')
    }
  }
}
console.log(early(), log.length)
{
  using held = { [Symbol.dispose]: () => console.log('disposed') }
  console.log(typeof held)
}
