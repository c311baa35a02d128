import { base64pad } from 'multiformats/bases/base64'
import { openCheckpoint } from '../../src/checkpoint/open.ts'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import type { MachineImage } from '../../src/engine/image.ts'
import { encodeInputs, parseInputs } from '../../src/sandbox/inputs.ts'
import type { GuestEvent, GuestOrder } from '../../src/sandbox/port.ts'
import { type ReplayOutcome, replaySegment, type Segment, type Sight } from '../../src/sandbox/replay.ts'
import { type Input, joinTraces, type Trace } from '../../src/sandbox/trace.ts'
import { type Claim, freezeInside, LOOP, Play, type SandboxPlace, same } from './play.ts'

/** What a sandbox keeps for audits: what a guest did can be told, and done once more, to the last bit and by anybody. */

/** Turns short and long, answers and timers, a call in the middle of a sort, and words at every step. */
export const CHATTY = `
console.log('in')
let x = 1
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const every = setInterval(() => { x = (x * 17 + 1) | 0 }, 2)
globalThis.__agent = async () => {
  for (let i = 0; i < 8; i++) {
    const [one, other] = await Promise.all([__sojourn.call('hosts', { i }), __sojourn.call('asset', { i })])
    for (let k = 0; k < (i % 3 ? 400 : 20_000); k++) x = (x * 31 + k + one.n + other.n) | 0
    console.log(i, x, Math.random(), Date.now() > 0)
    if (i % 4 === 1) [3, 1, 2].sort((a, b) => { x += __sojourn.callSync('self', { a, b }).n; return a - b })
    await sleep(i)
  }
  clearInterval(every)
  return x
}`

/** As `Play` has it. */
const PROGRAM = {
  label: 'recorded',
  kernels: new Map(),
  inputJson: 'null',
  seed: 7,
  startMs: 1_700_000_000_000,
  memoryBytesMax: 32 * 1_048_576,
  depth: 10,
}

export interface Recorded {
  readonly segments: readonly Segment[]
  /** What came at the end of each: the image's root, or the end. */
  readonly ends: readonly (string | Extract<GuestEvent, { kind: 'finished' | 'failed' }>)[]
  readonly traces: readonly Trace[]
}

const rootOf = (image: MachineImage): string => sealCheckpoint(image).root

/** Lives as a host has it live: answers when they come, frozen at every so many lines, run on in place. */
export function record(
  { sandbox, engineId }: SandboxPlace,
  changes: Partial<GuestOrder> = {},
  linesPerFreeze = 3,
): Promise<Recorded> {
  const program = { ...PROGRAM, engineId, code: CHATTY }
  const order: GuestOrder = {
    ...program,
    fuelMax: 20_000_000_000,
    sentBytesMax: 64 * 1_048_576,
    image: null,
    pace: 'real',
    record: true,
    ...changes,
  }
  const segments: Segment[] = []
  const ends: Recorded['ends'][number][] = []
  const traces: Trace[] = []
  let image = order.image
  let lines = 0
  return new Promise((resolve, reject) => {
    const close = (trace: Trace | undefined, end: Recorded['ends'][number]): void => {
      if (!trace) return reject(new Error(`no trace: ${JSON.stringify(end)}`))
      segments.push({ program: { ...program, code: order.code }, image, trace })
      ends.push(end)
      traces.push(trace)
    }
    const guest = sandbox.spawn(order, (event) => {
      switch (event.kind) {
        case 'call': {
          const { request } = event.call
          return guest.deliver({ request, outcome: { ok: true, valueJson: JSON.stringify({ n: request }) } })
        }
        case 'console':
          if (++lines % linesPerFreeze === 0) guest.freeze()
          return
        case 'frozen':
          close(event.trace, rootOf(event.image))
          image = event.image
          return guest.run()
        case 'finished':
        case 'failed':
          close(event.trace, event)
          return resolve({ segments, ends, traces })
      }
    })
    guest.run()
  })
}

/** Both sides of a comparison, in the same words. */
const seenOf = (end: Recorded['ends'][number] | undefined, trace: Trace | undefined): unknown[] => {
  if (typeof end === 'string') return ['frozen', end, trace?.until.fuelUsed, trace?.effects]
  const what = end?.kind === 'finished' ? end.resultJson : `${end?.code}: ${end?.reason}`
  return [end?.kind, what, trace?.until.fuelUsed, trace?.effects]
}
const comeTo = (outcome: ReplayOutcome): unknown[] => {
  const { kind, fuelUsed, effects } = outcome
  const what =
    kind === 'frozen' ? outcome.root : kind === 'finished' ? outcome.resultJson : `${outcome.code}: ${outcome.reason}`
  return [kind, what, fuelUsed, effects]
}

