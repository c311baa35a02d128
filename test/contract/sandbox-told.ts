import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import type { MachineImage } from '../../src/engine/image.ts'
import type { GuestEvent, GuestOrder } from '../../src/sandbox/port.ts'
import { type ReplayOutcome, replaySegment } from '../../src/sandbox/replay.ts'
import { joinPieces, type Piece, type Trace } from '../../src/sandbox/trace.ts'
import { type Claim, type SandboxPlace, same } from './play.ts'

/** What a sandbox does for durable agents: what a program has said can be come to again, from any image before it. */

const PROGRAM = {
  label: 'durable',
  kernels: new Map(),
  inputJson: 'null',
  seed: 7,
  startMs: 1_700_000_000_000,
  memoryBytesMax: 32 * 1_048_576,
  depth: 10,
}

/** Emits between turns and in the middle of one, in loops with and without waiting, beside timers, words and moves. */
const BUSY = `
let x = 1
const every = setInterval(() => { x = (x * 17 + 1) | 0 }, 2)
const work = (n) => { for (let k = 0; k < n; k++) x = (x * 31 + k) | 0 }
globalThis.__agent = async () => {
  for (let i = 0; i < 6; i++) {
    const { n } = await __sojourn.call('hosts', { i })
    work(i % 3 ? 400 : 90_000)
    x = (x + n) | 0
    __sojourn.call('emit', { value: [i, x] })
    for (let k = 0; k < 3; k++) { work(30_000); __sojourn.call('emit', { value: [i, k, x] }); console.log(i, k, x) }
    if (i % 2) [3, 1, 2].sort((a, b) => { x += __sojourn.callSync('move', { a, b }).n; return a - b })
    await new Promise((done) => setTimeout(done, i))
    await __sojourn.call('emit', { value: [Date.now() > 0, Math.random()] })
  }
  clearInterval(every)
  return x
}`

type Word = Extract<GuestEvent, { kind: 'call' | 'console' }>
type End = Extract<GuestEvent, { kind: 'finished' | 'failed' }>

interface Told {
  readonly pieces: readonly Piece[]
  /** How many pieces came before each word. */
  readonly words: readonly { readonly word: Word; readonly after: number }[]
  readonly images: readonly { readonly image: MachineImage; readonly trace: Trace; readonly after: number }[]
  readonly end: End
}

const order = ({ engineId }: SandboxPlace, changes: Partial<GuestOrder>): GuestOrder => ({
  ...PROGRAM,
  engineId,
  code: BUSY,
  fuelMax: 20_000_000_000,
  sentBytesMax: 64 * 1_048_576,
  image: null,
  pace: 'real',
  durable: true,
  ...changes,
})

/** Answers at once, and takes an image at every so many words. */
function live(place: SandboxPlace, changes: Partial<GuestOrder> = {}, wordsPerImage = 1_000): Promise<Told> {
  const pieces: Piece[] = []
  const words: Told['words'][number][] = []
  const images: Told['images'][number][] = []
  return new Promise((resolve, reject) => {
    const guest = place.sandbox.spawn(order(place, changes), (event) => {
      switch (event.kind) {
        case 'told':
          return void pieces.push(event.piece)
        case 'call': {
          const { request } = event.call
          if (!event.again) words.push({ word: event, after: pieces.length })
          if (words.length % wordsPerImage === 0) guest.freeze()
          return guest.deliver({ request, outcome: { ok: true, valueJson: JSON.stringify({ n: request }) } })
        }
        case 'console':
          words.push({ word: event, after: pieces.length })
          return
        case 'frozen':
          if (!event.trace) return reject(new Error('no trace'))
          images.push({ image: event.image, trace: event.trace, after: pieces.length })
          return guest.run()
        case 'finished':
        case 'failed':
          return resolve({ pieces, words, images, end: event })
      }
    })
    guest.run()
  })
}

