import { utf8Length } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Delivery } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import { SEALED_BYTES_MAX } from '../identity/limits.ts'
import { type SealedValue, type SealTo, sealedJson } from '../identity/sealed-value.ts'
import type { Signer } from '../identity/signer.ts'

/** The rim's part of sealed data: the keys, and the code behind them, which is fetched when it is first needed. */
export interface SealsOptions {
  readonly signer: Signer
  readonly random: Random
  /** The machine seals what agents say; lent to it before an agent that wants it begins. */
  lend(sealTo: SealTo): void
  deliver(agent: AgentId, delivery: Delivery): void
}

const load = () => import('../identity/sealing.ts')

export class Seals {
  readonly #options: SealsOptions

  constructor(options: SealsOptions) {
    this.#options = options
  }

  /** Resolves when the machine can seal. */
  async ready(): Promise<void> {
    const { sealTo } = await load()
    this.#options.lend(sealTo)
  }

  /** The JSON text, or null where it does not open with this host's key. */
  async open(value: SealedValue): Promise<string | null> {
    const { openSealed } = await load()
    const opened = await openSealed(this.#options.signer, value)
    return opened.ok ? opened.value : null
  }

  /** An agent's `seal`: answered with the sealed value. */
  async seal(agent: AgentId, request: number, reader: Did, valueJson: string, about: string): Promise<void> {
    const { deliver, random } = this.#options
    const bytes = utf8Length(valueJson)
    if (bytes > SEALED_BYTES_MAX) {
      const reason = `sealedBytes ${bytes} > ${SEALED_BYTES_MAX}`
      return deliver(agent, { request, outcome: { ok: false, code: 'QUOTA', reason } })
    }
    const { sealTo } = await load()
    deliver(agent, { request, outcome: { ok: true, valueJson: sealedJson(sealTo(reader, valueJson, about, random)) } })
  }
}
