import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../host/events.ts'
import { endOf, headAt, type Log } from '../host/history.ts'
import { hasEnded } from '../host/logbook.ts'
import type { HostState, Resident } from '../host/state.ts'
import { majorityOf } from './ballots.ts'
import type { Ask, Asked, Sight, Step } from './step.ts'
import { isDenied } from './step.ts'

/** What leaves the host that holds an agent, and what that host still has. */
export class HolderOracles {
  readonly #sight: Sight
  /** By life and agent, the checkpoint that was taken last, and what was said before it and is not acknowledged. */
  readonly #taken = new Map<
    string,
    { readonly checkpoint: Cid; readonly before: readonly Resident['effects'][number][] }
  >()
  /** By life and handle, how much of its recipient's history has a letter in it. */
  readonly #letters = new Map<string, number>()
  /** By recipient and sender, the newest letter that was acknowledged. */
  readonly #had = new Map<AgentId, Map<AgentId, { readonly epoch: number; readonly number: number }>>()

  constructor(sight: Sight) {
    this.#sight = sight
  }

  onFrozen({ life, state }: Step, { agent, checkpoint }: Extract<HostEvent, { kind: 'frozen' }>): void {
    const effects = state.residents.get(agent)?.effects ?? []
    const name = `${life.number} ${agent}`
    if (effects.length > 0) this.#taken.set(name, { checkpoint, before: [...effects] })
    else this.#taken.delete(name)
  }

  onAsked(step: Step, asked: Asked): void {
    if (asked.name !== 'mail' || isDenied(step, asked)) return
    const history = step.state.residents.get(asked.body.letter.to)?.history
    if (history) this.#letters.set(`${step.life.number} ${asked.handle}`, endOf(history.log).length)
  }

  onAsk({ life, state }: Step, ask: Ask): void {
    if (ask.name === 'effect') {
      const { agent, kind, number, after, stretch } = ask.body
      const isBrought = stretch !== null && stretch.from + stretch.pieces.length >= after
      const resident = state.residents.get(agent)
      if (resident && !isBrought && !this.#isLogged(resident, after))
        this.#sight.fail(
          'logged-first',
          `${kind} ${number} of ${agent} leaves before the ${after} pieces that it comes of`,
        )
    } else if (ask.name === 'mail') {
      const { from, to, number } = ask.body.letter
      const resident = state.residents.get(from)
      const letter = resident?.outgoing.find(({ request }) => request === number)
      if (resident && letter && !this.#isLogged(resident, letter.after))
        this.#sight.fail(
          'logged-first',
          `letter ${number} of ${from} to ${to} leaves before the ${letter.after} pieces that it comes of`,
        )
    } else if (ask.name === 'checkpoint') {
      const { agent, checkpoint } = ask.body
      const taken = this.#taken.get(`${life.number} ${agent}`)
      if (taken?.checkpoint !== checkpoint) return
      const effects = state.residents.get(agent)?.effects ?? []
      const missing = taken.before.find((effect) => effects.includes(effect))
      if (missing)
        this.#sight.fail(
          'effects-first',
          `checkpoint ${checkpoint} of ${agent} goes home before ${missing.kind} ${missing.number}, which it has behind it`,
        )
    }
  }

  /** A letter to a durable agent is acknowledged. */
  onAnswer({ life, state }: Step, asked: Asked): void {
    if (asked.name !== 'mail') return
    const name = `${life.number} ${asked.handle}`
    const after = this.#letters.get(name)
    this.#letters.delete(name)
    const { to, from, number } = asked.body.letter
    const resident = state.residents.get(to)
    if (after === undefined || !resident?.history) return
    if (!this.#isLogged(resident, after))
      this.#sight.fail(
        'logged-first',
        `letter ${number} of ${from} is acknowledged before ${to} has it logged as piece ${after}`,
      )
    const had = this.#had.get(to) ?? new Map()
    this.#had.set(to, had)
    if ((had.get(from)?.number ?? 0) < number) had.set(from, { epoch: resident.epoch, number })
  }

  /** Wherever it goes on, it knows again what was acknowledged for it. */
  onRun({ state }: Step, agent: AgentId): void {
    const resident = state.residents.get(agent)
    const had = this.#had.get(agent)
    if (!resident?.history || !had) return
    for (const [sender, { epoch, number }] of had) {
      const known = resident.mailbox.marks.get(sender)?.recent.at(-1)?.number ?? 0
      if (epoch <= resident.epoch && known < number)
        this.#sight.fail(
          'letters-once',
          `${agent} goes on in epoch ${resident.epoch} and knows letters of ${sender} up to ${known}, not ${number}`,
        )
    }
  }

  onForget({ state }: Step, { agent, keep }: Extract<HostEffect, { kind: 'forget' }>): void {
    const resident = state.residents.get(agent)
    if (!resident || resident.ended || resident.arrival || hasEnded(state, agent)) return
    if (resident.checkpoint !== null && resident.checkpoint !== keep)
      this.#sight.fail(
        'copies',
        `who holds ${agent} in epoch ${resident.epoch} lets go of its checkpoint ${resident.checkpoint}`,
      )
  }

  /** So much of its history is with a majority of its witnesses, or was; of what somebody else goes on with already, nothing is asked. */
  #isLogged({ agent, epoch, brief, history }: Resident, length: number): boolean {
    if (!history || epoch < this.#sight.newestOf(agent)) return true
    const having = brief.witnesses.filter((host) => {
      const state = this.#sight.stateOf(host)
      return state !== undefined && hasLogged(state, agent, history.log, length)
    })
    return having.length >= majorityOf(brief.witnesses.length)
  }
}

/** The same pieces, not only as many: a checkpoint that is further on than the holder is of another past. */
function hasLogged(state: HostState, agent: AgentId, wanted: Log, length: number): boolean {
  if (hasEnded(state, agent)) return true
  const log = state.logs.get(agent)?.log
  if (!log) return false
  const at = Math.max(length, wanted.base.length, log.base.length)
  const head = headAt(wanted, at)
  return head !== undefined && head === headAt(log, at)
}
