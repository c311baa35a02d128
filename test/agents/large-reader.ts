import { agent, type Sealed } from 'sojourn/agent'

/** Reads a large file again and again after it has unsealed its input, which says how often. */
export default agent(async (self, sealed: Sealed<number>) => {
  await self.move({ host: sealed.$sealed.to })
  const times = await self.unseal(sealed)
  let bytes = 0
  for (let i = 0; i < times; i++) bytes += (await self.read('large')).length
  return { bytes }
})
