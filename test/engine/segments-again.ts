/** Lives of a program as a host leads them, cut into segments, and each of them done once more. For tests only. */
import { integerBelow, seededRandom } from '../../src/base/random.ts'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import type { Delivery, MachineImage, PendingCall } from '../../src/engine/image.ts'
import { type EngineBuild, Machine, type MachineOptions, type Stop } from '../../src/engine/machine.ts'
import { Intake } from '../../src/platform/guest/intake.ts'
import { RepeatPace } from '../../src/platform/guest/repeat-pace.ts'
import { readReported } from '../../src/sandbox/reported-inputs.ts'
import type { Input, Until } from '../../src/sandbox/trace.ts'

export interface Plan {
  readonly code: string
  readonly seed: number
  /** Fuel of a slice: from 1 to so much. */
  readonly sliceMax: number
  /** Of a hundred stops, how many are freezes; and of a hundred freezes, how many go on in another machine. */
  readonly freezes: number
  readonly thaws: number
  readonly options: MachineOptions
}

export interface Done {
  readonly image: MachineImage | null
  readonly inputs: readonly Input[]
  readonly until: Until
  readonly words: readonly string[]
  /** The image at its end, or how it ended. */
  readonly end: MachineImage | Stop
  readonly options: MachineOptions
}

const wordOf = (word: ReturnType<Machine['takeWords']>[number]): string =>
  'request' in word ? `${word.request} ${word.name} ${word.argsJson}` : `${word.level} ${word.text}`

const isOver = (stop: Stop): stop is Extract<Stop, { kind: 'finished' | 'failed' }> =>
  stop.kind === 'finished' || stop.kind === 'failed'

/** Everything that a host decides is drawn: where slices end, when answers come and time passes, where it is frozen. */
export function live(build: EngineBuild, plan: Plan): Done[] {
  const random = seededRandom(plan.seed)
  const below = (n: number): number => integerBelow(random, n)
  const draws = (percent: number): boolean => below(100) < percent
  let { options } = plan
  let machine = Machine.start(build, plan.code, 'null', options)
  let intake = new Intake(machine, { record: true })
  const done: Done[] = []
  const asked = new Map<number, PendingCall>()
  const answers = new Map<number, Delivery>()
  const limits: number[] = []
  let [image, words, began]: [MachineImage | null, string[], MachineOptions] = [null, [], options]
  const close = (end: Done['end']): void => {
    const inputs = readReported(intake.take()).map(({ fuelUsed, standing, kind, value }): Input => {
      const delivery = answers.get(value)
      if (kind === 'clock') return { fuelUsed, standing, act: { kind, ms: value } }
      if (kind === 'deliver' && delivery) return { fuelUsed, standing, act: { kind, delivery } }
      if (kind === 'rest') return { fuelUsed, standing, act: { kind } }
      if (kind === 'limit') return { fuelUsed, standing, act: { kind, fuelMax: limits.shift() ?? 0, sentBytesMax: 0 } }
      throw new Error(`${kind} ${value}`)
    })
    const until: Until = 'kind' in end ? { fuelUsed: Number(machine.fuelUsed), standing: 'end' } : { ...machine.place }
    done.push({ image, inputs, until, words, end, options: began })
  }
  for (;;) {
    const stop = machine.run(BigInt(1 + below(plan.sliceMax)))
    intake.ran()
    for (const word of machine.takeWords()) {
      if ('request' in word) {
        if (!asked.has(word.request)) words.push(wordOf(word))
        asked.set(word.request, word)
      } else words.push(wordOf(word))
    }
    if (isOver(stop)) {
      close(stop)
      return done
    }
    // An idle program needs something; a busy one may get it in the middle of its turn.
    const waits = stop.kind === 'idle'
    for (const { request, name, argsJson } of machine.pendingCalls) {
      if (!draws(waits ? 60 : 15)) continue
      const outcome: Delivery['outcome'] =
        name === 'no' ? { ok: false, code: 'DENIED', reason: argsJson } : { ok: true, valueJson: argsJson }
      answers.set(request, { request, outcome })
      intake.deliver({ request, outcome })
    }
    if (draws(waits ? 70 : 10))
      intake.advanceTo(
        machine.clockMs +
          1 +
          below(stop.kind === 'idle' && stop.wakeMs !== null ? Math.max(1, stop.wakeMs - machine.clockMs + 1) : 40),
      )
    if (draws(3)) {
      options = { ...options, fuelMax: options.fuelMax - 1_000n }
      limits.push(Number(options.fuelMax))
      intake.limit(Number(options.fuelMax))
    }
    if (!draws(plan.freezes)) continue
    const frozen = machine.freeze()
    close(frozen)
    if (draws(plan.thaws)) {
      machine = Machine.thaw(build, frozen, options)
      intake = new Intake(machine, { record: true })
    }
    ;[image, words, began] = [frozen, [], options]
  }
}

