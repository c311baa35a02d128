import type { MachineImage } from '../../src/engine/image.ts'
import type { Guest, GuestEvent, GuestOrder, Sandbox } from '../../src/sandbox/port.ts'

/**
 * A host that lies about what its agents did: a test build, its sandbox wrapped. Everything else of it is as it should be,
 * so what it signs is in order, and false. Guests that only run a segment again are left alone: as an auditor it is honest.
 */
export type Lie =
  /** One bit of the memory is another before it is sealed. */
  | 'bit'
  /** Work that was not done: an earlier state is passed off as a later one. */
  | 'skip'
  /** The program was told something else than the log says. */
  | 'input'
  /** The agent ends with a result that it never came to. */
  | 'early'

export class LyingSandbox implements Sandbox {
  readonly #honest: Sandbox
  readonly #lie: Lie
  /** How many segments were falsified. */
  told = 0

  constructor(honest: Sandbox, lie: Lie) {
    this.#honest = honest
    this.#lie = lie
  }

  spawn(order: GuestOrder, onEvent: (event: GuestEvent) => void): Guest {
    if (!order.record) return this.#honest.spawn(order, onEvent)
    let before: MachineImage | null = order.image
    let ended = false
    const guest = this.#honest.spawn(order, (event) => {
      if (ended) return
      const said = this.#falsify(event, before)
      if (event.kind === 'frozen') before ??= event.image
      if (said.kind === 'finished' && event.kind !== 'finished') {
        ended = true
        guest.terminate()
      }
      onEvent(said)
    })
    return guest
  }

  #falsify(event: GuestEvent, before: MachineImage | null): GuestEvent {
    if (event.kind !== 'frozen') return event
    const { image, trace } = event
    switch (this.#lie) {
      case 'bit': {
        this.told += 1
        const [index, page] = [...image.pages][0] ?? [0, new Uint8Array(4_096)]
        const changed = page.slice()
        changed[100] = (changed[100] ?? 0) ^ 1
        return { ...event, image: { ...image, pages: new Map([...image.pages, [index, changed]]) } }
      }
      case 'skip': {
        if (!before || before.fuelUsed >= image.fuelUsed) return event
        this.told += 1
        // As if it had got so far: the memory is what it was long before.
        return { ...event, image: { ...image, pages: before.pages } }
      }
      case 'early': {
        if (!trace) return event
        this.told += 1
        const { fuelUsed } = trace.until
        const resultJson = '{"steps":9000,"hash":7}'
        return {
          kind: 'finished',
          resultJson,
          fuelUsed,
          stateHash: '',
          trace: { ...trace, until: { fuelUsed, standing: 'end' } },
        }
      }
      case 'input':
        return this.#misquote(event)
    }
  }

  /** The log says that the program was told something else than it was. */
  #misquote(event: Extract<GuestEvent, { kind: 'frozen' }>): GuestEvent {
    const { trace } = event
    const told = trace?.inputs.findIndex(({ act }) => act.kind === 'deliver') ?? -1
    const input = trace?.inputs[told]
    if (!trace || input?.act.kind !== 'deliver') return event
    this.told += 1
    const { request } = input.act.delivery
    const delivery = { request, outcome: { ok: true, valueJson: '{"forged":true,"index":1}' } } as const
    const inputs = trace.inputs.with(told, { ...input, act: { kind: 'deliver', delivery } })
    return { ...event, trace: { ...trace, inputs } }
  }
}