const said = (words: readonly Word[]): string[] =>
  words.map((word) =>
    word.kind === 'call' ? `${word.call.request} ${word.call.name} ${word.call.argsJson}` : word.text,
  )

interface Again {
  readonly outcome: ReplayOutcome
  readonly words: readonly string[]
}

async function again(
  { sandbox, engineId }: SandboxPlace,
  pieces: readonly Piece[],
  image: MachineImage | null = null,
  changes: { readonly code?: string; readonly until?: Piece['until'] } = {},
): Promise<Again> {
  const [first, ...others] = pieces
  if (!first) throw new Error('no pieces')
  const { code = BUSY, until } = changes
  const { from, ...joined } = joinPieces(first, ...others)
  const trace = { ...joined, from: { ...from, effects: '0'.repeat(64) as never }, ...(until ? { until } : {}) }
  const words: Word[] = []
  const segment = { program: { ...PROGRAM, engineId, code }, image, trace }
  const outcome = await replaySegment(sandbox, segment, { onWord: (word) => words.push(word) })
  return { outcome, words: said(words) }
}

const wordsAfter = (told: Told, count: number): string[] =>
  said(told.words.filter(({ after }) => after <= count).map(({ word }) => word))

const claims: Claim[] = []
const claim = (text: string, prove: Claim['prove']): void => void claims.push({ claim: text, prove })

claim('tells what its words come of before them, and the same again with its images', async (place) => {
  const told = await live(place, {}, 7)
  same([told.end.kind, told.images.length > 2], ['finished', true], 'end')
  same(
    told.words.every(({ after }) => after > 0),
    true,
    'a piece before each word',
  )
  let from = 0
  for (const { trace, after } of [...told.images, { trace: told.end.trace as Trace, after: told.pieces.length }]) {
    const inputs = told.pieces.slice(from, after).flatMap((piece) => piece.inputs)
    const own = inputs.filter(({ act }) => act.kind !== 'rest')
    same(
      own,
      trace.inputs.filter(({ act }) => act.kind !== 'rest'),
      `pieces ${from} to ${after}`,
    )
    from = after
  }
  same(told.pieces.at(-1)?.until, told.end.trace?.until, 'the end')
})

claim('comes from the top to the very images that were taken, having said the same', async (place) => {
  const told = await live(place, {}, 7)
  for (const { image, trace, after } of told.images) {
    const { outcome, words } = await again(place, told.pieces.slice(0, after), null, { until: trace.until })
    same(outcome.kind === 'frozen' && outcome.root, sealCheckpoint(image).root, `image after ${after} pieces`)
    same(words, wordsAfter(told, after), `words after ${after} pieces`)
  }
})

claim('comes from an image to the end that was', async (place) => {
  const told = await live(place, {}, 7)
  const { image, after } = told.images[1] as Told['images'][number]
  const { outcome, words } = await again(place, told.pieces.slice(after), image)
  if (outcome.kind !== 'finished' || told.end.kind !== 'finished') throw new Error(`${outcome.kind}, ${told.end.kind}`)
  same([outcome.resultJson, outcome.fuelUsed], [told.end.resultJson, told.end.fuelUsed], 'end')
  same(words, wordsAfter(told, told.pieces.length).slice(wordsAfter(told, after).length), 'words')
})

