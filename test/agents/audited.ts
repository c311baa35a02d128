import { agent } from 'sojourn/agent'

/** Something of everything that a host tells a program: where it is, what time it is, answers, chance; and a heap to move. */
export default agent(async (self, input: { rounds: number; heap: number }) => {
  const heap: number[][] = []
  for (let i = 0; i < input.heap; i++) heap.push(Array.from({ length: 1_000 }, (_, j) => i * j))
  let sum = 0
  for (let round = 1; round <= input.rounds; round++) {
    for (let i = 0; i < 30_000; i++) sum = (sum * 31 + i + Math.floor(Math.random() * 7)) % 1_000_003
    const { name } = await self.where()
    sum += name.length + (Date.now() % 1_000)
    if (heap.length > 0) heap[round % heap.length] = Array.from({ length: 1_000 }, (_, j) => sum + j)
    if (round % 10 === 0) await self.emit({ round, sum })
    if (round % 7 === 0) await self.sleep(5)
    if (round % 25 === 0) console.log(`round ${round} at ${name}`)
  }
  return { sum, heap: heap.length }
})
