import { agent, type Self } from 'sojourn/agent'
import type { CheapLetter } from '../../../sim/cheap-mail.ts'
import type { CheapProgram } from '../../../sim/cheap-sandbox.ts'

/**
 * What a cheap guest of the simulator does, as an agent that an author could have written: so that the same is expected of
 * both. It computes step by step, says where it is, moves, forks, sleeps, looks around, fails and writes letters, as its
 * program says, which real-guests.ts puts in front of it. Its hash is its own reckoning, not the simulator's code.
 */
declare const PROGRAM: CheapProgram

export default agent(async (self) => {
  const { steps, fail, large, lookEvery = 0, registers, sends, receives } = PROGRAM
  const ballast = large ? takeBallast() : []
  const run = new Run(self)
  const post = new Post(self)
  while (run.done < steps) {
    await run.sleep()
    run.compute(Math.min(run.nextStop, post.nextAt))
    await run.act()
    await post.act(run.done)
  }
  if (fail) throw new Error(fail)
  if (ballast.some((block, i) => block[0] !== markOf(i))) throw new Error('the ballast has slipped')
  return {
    steps: run.done,
    hash: run.hash,
    ...(registers || sends || receives ? { mail: post.count } : {}),
    ...(lookEvery > 0 ? { said: run.said } : {}),
  }
})

/**
 * So much that hosts bring it over while it runs. In blocks, between which it can be stopped: to clear memory takes fuel, and
 * the simulated machine is slow.
 */
function takeBallast(): readonly Uint8Array[] {
  return Array.from({ length: BALLAST_BLOCKS }, (_, i) => {
    const block = new Uint8Array(BALLAST_BLOCK_BYTES)
    for (let at = 0; at < BALLAST_BLOCK_BYTES; at += 4096) block[at] = markOf(i)
    return block
  })
}
const markOf = (i: number): number => 1 + (i % 255)
const BALLAST_BLOCKS = 300
const BALLAST_BLOCK_BYTES = 16_384

const NEVER = Number.POSITIVE_INFINITY

const stepOn = (hash: number, n: number): number => (Math.imul(hash, 31) + n + 1) >>> 0

/** Of what is refused nothing comes, and the program goes on. */
const ignore = (): void => undefined

class Run {
  done = 0
  hash = 0
  said = 0
  readonly #self: Self
  #moved = 0
  #forked = 0

  constructor(self: Self) {
    this.#self = self
  }

  /** After how many steps there is something else to do than to compute. */
  get nextStop(): number {
    const { steps, emitEvery, lookEvery = 0, printEvery = 0, moves = [], forks = [], sleeps = [] } = PROGRAM
    const { done } = this
    const every = [emitEvery, lookEvery, printEvery].filter((n) => n > 0).map((n) => (Math.floor(done / n) + 1) * n)
    const asleep = sleeps.map(({ at }) => at).filter((at) => at > done)
    return Math.min(steps, ...every, ...asleep, moves[this.#moved]?.at ?? NEVER, forks[this.#forked]?.at ?? NEVER)
  }

  compute(until: number): void {
    let { done, hash } = this
    for (const end = Math.max(until, done + 1); done < end; done++) hash = (Math.imul(hash, 31) + done + 1) >>> 0
    this.done = done
    this.hash = hash
  }

  async sleep(): Promise<void> {
    const ms = PROGRAM.sleeps?.find(({ at }) => at === this.done)?.ms ?? 0
    if (ms > 0) await this.#self.sleep(ms)
  }

  async act(): Promise<void> {
    const { emitEvery, lookEvery = 0, printEvery = 0, moves = [], forks = [] } = PROGRAM
    const self = this.#self
    const { done } = this
    if (printEvery > 0 && done % printEvery === 0) console.log(`${done} ${this.hash}`)
    if (emitEvery > 0 && done % emitEvery === 0) await self.emit(this.#word()).catch(ignore)
    if (lookEvery > 0 && done % lookEvery === 0) await this.#look()
    const move = moves[this.#moved]
    if (move && done >= move.at) {
      this.#moved += 1
      await self.move(move.where as Parameters<Self['move']>[0]).catch(ignore)
    }
    const fork = forks[this.#forked]
    if (fork && done >= fork.at) {
      this.#forked += 1
      this.hash = stepOn(this.hash, await self.fork(fork.n).catch(() => -2))
    }
  }

  #word(): { readonly done: number; readonly hash: number; readonly said?: number } {
    const { done, hash, said } = this
    this.said = stepOn(said, hash)
    return (PROGRAM.lookEvery ?? 0) > 0 ? { done, hash, said } : { done, hash }
  }

  /** What no two hosts and moments say alike becomes a part of the state. */
  async #look(): Promise<void> {
    const host = await this.#self.where().catch(() => null)
    const seen = JSON.stringify([host, this.#self.quota, Date.now(), Math.random()])
    for (const char of seen) this.hash = stepOn(this.hash, char.charCodeAt(0))
  }
}

class Post {
  readonly count = { count: 0, sum: 0, disorder: 0, refused: 0 }
  readonly #self: Self
  readonly #last = new Map<number, number>()
  #registered = 0
  #sent = 0
  #received = 0

  constructor(self: Self) {
    this.#self = self
  }

  get nextAt(): number {
    const { registers = [], sends = [], receives = [] } = PROGRAM
    const next = [registers[this.#registered], sends[this.#sent], receives[this.#received]]
    return Math.min(...next.map((one) => one?.at ?? NEVER))
  }

  /** Names first, then what is to be sent, then what is waited for. */
  async act(done: number): Promise<void> {
    const { registers = [], sends = [], receives = [] } = PROGRAM
    const refused = (): void => {
      this.count.refused += 1
    }
    for (let next = registers[this.#registered]; next && done >= next.at; next = registers[this.#registered]) {
      this.#registered += 1
      await this.#self.register(next.name).catch(refused)
    }
    const underWay: Promise<void>[] = []
    for (let next = sends[this.#sent]; next && done >= next.at; next = sends[this.#sent]) {
      this.#sent += 1
      const { to } = next
      const n = sends.slice(0, this.#sent).filter((send) => send.to === to).length
      const id = to.includes('.') ? to : await this.#find(to)
      underWay.push(this.#self.send(id, { as: PROGRAM.as ?? 0, n }).catch(refused))
    }
    await Promise.all(underWay)
    for (let next = receives[this.#received]; next && done >= next.at; next = receives[this.#received]) {
      this.#received += 1
      for (let i = 0; i < next.count; i++) await this.#take()
    }
  }

  /** A name is looked up until it is there. */
  async #find(name: string): Promise<string> {
    for (;;) {
      const id = await this.#self.lookup(name).catch(() => null)
      if (id !== null) return id
    }
  }

  async #take(): Promise<void> {
    const inbox = PROGRAM.open ? this.#self.inbox.openToAll() : this.#self.inbox
    const letter = await inbox.next()
    if (letter === null) return
    const { as, n } = letter.data as CheapLetter
    this.count.count += 1
    this.count.sum = (this.count.sum + ((Math.imul(as + 1, 2_654_435_761) ^ Math.imul(n, 40_503)) >>> 0)) >>> 0
    if (n !== (this.#last.get(as) ?? 0) + 1) this.count.disorder += 1
    this.#last.set(as, n)
  }
}