async function proveSame(place: SandboxPlace, { segments, ends, traces }: Recorded): Promise<void> {
  for (const [i, segment] of segments.entries())
    same(comeTo(await replaySegment(place.sandbox, segment)), seenOf(ends[i], traces[i]), `segment ${i}`)
}

/** Segments as they travel to an auditor, with what was seen of them: checkpoints by their blocks, inputs as bytes. */
export const textsOf = ({ segments, ends, traces }: Recorded): string[] =>
  segments.map(({ program, image, trace: { from, inputs, until } }, i) => {
    const sealed = image && sealCheckpoint(image)
    const blocks = [...(sealed?.blocks ?? [])].map(([cid, bytes]) => [cid, base64pad.baseEncode(bytes)])
    return JSON.stringify({
      program: { ...program, kernels: undefined },
      image: sealed && { root: sealed.root, blocks },
      trace: { from, until, inputs: base64pad.baseEncode(encodeInputs(inputs)) },
      seen: seenOf(ends[i], traces[i]),
    })
  })

/** What was seen of the segment where it ran, and what it comes to here. */
export async function repeatText(place: SandboxPlace, text: string): Promise<{ seen: unknown; come: unknown }> {
  const { program, image, trace, seen } = JSON.parse(text)
  const inputs = parseInputs(base64pad.baseDecode(trace.inputs))
  const blocks = new Map<string, string>(image?.blocks)
  const opened = image && (await openCheckpoint(image.root, async (cid) => base64pad.baseDecode(blocks.get(cid) ?? '')))
  if (!inputs.ok || opened?.ok === false) throw new Error('the segment is not read back')
  const outcome = await replaySegment(place.sandbox, {
    program: { ...program, kernels: new Map() },
    image: opened?.value ?? null,
    trace: { ...trace, inputs: inputs.value },
  })
  return { seen, come: comeTo(outcome) }
}

/** Whether a segment that is not what happened comes out otherwise. */
async function proveOther(
  place: SandboxPlace,
  recorded: Recorded,
  at: number,
  twisted: Segment,
  what: string,
): Promise<void> {
  const outcome = await replaySegment(place.sandbox, twisted)
  const [seen, come] = [seenOf(recorded.ends[at], recorded.traces[at]), comeTo(outcome)]
  if (JSON.stringify(seen) === JSON.stringify(come)) throw new Error(`${what} makes no difference`)
}

const claims: Claim[] = []
const claim = (text: string, prove: Claim['prove']): void => void claims.push({ claim: text, prove })

claim('does once more what a guest did, segment by segment, and comes to the same', async (place) => {
  const recorded = await record(place)
  same(recorded.segments.length > 2, true, 'segments')
  const answers = recorded.traces.flatMap(({ inputs }) => inputs).filter(({ act }) => act.kind === 'deliver')
  same(answers.length >= 16, true, 'answers')
  await proveSame(place, recorded)
})

claim('does once more what a guest in virtual time did, and one on either build of the engine', async (place) => {
  await proveSame(place, await record(place, { pace: 'virtual' }))
  for (const tier of ['plain', 'movable'] as const) await proveSame(place, await record(place, { tier }))
})

claim(
  'does once more what a guest did that was thawed ahead of time and brought up to a later image',
  async (place) => {
    const { played, image } = await freezeInside(place, LOOP)
    played.guest.run()
    played.guest.freeze()
    const later = (await played.next('frozen')).image
    played.guest.terminate()
    const ahead = new Play(place, { code: LOOP, image, record: true, pace: 'real' })
    await ahead.next('ready')
    ahead.guest.limit({ fuelMax: 10_000_000_000, sentBytesMax: 4_000 })
    ahead.guest.patch(later)
    await ahead.next('ready')
    ahead.guest.run()
    const end = await ahead.next('finished')
    if (!end.trace) throw new Error('no trace')
    same(end.trace.from.fuelMax, 10_000_000_000, 'the limit that held')
    const segment = { program: { ...PROGRAM, engineId: place.engineId, code: LOOP }, image: later, trace: end.trace }
    same(comeTo(await replaySegment(place.sandbox, segment)), seenOf(end, end.trace), 'the end')
  },
)

