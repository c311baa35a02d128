import { setTimeout as pause } from 'node:timers/promises'
import { integerBelow, type Random, uniform } from '../base/random.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { DISTURBED_WORKERS_MAX, FAULT_GAP_MS, FAULT_MS } from './limits.ts'
import type { Edge, RendezvousProcess } from './processes.ts'
import type { SmallDisk } from './small-disk.ts'
import type { Tab } from './tabs.ts'

/** What goes wrong in a soak, drawn from a seed: one fault after the other, each with an end, several at a time. */
export type FaultKind = keyof typeof FAULT_MS
export const FAULT_KINDS = Object.keys(FAULT_MS) as readonly FaultKind[]

/** Of these the process or page is gone, without a word to anybody. */
export const KILLS: readonly FaultKind[] = [
  'edge-kill',
  'home-kill',
  'home-gone',
  'rendezvous-kill',
  'tab-crash',
  'tab-close',
  'disk-full',
]

export interface Happening {
  readonly kind: FaultKind
  readonly target: string
  readonly atMs: number
  /** The host that was hit, and what it was believed to hold; null for the rendezvous. */
  readonly host: Did | null
  readonly held: readonly AgentId[]
  /** When it was there again. */
  healedMs: number | null
}

export interface Field {
  readonly rendezvous: RendezvousProcess
  readonly homes: readonly Edge[]
  readonly edges: readonly Edge[]
  readonly tabs: readonly Tab[]
  /** The disk of one of the edge workers; null where there is none. */
  readonly disk: { readonly edge: Edge; readonly disk: SmallDisk } | null
  didOfTab(tab: Tab): Did | null
  heldBy(host: Did): readonly AgentId[]
  say(line: string): void
}

type Act = {
  readonly target: { readonly name: string }
  readonly host: Did | null
  begin(): Promise<void>
  end(): Promise<void>
}

export class Faults {
  readonly happenings: Happening[] = []
  readonly #field: Field
  readonly #wait: typeof waitFor
  readonly #random: Random
  readonly #kinds: readonly FaultKind[]
  readonly #disturbed = new Set<object>()
  readonly #under = new Set<Promise<void>>()

  /** `wait` ends early when the signal says so. */
  constructor(field: Field, random: Random, kinds: readonly FaultKind[], wait: typeof waitFor = waitFor) {
    this.#wait = wait
    this.#field = field
    this.#random = random
    this.#kinds = kinds
  }

  isDisturbed = (target: object): boolean => this.#disturbed.has(target)

  /** One fault after the other until told to stop, then waits until the last of them is over. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#wait(this.#between(FAULT_GAP_MS), signal)
      if (signal.aborted) break
      this.#next(signal)
    }
    await Promise.all(this.#under)
  }

  #next(signal: AbortSignal): void {
    const kind = this.#pick(this.#kinds)
    const act = kind && this.#actOf(kind)
    if (!kind || !act) return
    const under = this.#perform(kind, act, signal).catch((error: unknown) =>
      this.#field.say(
        `${kind} of ${act.target.name} did not go as it should: ${error instanceof Error ? error.message : error}`,
      ),
    )
    this.#under.add(under)
    void under.then(() => this.#under.delete(under))
  }

  async #perform(kind: FaultKind, act: Act, signal: AbortSignal): Promise<void> {
    const { target, host } = act
    const lastsMs = this.#between(FAULT_MS[kind])
    this.#disturbed.add(target)
    const held = host ? this.#field.heldBy(host) : []
    const happening: Happening = { kind, target: target.name, atMs: Date.now(), host, held, healedMs: null }
    this.happenings.push(happening)
    this.#field.say(`${kind}: ${target.name}, for ${(lastsMs / 1000).toFixed(1)} s, with ${held.length} agents`)
    try {
      await act.begin()
      await this.#wait(lastsMs, signal)
    } finally {
      await untilItWorks(() => act.end())
      happening.healedMs = Date.now()
      this.#disturbed.delete(target)
    }
  }

  #actOf(kind: FaultKind): Act | null {
    const { rendezvous, homes, edges, tabs, disk } = this.#field
    const killed = (edge: Edge | null): Act | null =>
      edge && { target: edge, host: edge.did, begin: () => edge.kill(), end: () => edge.start() }
    switch (kind) {
      case 'edge-kill':
        return killed(this.#worker(edges))
      case 'home-kill':
      case 'home-gone':
        // One at a time: the others go on launching.
        return homes.some(this.isDisturbed) ? null : killed(this.#pick(homes))
      case 'edge-stop': {
        const edge = this.#worker(edges)
        return (
          edge && {
            target: edge,
            host: edge.did,
            begin: async () => void edge.stop(),
            end: async () => void edge.goOn(),
          }
        )
      }
      case 'disk-full': {
        if (!disk || !this.#isFree(disk.edge)) return null
        const { edge } = disk
        return {
          target: edge,
          host: edge.did,
          begin: () => disk.disk.fill(),
          // Its owner makes room and starts it again: until then it takes no agents.
          end: async () => {
            disk.disk.free()
            await edge.kill()
            await edge.start()
          },
        }
      }
      case 'rendezvous-kill':
        return this.isDisturbed(rendezvous)
          ? null
          : { target: rendezvous, host: null, begin: () => rendezvous.kill(), end: () => rendezvous.start() }
      case 'tab-freeze': {
        const tab = this.#worker(tabs)
        return tab && { target: tab, host: this.#field.didOfTab(tab), begin: () => tab.freeze(), end: () => tab.thaw() }
      }
      case 'tab-crash':
      case 'tab-close': {
        const tab = this.#worker(tabs)
        const begin = (): Promise<void> => (kind === 'tab-crash' ? tab?.crash() : tab?.close()) ?? Promise.resolve()
        return tab && { target: tab, host: this.#field.didOfTab(tab), begin, end: () => tab.open() }
      }
    }
  }

  /** One that is not disturbed, as long as enough of the others are left to go on with the work. */
  #worker<W extends Edge | Tab>(workers: readonly W[]): W | null {
    return this.#pick(workers.filter((worker) => this.#isFree(worker)))
  }

  #isFree(worker: Edge | Tab): boolean {
    const { edges, tabs } = this.#field
    const disturbed = [...edges, ...tabs].filter(this.isDisturbed).length
    return disturbed < DISTURBED_WORKERS_MAX && !this.isDisturbed(worker)
  }

  #pick = <T>(these: readonly T[]): T | null => these[integerBelow(this.#random, these.length)] ?? null

  #between = ({ from, to }: { readonly from: number; readonly to: number }): number =>
    from + uniform(this.#random) * (to - from)
}

const waitFor = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined)

/** What starts while the rendezvous is away fails, and is started again. */
async function untilItWorks(act: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await act()
    } catch (error) {
      if (tries >= 60) throw error
      await pause(1_000)
    }
  }
}
