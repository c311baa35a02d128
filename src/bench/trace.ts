import type { HostOptions } from '../host/host.ts'
import type { Sandbox } from '../sandbox/port.ts'
import type { Store } from '../storage/port.ts'
import { announcedBytes, KIND_ASYNC, KIND_REPLY } from '../wire/header.ts'
import { asyncName, requestName } from '../wire/message-ids.ts'
import type { Channel, Transport } from '../wire/transport.ts'
import { percentile } from './row.ts'

/**
 * Where the time of a hop goes, seen from outside: the ports of the hosts in this process are wrapped, and everything
 * that passes through them is noted with its moment. `npm run bench -- hops --trace` prints, for each step, its median
 * moment after the word to freeze, and between the ends of a hop how long all threads together used a processor.
 */
interface Note {
  readonly atMs: number
  readonly what: string
}

export type Traced = Pick<HostOptions, 'sandbox' | 'store' | 'signer' | 'transport'>

export class Trace {
  #notes: Note[] = []
  readonly #hops: { readonly steps: readonly Note[]; readonly cpuMs: number; readonly loopMs: number }[] = []
  #from: { readonly atMs: number; readonly cpu: NodeJS.CpuUsage; readonly loopMs: number } | null = null

  note(what: string): void {
    if (this.#from) this.#notes.push({ atMs: performance.now() - this.#from.atMs, what })
  }

  /** The word to freeze: a hop begins here; one that came to nothing is forgotten. */
  begin(what: string): void {
    this.#notes = []
    this.#from = { atMs: performance.now(), cpu: process.cpuUsage(), loopMs: loopMs() }
    this.note(what)
  }

  end(what: string): void {
    const from = this.#from
    if (!from) return
    this.note(what)
    const { user, system } = process.cpuUsage(from.cpu)
    this.#hops.push({ steps: this.#notes, cpuMs: (user + system) / 1_000, loopMs: loopMs() - from.loopMs })
    this.#from = null
  }

  reset(): void {
    this.#hops.length = 0
  }

  /** One line a step, in order of their median moments; a step that comes n times in a hop has n lines. */
  report(): string {
    const moments = new Map<string, number[]>()
    for (const { steps } of this.#hops) {
      const times = new Map<string, number>()
      for (const { atMs, what } of steps) {
        const nth = (times.get(what) ?? 0) + 1
        times.set(what, nth)
        const name = nth === 1 ? what : `${what} (${nth})`
        moments.set(name, [...(moments.get(name) ?? []), atMs])
      }
    }
    const lines = [...moments]
      .filter(([, times]) => times.length > this.#hops.length / 2)
      .map(([name, times]) => ({ name, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }))
      .sort((a, b) => a.p50 - b.p50)
      .map(({ name, p50, p99 }) => `  ${p50.toFixed(1).padStart(7)} ${p99.toFixed(1).padStart(7)}  ${name}`)
    const middle = (pick: (hop: { cpuMs: number; loopMs: number }) => number): string =>
      percentile(this.#hops.map(pick), 0.5).toFixed(1)
    return [
      `${this.#hops.length} hops; a hop takes ${middle(({ cpuMs }) => cpuMs)} ms of processor, ${middle(({ loopMs }) => loopMs)} ms of the hosts' own thread`,
      '      p50     p99  ms after the word to freeze',
      ...lines,
    ].join('\n')
  }
}

const loopMs = (): number => performance.eventLoopUtilization().active

/** `who` stands before each step of this host: `from` and `to` change places with each hop, so it is asked each time. */
export function traced(options: Traced, trace: Trace, who: () => string): Traced {
  const note = (what: string): void => trace.note(`${who()}: ${what}`)
  return {
    sandbox: tracedSandbox(options.sandbox, note),
    store: tracedStore(options.store, note),
    signer: {
      ...options.signer,
      async sign(domain, payload) {
        note(`signs ${domain}…`)
        const signature = await options.signer.sign(domain, payload)
        note(`signed ${domain}`)
        return signature
      },
    },
    transport: async (age) => tracedTransport(await options.transport(age), note),
  }
}

function tracedSandbox(inner: Sandbox, note: (what: string) => void): Sandbox {
  return {
    spawn(order, onEvent) {
      note('spawns a guest')
      return inner.spawn(order, (event) => {
        if (event.kind === 'ready' || event.kind === 'frozen') note(`guest is ${event.kind}`)
        onEvent(event)
      })
    },
  }
}

function tracedStore(inner: Store, note: (what: string) => void): Store {
  return {
    read: (key) => inner.read(key),
    list: (prefix) => inner.list(prefix),
    close: () => inner.close(),
    async commit(writes) {
      const kind = writes[0]?.key.split('/')[0] ?? 'nothing'
      note(`commits ${kind}…`)
      await inner.commit(writes)
      note(`has committed ${kind}`)
    },
  }
}

function tracedTransport(inner: Transport, note: (what: string) => void): Transport {
  const channel = (one: Channel): Channel => {
    const out = frameNamer()
    const into = frameNamer()
    return {
      remoteAddress: one.remoteAddress,
      networkAddress: one.networkAddress,
      fingerprints: one.fingerprints,
      closed: one.closed,
      close: () => one.close(),
      send(frame) {
        const { first } = out(frame)
        if (first) note(`says ${first}`)
        return one.send(frame)
      },
      receive: (onFrame) =>
        one.receive((frame) => {
          const { last } = into(frame)
          if (last) note(`hears ${last}`)
          onFrame(frame)
        }),
    }
  }
  return {
    address: inner.address,
    dial: async (address) => channel(await inner.dial(address)),
    accept: (onChannel, standingOf) => inner.accept((one) => onChannel(channel(one)), standingOf),
    close: () => inner.close(),
  }
}

/** The name of the message that a frame begins, and of the one that it ends. */
function frameNamer(): (frame: Uint8Array) => { readonly first: string | null; readonly last: string | null } {
  let leftBytes = 0
  let name = ''
  return (frame) => {
    const begins = leftBytes === 0
    if (begins) {
      const announced = announcedBytes(frame)
      if (!announced.ok) return { first: null, last: null }
      leftBytes = announced.value
      name = nameOf(frame)
    }
    leftBytes = Math.max(0, leftBytes - frame.length)
    return { first: begins ? name : null, last: leftBytes === 0 ? name : null }
  }
}

function nameOf(frame: Uint8Array): string {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const kind = view.getUint8(3)
  const id = view.getUint16(52)
  if (kind === KIND_ASYNC) return asyncName(id) ?? '?'
  return `${requestName(id) ?? '?'}${kind === KIND_REPLY ? ' answered' : ''}`
}