claim('does several segments once more as one, from inputs that were bytes in between', async (place) => {
  const recorded = await record(place)
  const [first] = recorded.segments
  const last = recorded.segments.length - 1
  const joined = recorded.traces.reduce(joinTraces)
  const read = parseInputs(encodeInputs(joined.inputs))
  if (!first || !read.ok) throw new Error('the inputs are not read back')
  const outcome = await replaySegment(place.sandbox, { ...first, trace: { ...joined, inputs: read.value } })
  same(comeTo(outcome), seenOf(recorded.ends[last], recorded.traces[last]), 'all of it')
})

claim('does an end of its own kind once more: out of fuel, out of words, thrown, deadlocked', async (place) => {
  const busy = `globalThis.__agent = async () => { for (let i = 0; ; i++) { await __sojourn.call('hosts', { i }); console.log(i); for (let k = 0; k < 20_000; k++); } }`
  await proveSame(place, await record(place, { code: busy, fuelMax: 60_000_000 }, 40))
  await proveSame(place, await record(place, { code: busy, sentBytesMax: 900 }, 40))
  const flood = `for (let i = 0; ; i++) { console.log('line', i); if (i % 7 === 0) __sojourn.call('emit', 'x'.repeat(i)) }`
  await proveSame(place, await record(place, { code: flood, sentBytesMax: 30_000 }, 900))
  await proveSame(
    place,
    await record(place, { code: `${busy.replace('for (let k', 'if (i > 4) throw new Error("enough"); for (let k')}` }),
  )
  await proveSame(
    place,
    await record(place, {
      code: `console.log(1); await __sojourn.call('hosts', 1); await new Promise(() => undefined)`,
    }),
  )
})

claim('does a refused call once more', async (place) => {
  const code = `globalThis.__agent = async () => { const all = []; for (const n of [9, 600_000, 5]) all.push(await __sojourn.call('emit', 'x'.repeat(n)).then(() => n, (e) => e.code + e.message)); console.log(all.join()); return all }`
  const recorded = await record(place, { code }, 1)
  same(
    recorded.traces.flatMap(({ inputs }) => inputs).some(({ act }) => act.kind === 'refuse'),
    true,
    'a refusal',
  )
  await proveSame(place, recorded)
})

/** Each makes of an honest trace one that a lying host could hand in. */
const LIES: readonly (readonly [string, (inputs: readonly Input[]) => readonly Input[]])[] = [
  [
    'an answer with another value',
    (inputs) =>
      onFirst(inputs, 'deliver', (act) => ({
        ...act,
        delivery: { request: act.delivery.request, outcome: { ok: true, valueJson: '{"n":77}' } },
      })),
  ],
  ['an answer left out', (inputs) => inputs.filter((one) => one !== inputs.find(({ act }) => act.kind === 'deliver'))],
  ['an answer brought twice', (inputs) => inputs.flatMap((one) => (one.act.kind === 'deliver' ? [one, one] : [one]))],
  [
    'an invented answer',
    (inputs) => [
      ...inputs,
      {
        ...(inputs.at(-1) as Input),
        act: { kind: 'deliver', delivery: { request: 4_000, outcome: { ok: true, valueJson: '1' } } },
      },
    ],
  ],
  ['a later clock', (inputs) => onFirst(inputs, 'clock', (act) => ({ ...act, ms: act.ms + 60_000 }))],
  ['another place', (inputs) => inputs.map((one, i) => (i === 1 ? { ...one, fuelUsed: one.fuelUsed + 1 } : one))],
  [
    'another standing',
    (inputs) =>
      inputs.map((one, i) => (i === 1 ? { ...one, standing: one.standing === 'turn' ? 'interrupt' : 'turn' } : one)),
  ],
  [
    'less fuel to use',
    (inputs) => [{ ...(inputs[0] as Input), act: { kind: 'limit', fuelMax: 10, sentBytesMax: 10 } }, ...inputs],
  ],
]

const differ = (a: readonly Input[], b: readonly Input[]): boolean => JSON.stringify(a) !== JSON.stringify(b)

function onFirst<K extends Input['act']['kind']>(
  inputs: readonly Input[],
  kind: K,
  change: (act: Extract<Input['act'], { kind: K }>) => Input['act'],
): Input[] {
  const found = inputs.find(({ act }) => act.kind === kind)
  return inputs.map((one) => (one === found ? { ...one, act: change(one.act as never) } : one))
}