claim('goes on from where any piece ends to the very rest', async (place) => {
  const told = await live(place, { pace: 'virtual' })
  const all = wordsAfter(told, told.pieces.length)
  const step = Math.ceil(told.pieces.length / 4)
  let inside = 0
  for (let count = 1; count < told.pieces.length; count += step) {
    const piece = told.pieces[count - 1] as Piece
    const { outcome, words } = await again(place, told.pieces.slice(0, count))
    if (outcome.kind !== 'frozen') throw new Error(`${outcome.kind} after ${count} pieces`)
    same([outcome.fuelUsed, outcome.image.standing], [piece.until.fuelUsed, piece.until.standing], `place ${count}`)
    if (piece.until.standing !== 'turn') inside++
    same(words, wordsAfter(told, count), `words up to ${count}`)
    const rest = await live(place, { pace: 'virtual', image: outcome.image })
    same([...words, ...wordsAfter(rest, rest.pieces.length)], all, `words from ${count}`)
    if (rest.end.kind !== 'finished' || told.end.kind !== 'finished') throw new Error(rest.end.kind)
    same([rest.end.resultJson, rest.end.fuelUsed], [told.end.resultJson, told.end.fuelUsed], `end from ${count}`)
    const { outcome: whole } = await again(place, [...told.pieces.slice(0, count), ...rest.pieces])
    if (whole.kind !== 'finished') throw new Error(`${whole.kind}: pieces of two guests`)
    same(whole.resultJson, told.end.resultJson, 'pieces of two guests')
  }
  same(inside > 0, true, 'places in mid-turn')
})

claim('does so on either build of the engine', async (place) => {
  for (const tier of ['plain', 'movable'] as const) {
    const told = await live(place, { tier }, 9)
    const { outcome, words } = await again(place, told.pieces)
    same(outcome.kind === 'finished' && outcome.resultJson, told.end.kind === 'finished' && told.end.resultJson, tier)
    same(words, wordsAfter(told, told.pieces.length), tier)
  }
})

claim(
  'lets a program that emits in a tight loop run on: pieces, and no images, fewer than its words',
  async (place) => {
    const code = `for (let i = 0; i < 900; i++) __sojourn.call('emit', { value: i }); for (let k = 0; k < 1_000_000; k++); console.log('out')`
    const told = await live(place, { code }, 100_000)
    same(told.end.kind, 'finished', 'end')
    same([told.words.length, told.pieces.length < 90], [901, true], `${told.pieces.length} pieces`)
    const { outcome, words } = await again(place, told.pieces, null, { code })
    same([outcome.kind, words], ['finished', wordsAfter(told, told.pieces.length)], 'again')
  },
)

claim('tells of an end of its own kind, too: out of words, out of fuel, thrown', async (place) => {
  const flood = `for (let i = 0; ; i++) { console.log('line', i); if (i % 7 === 0) __sojourn.call('emit', 'x'.repeat(i)) }`
  const ends: [string, Partial<GuestOrder>][] = [
    [flood, { sentBytesMax: 30_000 }],
    [`for (let i = 0; ; i++) { if (i % 9_000 === 0) console.log(i) }`, { fuelMax: 9_000_000 }],
    [`console.log(1); await __sojourn.call('hosts', 1); throw new Error('enough')`, {}],
  ]
  for (const [code, changes] of ends) {
    const told = await live(place, { code, ...changes })
    if (told.end.kind !== 'failed') throw new Error(told.end.kind)
    const { outcome, words } = await again(place, told.pieces, null, { code })
    if (outcome.kind !== 'failed') throw new Error(outcome.kind)
    same([outcome.code, outcome.reason], [told.end.code, told.end.reason], 'end')
    same(words, wordsAfter(told, told.pieces.length), told.end.reason)
  }
  const told = await live(
    place,
    { code: flood.replace(`'emit'`, `'emit', 1); __sojourn.call('emit'`), sentBytesMax: 60_000 },
    40,
  )
  const last = told.images.at(-1)
  if (!last || told.end.kind !== 'failed') throw new Error(`${told.images.length} images, ${told.end.kind}`)
  const { outcome } = await again(place, told.pieces.slice(last.after), last.image, { code: 'no matter' })
  same(outcome.kind === 'failed' && outcome.reason, told.end.reason, 'end from an image')
})

claim('tells nothing that nobody wants', async (place) => {
  const { pieces, end } = await live(place, { durable: undefined as never, record: true }, 9)
  same([end.kind, pieces.length], ['finished', 0], 'pieces')
})

export const TOLD_CLAIMS: readonly Claim[] = claims
