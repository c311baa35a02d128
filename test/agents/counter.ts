import { agent } from 'sojourn/agent'

/** Counts, busily, and tells how far it is: something to watch, move and kill. */
export default agent(async (self, input: { to: number; announce: number }) => {
  let count = 0
  console.log(`counting to ${input.to}`)
  while (count < input.to) {
    count += 1
    if (count % 1_000 === 0) self.progress(count / input.to, `at ${count}`)
    if (count % input.announce === 0) await self.emit({ count })
  }
  return { count, host: (await self.where()).name }
})
