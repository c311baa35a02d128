import { canGoOn, holderOf } from './healing.ts'
import { isRunning, nameOf } from './host-steps.ts'
import type { Healing, Model } from './model.ts'
import { decidersOf, quorumOf } from './quorums.ts'
import { type HostParty, type Message, type State, saying } from './vocabulary.ts'

/** PREPARE: who may propose the next epoch does, under the lowest ballot that nobody has used. */
export function propose(
  model: Model,
  state: State,
  i: number,
  healing: Healing | null,
  visit: (label: () => string, next: HostParty) => void,
): void {
  const { rules } = model
  const host = model.hosts.of(state.hosts[i] as number)
  const e = host.epoch + 1
  if (!(healing || rules.proposers.includes(i)) || e > rules.epochs + (healing ? rules.healEpochs : 0)) return
  const mayChange = rules.changes.length > 0 && isRunning(host) && model.values.of(host.value).next === rules.founders
  const isCutOff = healing !== null && isRunning(host) && !canGoOn(model, state, i)
  const mayPropose = host.run === null || host.release >= 0 || isCutOff || mayChange
  // A lease that is renewed lets nobody propose.
  if (!mayPropose || (healing && holderOf(model, state, healing) >= 0)) return
  if (rules.leaseRevalidated && !healing && state.hosts.some((id) => isRunning(model.hosts.of(id)))) return
  let b = 1
  for (const id of state.hosts)
    for (const one of model.hosts.of(id).said) {
      const message = model.messages.of(one)
      if (message.kind === 'prepare' && message.e === e) b = Math.max(b, message.b + 1)
    }
  if (healing)
    for (const id of state.witnesses) {
      const witness = model.witnesses.of(id)
      if (witness.k === e) b = Math.max(b, witness.promised + 1)
    }
  if (b > rules.ballots + (healing ? rules.healBallots : 0)) return
  const said = saying(host.said, model.messages.id({ kind: 'prepare', e, b }))
  const early = rules.valueAfterPromises ? null : (host.run ?? model.values.of(host.value).history)
  visit(() => `${nameOf(i)} PREPARE(${e}, ballot ${b})`, {
    ...host,
    ballot: b,
    early,
    run: isCutOff ? null : host.run,
    said,
  })
}

/** ACCEPT: with f + 1 promises, the highest value that was voted for is repeated; where there is none, a proposer's own is free. */
export function settleProposals(
  model: Model,
  state: State,
  healing: Healing | null,
  visit: (label: () => string, next: State) => void,
): void {
  const { rules } = model
  for (let i = 0; i < state.hosts.length; i++) {
    const host = model.hosts.of(state.hosts[i] as number)
    if (host.ballot === 0 || healing?.hosts.includes(String(i))) continue
    const e = host.epoch + 1
    const b = host.ballot
    for (const promises of promisesFor(model, state, e, b)) {
      const { history, next } = model.values.of(host.value)
      let seen: Promise | null = null
      for (const promise of promises) if (promise.vb >= 0 && (!seen || promise.vb > seen.vb)) seen = promise
      if (seen && rules.repeatsSeen) {
        visitAccept(model, state, i, host, e, b, seen.v, visit)
        continue
      }
      let x: string | null = host.images.includes(history) ? history : null
      if (rules.readsQuorumLog)
        for (const { x: log } of promises)
          if ((!rules.logContainsCertified || log.startsWith(history)) && (x === null || log.length > x.length)) x = log
      if (host.early !== null) x = host.early
      if (x === null) continue
      const isChange = rules.changes.length > 0 && next === rules.founders
      const holders = new Set([rules.repair && isChange && !healing ? model.values.of(host.value).holder : i, i])
      for (const holder of holders) {
        // A holder that is to stop for its proposal of itself has stopped; who goes on proposes itself under other witnesses.
        const sets = isChange ? (isRunning(host) || holder !== i ? rules.changes : [next, ...rules.changes]) : [next]
        for (const set of sets) {
          if (enrolsFirst(model, state, i, host, set, x, visit)) continue
          visitAccept(model, state, i, host, e, b, model.values.id({ holder, history: x, next: set }), visit)
        }
      }
    }
  }
}

type Promise = Extract<Message, { kind: 'promise' }>

/** Every quorum of promises, as sets of what was promised. */
function promisesFor(model: Model, state: State, e: number, b: number): Promise[][] {
  const deciders = decidersOf(model, state, e)
  const given: Promise[] = []
  state.witnesses.forEach((id, at) => {
    if (!model.isSymmetric && model.rules.decidedBy === 'current' && !deciders.includes(String(at))) return
    for (const one of model.witnesses.of(id).said) {
      const message = model.messages.of(one)
      if (message.kind === 'promise' && message.e === e && message.b === b) given.push(message)
    }
  })
  const size = quorumOf(deciders)
  if (given.length < size) return []
  if (size === 1) return given.map((one) => [one])
  const quorums: Promise[][] = []
  for (let a = 0; a < given.length; a++)
    for (let c = a + 1; c < given.length; c++) quorums.push([given[a] as Promise, given[c] as Promise])
  return quorums
}

/** Those who are to be witnesses have the agent's file and its history before they are decided in. */
function enrolsFirst(
  model: Model,
  state: State,
  i: number,
  host: HostParty,
  set: string,
  x: string,
  visit: (label: () => string, next: State) => void,
): boolean {
  const { rules } = model
  const isMissing = [...set].some((digit) => {
    const witness = model.witnesses.of(state.witnesses[Number(digit)] as number)
    if (model.values.of(host.value).next.includes(digit)) return false
    return witness.k === 0 || (rules.enrolsWithState && !witness.log.startsWith(x))
  })
  if (!isMissing) return false
  const message = model.messages.id({ kind: 'enrol', e: host.epoch, x: rules.enrolsWithState ? x : '', v: host.value })
  const said = saying(host.said, message)
  if (said === host.said) return true
  const hosts = [...state.hosts]
  hosts[i] = model.hosts.id({ ...host, said })
  visit(() => `${nameOf(i)} ENROL ${set}${rules.enrolsWithState ? ` with '${x}'` : ''}`, { ...state, hosts })
  return true
}

function visitAccept(
  model: Model,
  state: State,
  i: number,
  host: HostParty,
  e: number,
  b: number,
  v: number,
  visit: (label: () => string, next: State) => void,
): void {
  const { holder, history, next } = model.values.of(v)
  const said = saying(host.said, model.messages.id({ kind: 'accept', e, b, v }))
  const images = holder === i && !host.images.includes(history) ? [...host.images, history].sort() : host.images
  const hosts = [...state.hosts]
  hosts[i] = model.hosts.id({ ...host, ballot: 0, early: null, images, said })
  // The value of this ballot is fixed: its promises say nothing more to anybody.
  const witnesses = state.witnesses.map((id) => {
    if (model.rules.liar) return id
    const witness = model.witnesses.of(id)
    const left = witness.said.filter((one) => {
      const message = model.messages.of(one)
      return message.kind !== 'promise' || message.e !== e || message.b !== b
    })
    return left.length === witness.said.length ? id : model.witnesses.id({ ...witness, said: left })
  })
  visit(
    () =>
      `${nameOf(i)} ACCEPT(${e}, ballot ${b}: ${nameOf(holder)}, '${history}'${model.rules.changes.length ? `, witnesses ${next}` : ''})`,
    { ...state, hosts, witnesses },
  )
}
