import { agent, type RefusalError, type Self } from 'sojourn/agent'

/**
 * Counts primes as a ring of agents. Each takes a name, finds the next one by its name, counts its own share, and passes on what it
 * has heard; after a round all know the sum. Between two letters each goes to another host; nobody has to know where anybody is.
 */
interface Input {
  /** Tells rings of one launcher apart. */
  readonly ring: string
  readonly index: number
  readonly size: number
  readonly upTo: number
}

/** What goes round: how many primes somebody has counted, and whose count it is. */
interface Count {
  readonly of: number
  readonly primes: number
}

export default agent(async (self, { ring, index, size, upTo }: Input) => {
  await self.register(`${ring}-${index}`)
  const next = await find(self, `${ring}-${(index + 1) % size}`)
  const counts = new Map([[index, countPrimes(index, size, upTo)]])
  let passing: Count = { of: index, primes: counts.get(index) ?? 0 }
  const hosts = [self.host.name]
  while (counts.size < size) {
    await self.send(next, passing)
    const letter = await self.inbox.next()
    if (letter === null) break
    passing = letter.data as Count
    counts.set(passing.of, passing.primes)
    self.progress(counts.size / size)
    // Whoever writes meanwhile need not know.
    hosts.push((await self.move('anywhere').catch(() => self.host)).name)
  }
  return { index, primes: [...counts.values()].reduce((sum, primes) => sum + primes, 0), hosts }
})

/** The others may not have begun yet. */
async function find(self: Self, name: string): Promise<string> {
  for (;;) {
    try {
      return await self.lookup(name)
    } catch (refusal) {
      if ((refusal as RefusalError).code !== 'NOT_FOUND') throw refusal
    }
  }
}

/** Every so manieth number from 2 up to, not including, `upTo`. */
function countPrimes(index: number, size: number, upTo: number): number {
  let count = 0
  for (let n = 2 + index; n < upTo; n += size) if (isPrime(n)) count += 1
  return count
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return true
}
