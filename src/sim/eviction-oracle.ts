import type { AgentId } from '../directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../host/events.ts'
import type { HostState, Resident } from '../host/state.ts'
import { EVICTED_MS, STOPPED_MS } from './limits.ts'
import type { Fail } from './oracles.ts'
import type { Life, SimHost } from './sim-host.ts'
import type { World } from './world.ts'

/**
 * An owner who wants his machine has it: within the bound no guest runs any more, whatever fails around it, and none begins
 * before he has left. Where nothing fails and others have room, what was here is safe elsewhere soon after. Until then it stands
 * here, frozen and durable.
 */
export class EvictionOracle {
  readonly #world: World
  readonly #fail: Fail
  /** By life, the guests that have been told to run and have not stood still since. */
  readonly #running = new Map<number, Set<AgentId>>()
  /** By life, how often its owner has come back. */
  readonly #returns = new Map<number, number>()
  /** When anything last was wrong with any host. */
  #troubledMs = 0

  constructor(world: World, fail: Fail) {
    this.#world = world
    this.#fail = fail
    this.#lookForTroubles()
  }

  #lookForTroubles(): void {
    const { hosts, time } = this.#world
    if (hosts.some(isTroubled)) this.#troubledMs = time.nowMs()
    time.after(LOOK_MS, () => this.#lookForTroubles())
  }

  look(host: SimHost, life: Life, event: HostEvent, effects: readonly HostEffect[], state: HostState): void {
    if (event.kind === 'restored' || event.kind === 'disconnected') this.#troubledMs = this.#world.nowMs()
    const running = this.#running.get(life.number)
    if (event.kind === 'frozen' || event.kind === 'finished' || event.kind === 'failed') running?.delete(event.agent)
    for (const effect of effects)
      if (effect.kind === 'terminate') running?.delete(effect.agent)
      else if (effect.kind === 'run') {
        if (state.evicting) this.#fail('eviction', `host ${host.number} runs ${effect.agent} while its owner is there`)
        this.#running.set(life.number, (running ?? new Set()).add(effect.agent))
      }
    if (event.kind === 'wish' && event.wish.kind === 'evict') this.#onReturn(host, life, state)
  }

  #onReturn(host: SimHost, life: Life, state: HostState): void {
    const { time, guests } = this.#world
    const nth = (this.#returns.get(life.number) ?? 0) + 1
    this.#returns.set(life.number, nth)
    const isStillThere = (): boolean => host.life === life && state.evicting && this.#returns.get(life.number) === nth
    const judgeStop = (wasLate: boolean): void => {
      if (!isStillThere()) return
      // Who sleeps uses no processor, and who looks at everything late stops late.
      const isLate = isSlow(life)
      if (isLate || wasLate) return void time.after(LATE_MS, () => judgeStop(isLate))
      for (const agent of this.#running.get(life.number) ?? [])
        this.#fail('eviction', `host ${host.number} still runs ${agent} after its owner has come back`)
    }
    const wasLate = isSlow(life)
    time.after(STOPPED_MS + guests.stopMs, () => judgeStop(wasLate))
    this.#awaitSafety(host, state, isStillThere)
  }

  #awaitSafety(host: SimHost, state: HostState, isStillThere: () => boolean): void {
    const { time, hosts } = this.#world
    const atMs = time.nowMs()
    const here = [...state.residents.values()].filter((resident) => isSettled(resident, state))
    const others = hosts.filter((other) => other !== host)
    const hasRoom = others.filter((other) => freeOn(other) > here.length).length >= ROOMY_HOSTS
    if (here.length === 0 || !hasRoom || atMs - this.#troubledMs < CALM_MS || others.some(isTroubled)) return
    const epochs = new Map(here.map(({ agent, epoch }) => [agent, epoch]))
    time.after(EVICTED_MS, () => {
      if (!isStillThere() || this.#troubledMs > atMs + LOOK_MS || others.some(isTroubled)) return
      for (const [agent, epoch] of epochs) {
        const now = state.residents.get(agent)
        // With the RELEASE the destination has it, verified and durable.
        if (now?.epoch === epoch && now.release === null && !now.ended)
          this.#fail('eviction', `host ${host.number} has ${agent} still, ${EVICTED_MS} ms after its owner came back`)
      }
    })
  }
}

const isSlow = ({ time }: Life): boolean => time.isAsleep || time.lagMs > 0

/** Owners who are there are no trouble: their hosts have no room. */
const isTroubled = ({ troubles, life }: SimHost): boolean =>
  !life?.host || life.time.isAsleep || troubles.size > (troubles.has('owner') ? 1 : 0)

/** A small one that was here for good until now, and not in the middle of becoming several. */
const isSettled = (
  { arrival, ended, departure, forking, stateBytes, agent, certificate }: Resident,
  state: HostState,
): boolean =>
  arrival === null &&
  certificate !== null &&
  !ended &&
  departure?.reason === 'evict' &&
  forking === null &&
  stateBytes < SMALL_BYTES_MAX &&
  !state.founding.has(agent)

const freeOn = ({ slots, life, ownerIsBack }: SimHost): number =>
  ownerIsBack ? 0 : slots - (life?.state?.residents.size ?? slots)

const LOOK_MS = 500
/** Nothing has been wrong for so long: sessions are up, and loads known. */
const CALM_MS = 10_000
/** A host looks at everything at most so late. */
const LATE_MS = 2_000
/** Hosts with room for all of them. */
const ROOMY_HOSTS = 2
/** DESIGN's bound is for a small agent. */
const SMALL_BYTES_MAX = 2 * 1_048_576
