import { agent } from 'sojourn/agent'

/** Becomes n, and one of them two more; then answers, or goes on until it is killed. */
export default agent(async (self, { n, until }: { n: number; until: 'answered' | 'killed' }) => {
  const index = await self.fork(n)
  const deeper = index === n - 1 ? await self.fork(2) : null
  console.log(`I am ${index} ${deeper}`)
  while (until === 'killed') await self.sleep(1_000)
  return { index, deeper }
})
