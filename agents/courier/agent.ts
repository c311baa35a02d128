import { agent, RefusalError, type Sealed, type Self } from 'sojourn/agent'

/**
 * Carries a sealed letter over hosts that cannot read it, to the one that can: there it is opened, asked of a file that
 * only this host has, and the answer goes back sealed to whoever sent the courier.
 */
export interface Letter {
  /** A file that the reader's host shares. */
  readonly path: string
  /** How many of its lines have this word in them? */
  readonly word: string
}

export interface Answer {
  /** Hosts that carried the letter. */
  readonly way: readonly string[]
  readonly lines: number
  readonly found: number
}

export default agent(async (self, letter: Sealed<Letter>): Promise<Answer> => {
  const reader = letter.$sealed.to
  const way = await roam(self, reader)
  const { path, word } = await open(self, reader, letter)
  const text = new TextDecoder().decode(await self.read(path))
  const lines = text.split('\n').filter((line) => line !== '')
  return { way, lines: lines.length, found: lines.filter((line) => line.includes(word)).length }
})

/** The long way round: whoever sees where the courier came from does not see where it goes. */
const HOSTS_ON_THE_WAY = 3

async function roam(self: Self<unknown>, reader: string): Promise<string[]> {
  const way: string[] = []
  for (const { id, kind } of await self.hosts()) {
    if (way.length === HOSTS_ON_THE_WAY) break
    if (id === reader || kind !== 'edge') continue
    try {
      await self.move({ host: id })
      way.push(id)
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error
    }
  }
  return way
}

/** How often to come again when somebody sends us away before the letter is open, and the pause in between. */
const TRIES = 20
const PAUSE_MS = 500

async function open(self: Self<unknown>, reader: string, letter: Sealed<Letter>): Promise<Letter> {
  for (let left = TRIES; ; left--) {
    try {
      await self.move({ host: reader })
      return await self.unseal(letter)
    } catch (error) {
      if (!(error instanceof RefusalError) || left === 1) throw error
    }
    await self.sleep(PAUSE_MS)
  }
}
