import type { MachineImage } from '../../src/engine/image.ts'
import type { Guest, GuestEvent, GuestOrder, Sandbox } from '../../src/sandbox/port.ts'

/** One guest under test: all that it says, and what the claims of a contract are made with. Knows no test runner. */
export interface SandboxPlace {
  readonly sandbox: Sandbox
  readonly engineId: string
}

export interface Claim {
  readonly claim: string
  prove(place: SandboxPlace): Promise<void>
}

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return `${part}n`
    if (part instanceof Map) return [...part]
    if (part instanceof Uint8Array)
      return part.length > 64 ? part.reduce((sum, byte) => (sum * 31 + byte) >>> 0, part.length) : [...part]
    return part
  })

export function same(actual: unknown, expected: unknown, what: string): void {
  if (plain(actual) !== plain(expected))
    throw new Error(`${what}: ${plain(actual).slice(0, 500)} is not ${plain(expected).slice(0, 500)}`)
}

type Kind = GuestEvent['kind']
export type EventOf<K extends Kind> = Extract<GuestEvent, { kind: K }>

/** One guest and all it has said. */
export class Play {
  readonly events: GuestEvent[] = []
  readonly guest: Guest
  #look: () => void = () => undefined

  constructor({ sandbox, engineId }: SandboxPlace, changes: Partial<GuestOrder>) {
    const order: GuestOrder = {
      label: 'contract',
      engineId,
      code: '',
      kernels: new Map(),
      inputJson: 'null',
      seed: 7,
      startMs: 1_700_000_000_000,
      fuelMax: 20_000_000_000,
      memoryBytesMax: 32 * 1_048_576,
      depth: 10,
      sentBytesMax: 64 * 1_048_576,
      image: null,
      hashAtEnd: true,
      pace: 'virtual',
      ...changes,
    }
    this.guest = sandbox.spawn(order, (event) => {
      this.events.push(event)
      this.#look()
    })
  }

  /** The first event of this kind that was not asked for before. */
  async next<K extends Kind>(kind: K): Promise<EventOf<K>> {
    for (;;) {
      const at = this.events.findIndex((event, i) => event.kind === kind && i >= (this.#seen.get(kind) ?? 0))
      const found = this.events[at]
      if (found) {
        this.#seen.set(kind, at + 1)
        return found as EventOf<K>
      }
      const end = this.events.find((event) => event.kind === 'failed' || event.kind === 'finished')
      if (end && kind !== end.kind) throw new Error(`waits for ${kind}, but the guest ended: ${plain(end)}`)
      await new Promise<void>((resolve) => {
        this.#look = resolve
      })
    }
  }
  readonly #seen = new Map<Kind, number>()

  get lines(): string[] {
    return this.events.flatMap((event) => (event.kind === 'console' ? [event.text] : []))
  }

  get kinds(): Kind[] {
    return this.events.map(({ kind }) => kind)
  }

  /** Pulses answer the warden's questions, whenever it asks. */
  get kindsBesidePulses(): Kind[] {
    return this.kinds.filter((kind) => kind !== 'pulse')
  }
}

export function play(place: SandboxPlace, changes: Partial<GuestOrder>): Play {
  const played = new Play(place, changes)
  played.guest.run()
  return played
}

/** Frozen once it is well inside. */
export async function freezeInside(
  place: SandboxPlace,
  code: string,
  changes: Partial<GuestOrder> = {},
): Promise<{ played: Play; image: MachineImage }> {
  const played = play(place, { code, ...changes })
  await played.next('console')
  played.guest.freeze()
  const { image } = await played.next('frozen')
  return { played, image }
}

/** Long enough to be frozen inside, in a nested loop with a callback on the stack. */
export const LOOP = `
console.log('in')
let sum = 0
for (let i = 0; i < 60; i++) [5, 3, 1, 4].sort((a, b) => { for (let k = 0; k < 900; k++) sum = (sum * 31 + k + i) | 0; return a - b })
console.log('out', sum, Math.random(), Date.now() > 0)`
/** Runs a program in one piece; without code, the one whose state every realm must agree on. */
export async function straight(
  place: SandboxPlace,
  code = LOOP,
): Promise<{ lines: string[]; end: EventOf<'finished'> }> {
  const played = play(place, { code })
  const end = await played.next('finished')
  return { lines: played.lines, end }
}
