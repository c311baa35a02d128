import { isRunning } from './host-steps.ts'
import type { Healing, Model } from './model.ts'
import { isLogged } from './quorums.ts'
import { type History, type HostParty, isConsistent, type State } from './vocabulary.ts'

/** What must hold, asked where it could first be broken: where something is decided, leaves, or is taken by the author. */
export interface Outcome {
  readonly state: State
  readonly violated: string | null
}

/** A value is decided for an epoch. */
export function decide(model: Model, state: State, e: number, v: number): Outcome {
  const world = model.worlds.of(state.world)
  const known = world.decided[e] ?? -1
  if (known === v) return { state, violated: null }
  if (known >= 0) return { state, violated: 'TWO-CERTIFICATES-IN-ONE-EPOCH' }
  const decided = [...world.decided]
  const sent = [...world.sent]
  while (decided.length <= e) {
    decided.push(-1)
    sent.push('')
  }
  decided[e] = v
  const { history } = model.values.of(v)
  let violated: string | null = null
  decided.forEach((other, f) => {
    if (other < 0 || f === e) return
    const theirs = model.values.of(other).history
    if (f < e ? !history.startsWith(theirs) : !theirs.startsWith(history)) violated = 'CERTIFIED-STATE-LOST'
  })
  sent.forEach((x, f) => {
    if (f < e ? !history.startsWith(x) : !isConsistent(history, x)) violated ??= 'EFFECT-NOT-IN-HISTORY'
  })
  if (world.acknowledged && e === decided.length - 1 && !history.includes('m')) violated ??= 'MESSAGE-LOST'
  return { state: { ...state, world: model.worlds.id({ ...world, decided, sent }) }, violated }
}

/** The effects of this history may leave under this epoch. */
export function send(model: Model, state: State, e: number, x: History): Outcome {
  const world = model.worlds.of(state.world)
  const before = world.sent[e] ?? ''
  if (before.startsWith(x)) return { state, violated: null }
  const sent = [...world.sent]
  while (sent.length <= e) sent.push('')
  const violated =
    !world.sent.every((y) => isConsistent(x, y)) ||
    world.decided.some((v, f) => v >= 0 && f > e && !model.values.of(v).history.startsWith(x))
  sent[e] = x
  return {
    state: { ...state, world: model.worlds.id({ ...world, sent }) },
    violated: violated ? 'EFFECT-NOT-IN-HISTORY' : null,
  }
}

/** The author's side, and the outside host that sends the agent a message. */
export function take(
  model: Model,
  state: State,
  healing: Healing | null,
  visit: (label: () => string, next: State, violated: string | null) => void,
): void {
  const { rules } = model
  const world = model.worlds.of(state.world)
  if (rules.mail && !world.acknowledged) acknowledge(model, state, healing, visit)
  if (!rules.receiver) return
  const effects = new Set<string>()
  world.sent.forEach((x, e) => {
    // What an epoch begins with was done in epochs before, and is sent again or not.
    const begins = model.values.of(world.decided[e] as number)?.history.length ?? 0
    for (let n = begins + 1; n <= x.length; n++) effects.add(`${e}/${x.slice(0, n)}`)
  })
  state.hosts.forEach((id, i) => {
    const host = model.hosts.of(id)
    if (!rules.resend || host.run === null || healing?.hosts.includes(String(i))) return
    const { history } = model.values.of(host.value)
    for (let n = 1; n <= history.length; n++) effects.add(`${host.epoch}/${history.slice(0, n)}`)
  })
  for (const effect of effects) {
    const [epoch, x = ''] = effect.split('/')
    const e = Number(epoch)
    if (rules.receiverFence && e < world.highest) continue
    const key = rules.dedupe === 'number' ? `${x.length}/` : `${x.length}/${e}`
    const numbered = world.taken.filter((one) => one.startsWith(`${x.length}/`))
    const isKnown = world.taken.some((one) => one.startsWith(`${key}:`))
    if (isKnown && e <= world.highest) continue
    const taken = isKnown ? world.taken : [...world.taken, `${key}:${x}`].sort()
    const violated = isKnown
      ? null
      : numbered.length > 0
        ? 'EFFECT-TAKEN-TWICE'
        : world.taken.some((one) => !isConsistent(one.slice(one.indexOf(':') + 1), x))
          ? 'MIXED-HISTORY'
          : null
    const next = { ...state, world: model.worlds.id({ ...world, taken, highest: Math.max(world.highest, e) }) }
    visit(() => `author takes effect ${x.length} = '${x}' of epoch ${e}`, next, violated)
  }
}

/** The message is acknowledged by the host that it was sent to, when f + 1 have its arrival; a host that has not the agent redirects. */
function acknowledge(
  model: Model,
  state: State,
  healing: Healing | null,
  visit: (label: () => string, next: State, violated: string | null) => void,
): void {
  const { rules } = model
  const world = model.worlds.of(state.world)
  const i = world.believed
  const host = model.hosts.of(state.hosts[i] as number)
  const believe = (believed: number) => ({ ...state, world: model.worlds.id({ ...world, believed }) })
  const isDead = healing?.hosts.includes(String(i)) ?? false
  if (!isDead) {
    if (host.run?.includes('m')) {
      const upTo = host.run.slice(0, host.run.indexOf('m') + 1)
      if (
        !rules.mailLoggedFirst ||
        isLogged(model, state, host.epoch, upTo) ||
        model.values.of(host.value).history.startsWith(upTo)
      )
        visit(
          () => 'the message is acknowledged',
          { ...state, world: model.worlds.id({ ...world, acknowledged: true }) },
          null,
        )
    }
    const { holder } = model.values.of(host.value)
    if (holder !== i) visit(() => `MIGRATED: the sender turns to host ${holder}`, believe(holder), null)
  }
  // Nobody there answers, or knows: the witnesses are asked, and they know the newest decision that any of them has.
  if (!rules.mailGoesOn) return
  let newest = -1
  let k = 0
  state.witnesses.forEach((id) => {
    const witness = model.witnesses.of(id)
    if (witness.k <= k) return
    k = witness.k
    newest = model.values.of(witness.value).holder
  })
  if (newest >= 0 && newest !== i) visit(() => `looked up: the sender turns to host ${newest}`, believe(newest), null)
}

/** A host runs, or runs on: what is wrong with that. */
export function ranWrong(model: Model, state: State, i: number, { epoch, run, value }: HostParty): string | null {
  const world = model.worlds.of(state.world)
  if (world.decided[epoch] !== value) return 'RUNS-WITHOUT-CERTIFICATE'
  if ((run?.split('m').length ?? 1) > 2) return 'MESSAGE-TWICE'
  for (let other = 0; other < state.hosts.length; other++) {
    if (other === i) continue
    const them = model.hosts.of(state.hosts[other] as number)
    if (isRunning(them) && them.epoch === epoch) return 'TWO-RUN-ONE-EPOCH'
  }
  if (epoch === world.decided.length - 1 && run !== null)
    for (const x of world.sent) if (!isConsistent(x, run)) return 'RUNS-AGAINST-WHAT-HAS-LEFT'
  return null
}
