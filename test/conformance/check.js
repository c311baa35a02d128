const check = (what, actual, ...rest) => {
  const expected = rest.length === 0 ? true : rest[0]
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} is not ${String(expected)}`)
}
const busy = (steps) => {
  let state = 17
  for (let i = 0; i < steps; i++) state = (Math.imul(state, 31) + i) | 0
  return state
}
