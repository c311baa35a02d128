import type { Book } from './host-steps.ts'
import { type Message, saying, type WitnessParty } from './vocabulary.ts'

export type WitnessStep = readonly [label: string, witness: WitnessParty]

/** Nothing promised and nothing voted for: the log is open. */
export const isBare = (witness: WitnessParty): boolean => witness.promised === 0 && witness.votedAt < 0

/** For good, in a healed world. */
export const isDead = (witness: WitnessParty): boolean => witness.k < 0

const isMember = ({ rules, values }: Book, witness: WitnessParty): boolean =>
  rules.changes.length === 0 || values.of(witness.value).next.includes(String(witness.index))

export function witnessReceives(book: Book, witness: WitnessParty, message: Message): WitnessStep | null {
  const { rules, values, messages } = book
  const say = (said: Message) => saying(witness.said, messages.id(said))
  const lies = (lie: typeof rules.liar) => witness.liar && rules.liar === lie
  switch (message.kind) {
    case 'prepare': {
      if (message.e !== witness.k || message.b <= witness.promised || !decides(book, witness, null)) return null
      const hides = lies('hides')
      const said = say({
        kind: 'promise',
        e: message.e,
        b: message.b,
        vb: hides ? -1 : witness.votedAt,
        v: hides ? -1 : witness.votedFor,
        x: witness.hole ? '' : witness.log,
      })
      return [
        `PROMISE(${message.e}, ballot ${message.b})${hides ? ', and hides its vote' : ''}`,
        { ...witness, promised: message.b, said },
      ]
    }
    case 'accept': {
      const { e, b, v } = message
      if (e !== witness.k || !decides(book, witness, v)) return null
      const said = say({ kind: 'vote', e, b, v })
      const { holder, history, next } = values.of(v)
      const label = `VOTE(${e}, ballot ${b}: host ${holder}, '${history}'${rules.changes.length ? `, ${next}` : ''})`
      if (lies('twice')) return said === witness.said ? null : [`${label}, whatever it promised`, { ...witness, said }]
      if (b < witness.promised || b <= witness.votedAt) return null
      const log = rules.exactLogs && history.startsWith(witness.log) ? history : witness.log
      return [label, { ...witness, promised: b, votedAt: b, votedFor: v, log, said }]
    }
    case 'log': {
      const { e, x, cut } = message
      const said = say({ kind: 'logged', e, x })
      if (lies('logged')) return said === witness.said ? null : [`says that it has logged '${x}'`, { ...witness, said }]
      if (rules.logFence ? e !== witness.k - 1 || !isBare(witness) : e > witness.k || witness.k <= 0) return null
      if (witness.hole || witness.log.length < cut || !x.startsWith(witness.log)) return null
      if (said === witness.said && x === witness.log) return null
      return [`LOGGED(${e}, '${x}')`, { ...witness, log: x, said }]
    }
    case 'checkpoint': {
      const { e, x } = message
      if (rules.baseFence ? e !== witness.k - 1 || !isBare(witness) : e > witness.k || witness.k <= 0) return null
      // A witness that cuts on a checkpoint's name alone: what it had is gone, what it shall have is not there.
      if (!rules.cutsForWhole && !witness.hole && x !== '')
        return [`cuts its log for checkpoint '${x}' that it has not`, { ...witness, log: '', hole: true }]
      const log = witness.log.startsWith(x) && !witness.hole ? witness.log : x
      const said = say({ kind: 'logged', e, x })
      if (log === witness.log && said === witness.said && !witness.hole) return null
      return [`has checkpoint '${x}' of epoch ${e}`, { ...witness, log, hole: false, said }]
    }
    case 'enrol': {
      const { e, x, v } = message
      if (isMember(book, witness) && witness.k > 0) return null
      if (witness.k > e + 1 || (witness.k === e + 1 && witness.log.length >= x.length)) return null
      return [`is enrolled with '${x}'`, { ...witness, k: e + 1, value: v, log: x }]
    }
    default:
      return null
  }
}

/** May this one decide its epoch? By the value before it or, broken, by the value that is to be decided. */
function decides(book: Book, witness: WitnessParty, v: number | null): boolean {
  if (witness.k <= 0) return false
  if (book.rules.decidedBy === 'current') return isMember(book, witness)
  if (v === null) return true
  return book.values.of(v).next.includes(String(witness.index))
}

/** A decision becomes known here: the next epoch begins, and what was not decided is cut off. */
export function witnessLearns(book: Book, witness: WitnessParty, epoch: number, value: number): WitnessParty | null {
  const { rules, values } = book
  if (witness.k <= 0 || epoch < witness.k) return null
  if (!rules.catchUp && witness.votedFor !== value) return null
  const { history } = values.of(value)
  const hasVoted = rules.voteHasState && witness.votedFor === value
  // Of a decision it knows length and hash: a log that contains it is cut there, any other is left as it is, and told apart later.
  const isLong = hasVoted || (witness.log.startsWith(history) && !witness.hole)
  // In the code who has missed a decision keeps of such a log its base alone.
  const isKept = !rules.exactLogs || (epoch === witness.k && history.startsWith(witness.log))
  const log = isLong ? history : isKept ? witness.log : ''
  return {
    ...witness,
    k: epoch + 1,
    value,
    promised: 0,
    votedAt: -1,
    votedFor: -1,
    log,
    hole: witness.hole && !hasVoted,
  }
}

/** What a witness loses whose store was not synced, or that lies about having lost it. */
export function loses({ rules }: Book, witness: WitnessParty, first: number): WitnessParty | null {
  if (rules.liar === 'forgets' ? witness.liar : rules.witnessLoses === 'everything')
    return { ...witness, k: 2, value: first, promised: 0, votedAt: -1, votedFor: -1, log: '', hole: false }
  if (rules.witnessLoses === 'promise' && witness.promised > Math.max(0, witness.votedAt))
    return { ...witness, promised: Math.max(0, witness.votedAt) }
  if (rules.witnessLoses === 'vote' && witness.votedAt >= 0) return { ...witness, votedAt: -1, votedFor: -1 }
  return null
}