export interface Again {
  readonly words: readonly string[]
  readonly end: MachineImage | Stop
  readonly astray: string | null
}

/** On the movable build, from the image and with the inputs alone. */
export function again(
  build: EngineBuild,
  code: string,
  { image, inputs, until, options: began }: Done,
  shows: readonly number[] = [],
): Again & { shown: MachineImage[] } {
  const options: MachineOptions = { ...began, tier: 'movable' }
  const machine = image === null ? Machine.start(build, code, 'null', options) : Machine.thaw(build, image, options)
  const intake = new Intake(machine, {})
  const from = { sentBytes: 0, effects: '' as never }
  const pace = new RepeatPace(machine, intake, { from, inputs, until, marks: shows }, () => undefined)
  const words: string[] = []
  const known = new Set(image?.pending.map(({ request }) => request))
  const shown: MachineImage[] = []
  const take = (): void => {
    for (const word of machine.takeWords())
      if (!('request' in word && known.has(word.request))) words.push(wordOf(word))
  }
  for (;;) {
    const moment = pace.begin()
    if (moment.kind === 'arrived') return { words, end: machine.freeze(), astray: null, shown }
    if (moment.kind === 'astray') return { words, end: { kind: 'slice' }, astray: moment.reason, shown }
    if (moment.kind === 'show') shown.push(machine.peek())
    if (moment.kind === 'wait') return { words, end: { kind: 'idle', wakeMs: null }, astray: null, shown }
    if (moment.kind !== 'run') continue
    const { to } = moment
    const stop = machine.runTo(to?.fuelUsed ?? 0n, to?.exactly)
    pace.stopped(stop)
    take()
    if (isOver(stop)) return { words, end: stop, astray: pace.faultOfEnd(), shown }
  }
}

/** What differs between a segment and its repetition, in words; null where nothing does. */
export function differenceOf(done: Done, repeated: Again): string | null {
  if (repeated.astray !== null) return `astray: ${repeated.astray}`
  if (repeated.words.join('\n') !== done.words.join('\n')) return `words: ${repeated.words} is not ${done.words}`
  if ('kind' in done.end || 'kind' in repeated.end) {
    const [one, other] = [JSON.stringify(done.end), JSON.stringify(repeated.end)]
    return one === other ? null : `end: ${other.slice(0, 200)} is not ${one.slice(0, 200)}`
  }
  if (sealCheckpoint(done.end).root === sealCheckpoint(repeated.end).root) return null
  return imageDifference(done.end, repeated.end)
}

function imageDifference(one: MachineImage, other: MachineImage): string {
  const found: string[] = []
  for (const index of new Set([...one.pages.keys(), ...other.pages.keys()])) {
    const [a, b] = [one.pages.get(index), other.pages.get(index)]
    if (!a || !b) found.push(`page ${index} only in ${a ? 'the first' : 'the second'}`)
    else {
      const at = [...a.keys()].filter((i) => a[i] !== b[i])
      if (at.length > 0) found.push(`page ${index}: ${at.length} bytes from ${index * 4096 + (at[0] ?? 0)}`)
    }
  }
  const { pages: _, kernels: _k, ...rest } = one
  const { pages: _o, kernels: _q, ...others } = other
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, part) =>
      typeof part === 'bigint' ? `${part}n` : part instanceof Map ? [...part] : part,
    )
  if (text(rest) !== text(others)) found.push(`${text(others)} is not ${text(rest)}`)
  const sp = one.globals.get('__stack_pointer')
  return `sp ${sp}: ${found.join('; ')}`
}
