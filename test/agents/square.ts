import { agent } from 'sojourn/agent'

/** Squares a number by adding; throws where the input is none. */
export default agent((_, input: number) => {
  if (typeof input !== 'number') throw new Error(`cannot square ${JSON.stringify(input)}`)
  let sum = 0
  for (let i = 0; i < 20_000; i++) sum = i % 100 === 0 ? 0 : sum + 1
  sum = 0
  for (let i = 0; i < input; i++) sum += input
  return { input, square: sum }
})
