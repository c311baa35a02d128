import { utf8Length } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Timers } from '../base/timers.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Delivery } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import { SEALED_BYTES_MAX } from '../identity/limits.ts'
import { type SealedValue, type SealerTo, sealedJson } from '../identity/sealed-value.ts'
import type { Signer } from '../identity/signer.ts'
import { SEAL_PAUSE_MS } from './limits.ts'

/** The rim's part of sealed data: the keys, and the code behind them, which is fetched when it is first needed. */
export interface SealsOptions {
  readonly signer: Signer
  readonly random: Random
  readonly timers: Timers
  /** The machine seals what agents say; lent to it before an agent that wants it begins. */
  lend(sealerTo: SealerTo): void
  deliver(agent: AgentId, delivery: Delivery): void
}

const load = () => import('../identity/sealing.ts')

export class Seals {
  readonly #options: SealsOptions
  /** What each agent has asked for, one after another; an agent with nothing under way is not in it. */
  readonly #queues = new Map<AgentId, Promise<void>>()

  constructor(options: SealsOptions) {
    this.#options = options
  }

  /** Resolves when the machine can seal. */
  async ready(): Promise<void> {
    const { sealerTo } = await load()
    this.#options.lend(sealerTo)
  }

  /** The JSON text, or null where it does not open with this host's key. */
  open(agent: AgentId, value: SealedValue): Promise<string | null> {
    return this.#inTurn(agent, async () => {
      const { openSealed } = await load()
      const opened = await openSealed(this.#options.signer, value)
      return opened.ok ? opened.value : null
    })
  }

  /** An agent's `seal`: answered with the sealed value. */
  async seal(agent: AgentId, request: number, reader: Did, valueJson: string, about: string): Promise<void> {
    const { deliver, random } = this.#options
    const bytes = utf8Length(valueJson)
    if (bytes > SEALED_BYTES_MAX) {
      const reason = `sealedBytes ${bytes} > ${SEALED_BYTES_MAX}`
      return deliver(agent, { request, outcome: { ok: false, code: 'QUOTA', reason } })
    }
    const sealed = await this.#inTurn(agent, async () => (await load()).sealTo(reader, valueJson, about, random))
    if (sealed) deliver(agent, { request, outcome: { ok: true, valueJson: sealedJson(sealed) } })
    else deliver(agent, { request, outcome: { ok: false, code: 'DENIED', reason: 'this host cannot seal now' } })
  }

  /** One at a time, with a pause behind each. Null where the code cannot be had, or fails. */
  #inTurn<T>(agent: AgentId, work: () => Promise<T>): Promise<T | null> {
    const before = this.#queues.get(agent) ?? Promise.resolve()
    const done = before.then(work).catch(() => null)
    const rested = done.then(
      () => new Promise<void>((resolve) => void this.#options.timers.after(SEAL_PAUSE_MS, resolve)),
    )
    this.#queues.set(agent, rested)
    void rested.then(() => {
      if (this.#queues.get(agent) === rested) this.#queues.delete(agent)
    })
    return done
  }
}
