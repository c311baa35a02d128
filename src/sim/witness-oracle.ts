import type { AgentId } from '../directory/agent-id.ts'
import { registerKey } from '../host/records.ts'
import type { Register } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import type { Accepted, Ballot, Holding, Vote } from '../wire/statements.ts'
import { Book, ballotText, highest, isAbove, valueText } from './ballots.ts'
import type { Invariant } from './report.ts'
import type { Life, SimHost } from './sim-host.ts'

/**
 * What a witness has said binds it, over all its lives: an answer that has come to somebody was durable before; one that is on its
 * way binds the life that gave it. Whoever breaks its word is seen with the word, long before two majorities come of it.
 */
interface Word {
  promised: Ballot | null
  vote: { readonly ballot: Ballot; readonly holding: Holding } | null
}

interface Words {
  /** By others. */
  readonly heard: Word
  /** In this life. */
  said: Word
  life: number
  /** The highest ballot of all its lives that it may be bound by, though it was lost on its way to the disk. */
  most: Ballot | null
}

export class WitnessOracle {
  readonly #fail: (invariant: Invariant, text: string) => void
  readonly #words = new Book<Map<Did, Words>>(() => new Map())
  readonly #hosts = new Map<Did, SimHost>()

  constructor(fail: (invariant: Invariant, text: string) => void) {
    this.#fail = fail
  }

  onPromise(
    { identity }: SimHost,
    life: Life,
    agent: AgentId,
    epoch: number,
    ballot: Ballot,
    shown: Accepted | null,
  ): void {
    const words = this.#of(identity.did, agent, epoch, life)
    if (!words) return
    const bound = boundOf(words)
    const least = highest(bound.promised, bound.vote?.ballot ?? null)
    if (least && isAbove(least, ballot))
      this.#broken(identity.did, agent, epoch, `promises ${ballotText(ballot)} after ${ballotText(least)}`)
    if (bound.vote && (!shown || isAbove(bound.vote.ballot, shown.ballot)))
      this.#broken(
        identity.did,
        agent,
        epoch,
        `does not say with its promise that it voted at ${ballotText(bound.vote.ballot)}`,
      )
    words.said.promised = highest(words.said.promised, ballot)
    words.most = highest(words.most, ballot)
  }

  onVote({ identity }: SimHost, life: Life, { agent, epoch, ballot, holding }: Vote): void {
    const words = this.#of(identity.did, agent, epoch, life)
    if (!words) return
    const { promised, vote } = boundOf(words)
    const least = highest(promised, vote?.ballot ?? null)
    if (least && isAbove(least, ballot))
      this.#broken(identity.did, agent, epoch, `votes at ${ballotText(ballot)} after ${ballotText(least)}`)
    if (vote && isSame(vote.ballot, ballot) && valueText(vote.holding) !== valueText(holding))
      this.#broken(identity.did, agent, epoch, `votes for two values at ${ballotText(ballot)}`)
    if (!vote || isAbove(ballot, vote.ballot)) words.said.vote = { ballot, holding }
    words.most = highest(words.most, ballot)
  }

  /** It says that it has promised more to somebody else. */
  onOutbid({ identity }: SimHost, life: Life, agent: AgentId, epoch: number, ballot: Ballot): void {
    const words = this.#of(identity.did, agent, epoch, life)
    if (words && !(words.most && isAbove(words.most, ballot)))
      this.#broken(identity.did, agent, epoch, `is bound by more than ${ballotText(ballot)}, and has promised nothing`)
  }

  onPromiseHeard(from: Did, agent: AgentId, epoch: number, ballot: Ballot): void {
    const words = this.#of(from, agent, epoch, null)
    if (!words) return
    words.heard.promised = highest(words.heard.promised, ballot)
    this.#inspect(from, agent, epoch, words)
  }

  onVoteHeard(from: Did, { agent, epoch, ballot, holding }: Vote): void {
    const words = this.#of(from, agent, epoch, null)
    if (!words) return
    const { vote } = words.heard
    if (!vote || isAbove(ballot, vote.ballot)) words.heard.vote = { ballot, holding }
    this.#inspect(from, agent, epoch, words)
  }

  /** A life begins with what the one before has left it. */
  onRestored(host: SimHost, registers: Iterable<Register>): void {
    const { did } = host.identity
    this.#hosts.set(did, host)
    for (const register of registers) {
      const words = this.#words.of(register.agent, register.epoch + 1)?.get(did)
      if (words) this.#compare(did, register, register.epoch + 1, words, 'knows, started again,')
      if (this.#words.after(register.agent, register.epoch + 1).some((later) => isHeard(later.get(did))))
        this.#fail(
          'epochs-grow',
          `${did} has voted about ${register.agent} later than in epoch ${register.epoch + 1}, and is back there`,
        )
    }
  }

  /** What was heard of it is on its disk, and in its mind as long as it lives. */
  #inspect(did: Did, agent: AgentId, epoch: number, words: Words): void {
    const host = this.#hosts.get(did)
    if (host?.identity.did !== did) return
    const kept = host.disk.durable(registerKey(agent)) as Register | null
    if (kept) this.#compare(did, kept, epoch, words, 'has on its disk')
    const known = host.life?.state?.registers.get(agent)
    if (known) this.#compare(did, known, epoch, words, 'knows')
  }

  #compare(
    did: Did,
    { agent, epoch: decided, promised, accepted }: Register,
    epoch: number,
    { heard }: Words,
    has: string,
  ): void {
    if (decided >= epoch) return
    const least = highest(heard.promised, heard.vote?.ballot ?? null)
    if (least && (!promised || isAbove(least, promised)))
      this.#broken(
        did,
        agent,
        epoch,
        `${has} a promise of ${promised && ballotText(promised)}, and has said ${ballotText(least)}`,
      )
    if (heard.vote && (!accepted || isAbove(heard.vote.ballot, accepted.ballot)))
      this.#broken(
        did,
        agent,
        epoch,
        `${has} a vote at ${accepted && ballotText(accepted.ballot)}, and has voted at ${ballotText(heard.vote.ballot)}`,
      )
  }

  #of(did: Did, agent: AgentId, epoch: number, life: Life | null): Words | null {
    const all = this.#words.of(agent, epoch)
    if (!all) return null
    let words = all.get(did)
    if (!words) {
      words = { heard: nothing(), said: nothing(), life: 0, most: null }
      all.set(did, words)
    }
    if (life && words.life !== life.number) Object.assign(words, { life: life.number, said: nothing() })
    return words
  }

  #broken(did: Did, agent: AgentId, epoch: number, text: string): void {
    this.#fail('promise-kept', `epoch ${epoch} of ${agent}: witness ${did} ${text}`)
  }
}

const nothing = (): Word => ({ promised: null, vote: null })

const isSame = (a: Ballot, b: Ballot): boolean => !isAbove(a, b) && !isAbove(b, a)

const isHeard = (words: Words | undefined): boolean =>
  words !== undefined && (words.heard.promised ?? words.heard.vote) !== null

/** What it may not fall behind any more. */
function boundOf({ heard, said }: Words): Word {
  const isSaidHigher = said.vote && (!heard.vote || isAbove(said.vote.ballot, heard.vote.ballot))
  return { promised: highest(heard.promised, said.promised), vote: isSaidHigher ? said.vote : heard.vote }
}