claim('comes to something else from inputs that are not those that were', async (place) => {
  const recorded = await record(place)
  for (const [what, lie] of LIES) {
    // What reached the program before its first freeze is the machine's pace: a lie needs something to lie about.
    const at = recorded.segments.findIndex(({ trace: { inputs } }) => differ(lie(inputs), inputs))
    const segment = recorded.segments[at]
    if (!segment) throw new Error(`no segment to try ${what} on`)
    const { trace } = segment
    await proveOther(place, recorded, at, { ...segment, trace: { ...trace, inputs: lie(trace.inputs) } }, what)
  }
})

claim(
  'comes to something else from an image with one other bit, and from an end that came too early',
  async (place) => {
    const recorded = await record(place)
    const at = recorded.segments.findIndex(({ image }) => image !== null)
    const segment = recorded.segments[at] as Segment
    const { image, trace } = segment
    const [index, bytes] = [...(image as MachineImage).pages].at(-1) ?? [0, new Uint8Array(4096)]
    const flipped = bytes.slice()
    flipped[4095] = (flipped[4095] ?? 0) ^ 1
    const pages = new Map([...(image as MachineImage).pages, [index, flipped] as const])
    await proveOther(place, recorded, at, { ...segment, image: { ...(image as MachineImage), pages } }, 'a bit')
    const last = recorded.segments.length - 1
    const end = recorded.segments[last] as Segment
    const early = { fuelUsed: end.trace.until.fuelUsed - 1_000, standing: 'end' } as const
    await proveOther(place, recorded, last, { ...end, trace: { ...end.trace, until: early } }, 'an early end')
    const shorter = { ...trace.until, fuelUsed: trace.until.fuelUsed - 500 } as Trace['until']
    await proveOther(place, recorded, at, { ...segment, trace: { ...trace, until: shorter } }, 'a skipped step')
  },
)

claim('shows the state on the way without changing the way', async (place) => {
  const recorded = await record(place)
  const at = recorded.segments.findIndex(({ image }) => image !== null)
  const segment = recorded.segments[at] as Segment
  const [from, to] = [Number(segment.image?.fuelUsed), segment.trace.until.fuelUsed]
  const marks = [1, 2, 3, 4].map((n) => from + Math.floor(((to - from) * n) / 5))
  const sights: unknown[] = []
  const outcome = await replaySegment(place.sandbox, segment, {
    marks,
    onSight: ({ mark, root }) => sights.push([mark, root]),
  })
  same(comeTo(outcome), seenOf(recorded.ends[at], recorded.traces[at]), 'the end')
  const alone: unknown[] = []
  for (const mark of marks)
    await replaySegment(place.sandbox, segment, { marks: [mark], onSight: ({ root }) => alone.push([mark, root]) })
  same(sights, alone, 'what is seen on the way')
})

claim(
  'shows the same states as an honest run up to where a lie begins, and none of them from there on',
  async (place) => {
    const { segments } = await record(place, {}, 1_000)
    const [segment] = segments
    if (!segment) throw new Error('nothing was recorded')
    const lied = segment.trace.inputs.filter(({ act }) => act.kind === 'deliver').at(-5) as Input
    const outcome = { ok: true, valueJson: '{"n":-1}' } as const
    const lie = { ...lied, act: { kind: 'deliver', delivery: { request: requestOf(lied), outcome } } as const }
    const inputs = segment.trace.inputs.map((one) => (one === lied ? lie : one))
    const marks = Array.from({ length: 24 }, (_, i) => Math.floor((segment.trace.until.fuelUsed * (i + 1)) / 26))
    const rootsOf = async (one: Segment) => {
      const roots: Sight[] = []
      await replaySegment(place.sandbox, one, { marks, onSight: (sight) => roots.push(sight) })
      return roots
    }
    const honest = await rootsOf(segment)
    const other = await rootsOf({ ...segment, trace: { ...segment.trace, inputs } })
    const agrees = honest.map(({ root }, i) => root === other[i]?.root)
    const isBefore = honest.map(({ fuelUsed }) => fuelUsed <= lied.fuelUsed)
    same([agrees, new Set(isBefore).size], [isBefore, 2], `states, the lie at ${lied.fuelUsed}`)
  },
)

const requestOf = ({ act }: Input): number => (act.kind === 'deliver' ? act.delivery.request : 0)

export const REPLAY_CLAIMS: readonly Claim[] = claims
