import { agent } from 'sojourn/agent'
import { complete, openings } from './boards.ts'

/** Counts the ways to place queens on a board, as one agent that becomes several once it knows what there is to share. */
interface Input {
  readonly size: number
  /** How many agents to be. */
  readonly parts: number
}

export default agent(async (self, { size, parts }: Input) => {
  // Worked out once: after the fork each has the whole list, and takes every so manieth of it.
  const boards = openings(size, 3)
  const index = await self.fork(parts)
  let solutions = 0
  for (let at = index; at < boards.length; at += parts) {
    solutions += complete(boards[at] ?? [], size)
    self.progress(at / boards.length, `${solutions} so far`)
  }
  return { index, of: parts, solutions }
})
