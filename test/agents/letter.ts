import { agent, type Sealed } from 'sojourn/agent'

/** Goes to where its input can be read, and says what stands there. */
export default agent(async (self, letter: Sealed<string>) => {
  console.log('on the way with a letter')
  for (let tries = 1; ; tries++) {
    try {
      await self.move({ host: letter.$sealed.to })
      return `read: ${await self.unseal(letter)}`
    } catch (error) {
      if (tries === 20) throw error
      await self.sleep(200)
    }
  }
})
