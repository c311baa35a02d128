/** One message from another agent. Who has sent it is vouched for by the hosts; what is in it is the sender's word. */
export interface Letter<Data = unknown> {
  /** The sender's id: `self.send(from, …)` answers it. */
  readonly from: string
  readonly data: Data
}

/** What the inbox asks its host: the letter that comes after so many. */
type Receive = (args: { readonly after: number; readonly open: boolean }) => Promise<Letter>

/**
 * The letters of an agent, in the order of their coming, each once. Several loops over it share them. How many it has had is
 * counted here, in the agent: so a host that is asked again gives the same letter again.
 */
export class Inbox implements AsyncIterable<Letter> {
  readonly #receive: Receive
  #had = 0
  #open = false
  #isEnded = false
  /** Ends the wait that is under way. */
  #stop: () => void = () => {}
  /** One at a time is asked for; who comes meanwhile stands behind it. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(receive: Receive) {
    this.#receive = receive
  }

  /** From the next wait on agents of other launchers may write, too. They are who their id says; nothing else is known of them. */
  openToAll(): this {
    this.#open = true
    return this
  }

  /** Ends every loop over it, also those that wait just now. What comes afterwards is not read. */
  end(): void {
    this.#isEnded = true
    this.#stop()
  }

  /** The next letter, after as long as it takes; null once the inbox is ended. */
  next(): Promise<Letter | null> {
    const asked = this.#last.then(() => (this.#isEnded ? null : this.#wait()))
    this.#last = asked.catch(() => {})
    return asked
  }

  #wait(): Promise<Letter | null> {
    return new Promise((resolve, reject) => {
      this.#stop = () => resolve(null)
      this.#receive({ after: this.#had, open: this.#open }).then((letter) => {
        this.#had += 1
        resolve(letter)
      }, reject)
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Letter, void, undefined> {
    for (let letter = await this.next(); letter !== null; letter = await this.next()) yield letter
  }
}
