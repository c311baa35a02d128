import type { Healing, Model } from './model.ts'
import { decidersOf, quorumOf } from './quorums.ts'
import type { State } from './vocabulary.ts'
import { isBare, isDead } from './witness-steps.ts'

/** May this holder's log still reach f + 1 of those who live? */
export function canGoOn(model: Model, state: State, i: number): boolean {
  const { epoch } = model.hosts.of(state.hosts[i] as number)
  const deciders = decidersOf(model, state, epoch + 1)
  let open = 0
  state.witnesses.forEach((id, at) => {
    const witness = model.witnesses.of(id)
    if ((!model.isSymmetric && !deciders.includes(String(at))) || isDead(witness)) return
    if (witness.k < epoch + 1 || (witness.k === epoch + 1 && isBare(witness))) open += 1
  })
  return open >= quorumOf(deciders)
}

/** The host that runs the newest epoch with its log open; -1 for none. */
export function holderOf(model: Model, state: State, healing: Healing): number {
  const newest = model.worlds.of(state.world).decided.length - 1
  for (let i = 0; i < state.hosts.length; i++) {
    if (healing.hosts.includes(String(i))) continue
    const host = model.hosts.of(state.hosts[i] as number)
    if (host.run !== null && host.frozenFor < 0 && host.epoch === newest && canGoOn(model, state, i)) return i
  }
  return -1
}

/** A holder runs, and nothing that was done is missing anywhere, and no place is kept for nobody. */
function isGoal(model: Model, state: State, healing: Healing): boolean {
  const { rules } = model
  if (holderOf(model, state, healing) < 0) return false
  const world = model.worlds.of(state.world)
  if (
    rules.reservations &&
    state.hosts.some((id, i) => !healing.hosts.includes(String(i)) && model.hosts.of(id).place !== 0)
  )
    return false
  if (rules.mail && !world.acknowledged) return false
  if (!rules.receiver) return true
  const { history } = model.values.of(world.decided.at(-1) as number)
  for (let n = 1; n <= history.length; n++) if (!world.taken.some((one) => one.startsWith(`${n}/`))) return false
  return true
}

/** What is in the air is lost. What a party has on disk it can say again; what the dead alone knew is gone. */
function healed(model: Model, state: State, healing: Healing): State {
  const world = model.worlds.of(state.world)
  const hosts = state.hosts.map((id, i) => {
    const host = model.hosts.of(id)
    return model.hosts.id({
      ...host,
      said: [],
      ballot: 0,
      early: null,
      ...(healing.hosts.includes(String(i))
        ? { run: null, images: [], release: -1, epoch: 1, value: model.first, frozenFor: -1, place: 0, started: 99 }
        : {}),
    })
  })
  const known = new Set<number>()
  state.hosts.forEach((id, i) => {
    if (!healing.hosts.includes(String(i))) known.add(model.hosts.of(id).epoch)
  })
  const votes = new Map<string, number>()
  const witnesses = state.witnesses.map((id, at) => {
    const witness = model.witnesses.of(id)
    if (healing.witnesses.includes(String(at))) return model.witnesses.id({ ...witness, ...DEAD })
    if (witness.k > 0) known.add(witness.k - 1)
    if (witness.votedAt < 0) return model.witnesses.id({ ...witness, said: [] })
    const { k: e, votedAt: b, votedFor: v } = witness
    const vote = `${e} ${b} ${v}`
    votes.set(vote, (votes.get(vote) ?? 0) + 1)
    return model.witnesses.id({ ...witness, said: [model.messages.id({ kind: 'vote', e, b, v })] })
  })
  for (const [vote, count] of votes) {
    const e = Number(vote.split(' ')[0])
    if (count >= quorumOf(decidersOf(model, state, e))) known.add(e)
  }
  const newest = Math.max(...known)
  const decided = world.decided.slice(0, newest + 1)
  const sent = world.sent.map(() => '').slice(0, newest + 1)
  return { world: model.worlds.id({ ...world, decided, sent, crashes: 0, losses: 0 }), hosts, witnesses }
}

/** Whichever it was, it is the same dead one. */
const DEAD = { k: -1, value: 0, promised: 0, votedAt: -1, votedFor: -1, log: '', hole: false, liar: false, said: [] }

const STATES_MAX = 60_000

const FIRST = [
  'RUN',
  'learns',
  'author',
  'acknowledged',
  'LOGGED',
  'checkpoint',
  'VOTE',
  'ACCEPT',
  'PROMISE',
  'PREPARE',
]

/** Can all be well again from here? Depth first, the most promising step first; what was found out is remembered. */
export class Healer {
  readonly #fate = new Map<string, boolean>()
  starts = 0

  readonly model: Model

  constructor(model: Model) {
    this.model = model
  }

  /** Null where the answer lies too far away. */
  heals(from: State, healing: Healing): boolean | null {
    const { model } = this
    const start = healed(model, from, healing)
    const prefix = `${healing.hosts}!`
    const first = prefix + model.keyOf(start)
    const known = this.#fate.get(first)
    if (known !== undefined) return known
    this.starts += 1
    const came = new Map<string, string | null>([[first, null]])
    const stack: [string, State][] = [[first, start]]
    while (stack.length > 0) {
      const [key, state] = stack.pop() as [string, State]
      if (this.#fate.get(key) || isGoal(model, state, healing)) {
        for (let at: string | null | undefined = key; at; at = came.get(at)) this.#fate.set(at, true)
        return true
      }
      const next: [number, string, State][] = []
      model.successors(state, healing, (label, to, violated) => {
        const toKey = prefix + model.keyOf(to)
        if (violated || came.has(toKey)) return
        const said = label()
        const rank = FIRST.findIndex((word) => said.includes(word))
        next.push([rank < 0 ? FIRST.length : rank, toKey, to])
        came.set(toKey, key)
      })
      next.sort((a, b) => b[0] - a[0])
      for (const [, toKey, to] of next) stack.push([toKey, to])
      if (came.size > STATES_MAX) return null
    }
    for (const key of came.keys()) this.#fate.set(key, false)
    return false
  }
}
