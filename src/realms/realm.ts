/**
 * A place where code of ours runs and answers: a thread of Node, a dedicated web worker of a real browser, an engine's
 * shell. For tests and measurements that must hold in every engine; hosts of agents have doors of their own.
 */
export interface Realm {
  readonly name: string
  /** What runs the code, with its version. */
  readonly version: string
  /** One request, one answer, in the order of the requests. Rejects with what the code threw, or with how the realm ended. */
  ask(request: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

/** Requests that wait for their answers, in order; how a realm ended is told to all of them and to those that come later. */
export class Waiting {
  readonly #queue: { resolve: (answer: Uint8Array) => void; reject: (error: Error) => void }[] = []
  #end: Error | null = null

  ask(send: () => void): Promise<Uint8Array> {
    if (this.#end) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      this.#queue.push({ resolve, reject })
      send()
    })
  }

  /** A frame from the realm: 0 and the answer, or 1 and the words of what was thrown, in UTF-8. */
  answer(frame: Uint8Array): void {
    const waiter = this.#queue.shift()
    const body = frame.subarray(1)
    if (frame[0] === 0) waiter?.resolve(body)
    else waiter?.reject(new Error(new TextDecoder().decode(body)))
  }

  end(error: Error): void {
    this.#end ??= error
    for (const { reject } of this.#queue.splice(0)) reject(this.#end)
  }
}
