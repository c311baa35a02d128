import type { GuestOrder } from '../../src/sandbox/port.ts'
import { type Claim, type EventOf, freezeInside, LOOP, Play, play, type SandboxPlace, same, straight } from './play.ts'
import { HEAP_CLAIMS } from './sandbox-heap.ts'
import { QUOTA_CLAIMS } from './sandbox-quota.ts'
import { REPLAY_CLAIMS } from './sandbox-replay.ts'
import { TOLD_CLAIMS } from './sandbox-told.ts'

/**
 * What every adapter of src/sandbox/port.ts keeps, as plain functions without a test runner: Vitest runs them in Node,
 * and a page runs the same ones in a browser. A claim that does not hold rejects with what was found instead.
 */
const ASK = `globalThis.__agent = async (input) => {
  console.log('asking')
  try { return { got: await __sojourn.call('hosts', { input }) } } catch (error) { return { code: error.code, message: error.message } }
}`
const ENDLESS = `console.log('in'); for (let i = 0; ; i++) { i = i & 1023 }`

async function failure(place: SandboxPlace, changes: Partial<GuestOrder>): Promise<EventOf<'failed'>> {
  const played = play(place, changes)
  const end = await played.next('failed')
  same(played.kinds.filter((kind) => kind === 'failed').length, 1, 'failures')
  return end
}

const claims: Claim[] = []
const claim = (text: string, prove: Claim['prove']): void => void claims.push({ claim: text, prove })

claim('starts stopped, runs when told, ends once', async (place) => {
  const played = new Play(place, { code: `console.log('a', 1 + 1); console.warn({ b: [2] })` })
  await played.next('ready')
  same(played.kindsBesidePulses, ['ready'], 'before run')
  played.guest.run()
  const end = await played.next('finished')
  same(
    played.events.filter(({ kind }) => kind === 'console'),
    [
      { kind: 'console', level: 'log', text: 'a 2' },
      { kind: 'console', level: 'warn', text: '{ b: [ 2 ] }' },
    ],
    'console',
  )
  same([end.resultJson, end.stateHash.length, end.fuelUsed > 0], ['null', 64, true], 'end')
  played.guest.run()
  played.guest.freeze()
  same(played.events.at(-1)?.kind, 'finished', 'last event')
})

claim('freezes in the middle of a loop and goes on in place, with nothing changed', async (place) => {
  const { lines, end } = await straight(place, LOOP)
  const { played, image } = await freezeInside(place, LOOP)
  same(image.standing, 'interrupt', 'standing')
  played.guest.freeze()
  same((await played.next('frozen')).image, image, 'image of a guest that stands still')
  played.guest.run()
  same(await played.next('finished'), end, 'end')
  same(played.lines, lines, 'lines')
})

claim('uses no more than what is left to it once it is told so, whatever it had before', async (place) => {
  const { played, image } = await freezeInside(place, ENDLESS)
  const fuelMax = Number(image.fuelUsed) + 2_000_000
  played.guest.limit({ fuelMax, sentBytesMax: 1_000 })
  played.guest.run()
  const { code, reason, fuelUsed } = await played.next('failed')
  same([code, reason, fuelUsed], ['QUOTA', `fuel: ${fuelMax} used up`, fuelMax], 'end by fuel')
  const talking = await freezeInside(place, `${LOOP}; for (;;) console.log('on')`)
  talking.played.guest.limit({ fuelMax: 20_000_000_000, sentBytesMax: 40 })
  talking.played.guest.run()
  const end = await talking.played.next('failed')
  same([end.code, /^sentBytes 4\d > sentBytesMax 40$/.test(end.reason)], ['QUOTA', true], `end by words: ${end.reason}`)
})

claim('goes on from a limit as if it had always been so: the end and the state are the same', async (place) => {
  const { lines, end } = await straight(place, LOOP)
  const { played } = await freezeInside(place, LOOP)
  played.guest.limit({ fuelMax: 10_000_000_000, sentBytesMax: 1_000 })
  played.guest.run()
  same(await played.next('finished'), end, 'end')
  same(played.lines, lines, 'lines')
})

claim('thaws in another guest and ends with the same lines, fuel and state', async (place) => {
  const { lines, end } = await straight(place, LOOP)
  const { played, image } = await freezeInside(place, LOOP)
  played.guest.terminate()
  const thawed = play(place, { code: LOOP, image })
  same(await thawed.next('finished'), end, 'end')
  same([...played.lines, ...thawed.lines], lines, 'lines')
})

claim('stops by itself where the order says so', async (place) => {
  const { end } = await straight(place, LOOP)
  const half = Math.floor(end.fuelUsed / 2)
  const first = play(place, { code: LOOP, freezeAtFuel: half })
  const { image } = await first.next('frozen')
  same(image.fuelUsed >= half && image.fuelUsed < half + 1_000_000, true, `fuel at the stop ${image.fuelUsed}`)
  same(await play(place, { code: LOOP, image }).next('finished'), end, 'end')
})

claim('passes calls out and answers in, in order', async (place) => {
  const played = play(place, { code: ASK, inputJson: '[1]' })
  same((await played.next('call')).call, { request: 1, name: 'hosts', argsJson: '{"input":[1]}' }, 'call')
  played.guest.deliver({ request: 1, outcome: { ok: true, valueJson: '{"there":true}' } })
  same((await played.next('finished')).resultJson, '{"got":{"there":true}}', 'result')
})

claim('brings a refusal in as an error with its code', async (place) => {
  const played = play(place, { code: ASK })
  await played.next('call')
  played.guest.deliver({ request: 1, outcome: { ok: false, code: 'DENIED', reason: 'not here' } })
  same((await played.next('finished')).resultJson, '{"code":"DENIED","message":"not here"}', 'result')
})

claim('makes a pending call again after a thaw, and takes the answer there', async (place) => {
  const played = play(place, { code: ASK })
  const { call } = await played.next('call')
  played.guest.freeze()
  const { image } = await played.next('frozen')
  played.guest.terminate()
  const thawed = new Play(place, { code: ASK, image })
  await thawed.next('ready')
  same(thawed.kindsBesidePulses, ['ready'], 'before run')
  thawed.guest.run()
  same(await thawed.next('call'), { kind: 'call', call, again: true }, 'call')
  thawed.guest.deliver({ request: 1, outcome: { ok: true, valueJson: '2' } })
  same((await thawed.next('finished')).resultJson, '{"got":2}', 'result')
})

claim('takes an answer while it stands still, and lets the image carry it', async (place) => {
  const played = play(place, { code: ASK })
  await played.next('call')
  played.guest.freeze()
  await played.next('frozen')
  played.guest.deliver({ request: 1, outcome: { ok: true, valueJson: '3' } })
  played.guest.run()
  same((await played.next('finished')).resultJson, '{"got":3}', 'result')
})

claim('sleeps in virtual time without waiting, in real time by waiting', async (place) => {
  const code = `const then = Date.now(); await new Promise((done) => setTimeout(done, 86_400_000)); console.log(Date.now() - then >= 86_400_000)`
  const day = play(place, { code })
  await day.next('finished')
  same(day.lines, ['true'], 'lines')
  const blink = play(place, { code: code.replaceAll('86_400_000', '30'), pace: 'real' })
  await blink.next('finished')
  same(blink.lines, ['true'], 'lines')
})

claim('keeps the rest of a sleep across a freeze', async (place) => {
  const code = `console.log('in'); await new Promise((done) => setTimeout(done, 600_000)); console.log('out')`
  const { played, image } = await freezeInside(place, code, { pace: 'real' })
  played.guest.terminate()
  const [timer] = image.timers
  same(image.timers.length === 1 && (timer?.dueMs ?? 0) > image.clockMs, true, 'timer')
  const thawed = play(place, { code, image })
  await thawed.next('finished')
  same(thawed.lines, ['out'], 'lines')
})

claim('is silent after terminate, even out of an endless loop', async (place) => {
  const played = play(place, { code: ENDLESS })
  await played.next('console')
  played.guest.terminate()
  const count = played.events.length
  const other = await straight(place, `console.log('still here')`)
  same([other.lines, played.events.length], [['still here'], count], 'after terminate')
})

claim('answers a freeze out of an endless loop', async (place) => {
  const { played, image } = await freezeInside(place, ENDLESS)
  same(image.standing, 'interrupt', 'standing')
  played.guest.run()
  played.guest.freeze()
  const later = await played.next('frozen')
  same(later.image.fuelUsed >= image.fuelUsed, true, 'fuel')
  played.guest.terminate()
})

claim('brings every line of a flood, in order', async (place) => {
  const flood = await straight(place, `for (let i = 0; i < 12_000; i++) console.log(i)`)
  same([flood.lines.length, flood.lines.every((line, i) => line === String(i))], [12_000, true], 'lines')
})

claim('names what was thrown, with its place', async (place) => {
  const { code, reason } = await failure(place, {
    code: `function deep() { throw new TypeError('no such luck') }\nconsole.log(1)\ndeep()`,
  })
  same([code, reason.startsWith('TypeError: no such luck'), reason.includes('deep')], ['THROWN', true, true], reason)
})

claim('ends a program that waits for what can never come', async (place) => {
  const agent = `globalThis.__agent = () => new Promise(() => undefined)`
  same((await failure(place, { code: agent })).code, 'DEADLOCK', 'code')
})

claim('ends a program whose result has no JSON form', async (place) => {
  const { code } = await failure(place, {
    code: `globalThis.__agent = async () => { const a = {}; a.a = a; return a }`,
  })
  same(code, 'UNENCODABLE', 'code')
})

claim('ends a program that does not parse', async (place) => {
  same((await failure(place, { code: `let let = 1` })).code, 'LOAD', 'code')
})

claim('ends a program whose fuel is used up, at the same fuel each time', async (place) => {
  const ends = [
    await failure(place, { code: ENDLESS, fuelMax: 3_000_000 }),
    await failure(place, { code: ENDLESS, fuelMax: 3_000_000 }),
  ]
  same(
    ends.map(({ code, fuelUsed }) => [code, fuelUsed]),
    [
      ['QUOTA', 3_000_000],
      ['QUOTA', 3_000_000],
    ],
    'ends',
  )
  same(ends[0]?.reason.includes('fuel'), true, 'reason')
})

claim('ends a program that has sent too much', async (place) => {
  const { code, reason } = await failure(place, { code: `for (;;) console.log('0123456789')`, sentBytesMax: 1000 })
  same([code, reason], ['QUOTA', 'sentBytes 1010 > sentBytesMax 1000'], 'end')
})

claim('refuses a call with too long arguments to the program, and lets it go on', async (place) => {
  const code = `globalThis.__agent = async () => { try { await __sojourn.call('emit', 'x'.repeat(600_000)) } catch (error) { return error.code } }`
  same((await play(place, { code }).next('finished')).resultJson, '"QUOTA"', 'result')
})

claim('ends a program whose result is too long', async (place) => {
  const { code, reason } = await failure(place, { code: `globalThis.__agent = async () => 'x'.repeat(600_000)` })
  same([code, reason], ['QUOTA', 'resultJson length 600002 > RESULT_LENGTH_MAX 524288'], 'end')
})

claim('refuses an image that does not hold together', async (place) => {
  const { played, image } = await freezeInside(place, LOOP)
  played.guest.terminate()
  const strange = new Map([...image.globals, ['strange', 1] as const])
  const { code, reason } = await failure(place, { code: LOOP, image: { ...image, globals: strange } })
  same([code, reason.startsWith('image: ')], ['LOAD', true], reason)
})

claim('refuses an image that has used more fuel than there is', async (place) => {
  const { played, image } = await freezeInside(place, LOOP)
  played.guest.terminate()
  const { code, reason } = await failure(place, { code: LOOP, image, fuelMax: 1000 })
  same([code, reason], ['LOAD', `image fuelUsed ${image.fuelUsed} > fuelMax 1000`], reason)
})

claim('refuses a kernel that is not WebAssembly', async (place) => {
  const kernels = new Map([['k', { cid: 'bafy' as never, wasm: Uint8Array.of(1, 2, 3) }]])
  const { code, reason } = await failure(place, { code: LOOP, kernels })
  same([code, reason.startsWith('kernel "k": ')], ['LOAD', true], reason)
})

const BOMBS: readonly (readonly [string, string])[] = [
  ['strings', `let s = 'x'; for (;;) s += s + 'y'`],
  ['arrays', `const all = []; for (;;) all.push(new Array(1000).fill(all.length))`],
  ['buffers', `const all = []; for (;;) all.push(new Uint8Array(1_048_576).fill(1))`],
  ['recursion', `const f = (n) => f(n + 1) + 1; f(0)`],
  ['nesting', `JSON.parse('['.repeat(100_000))`],
  ['an endless loop', `for (;;) { let x = 0; x++ }`],
]

for (const [name, code] of BOMBS) {
  claim(`ends ${name} without end, and leaves the guest beside it alone`, async (place) => {
    const { end } = await straight(place, LOOP)
    const bomb = play(place, {
      code: `console.log('in')\n${code}`,
      fuelMax: 400_000_000,
      memoryBytesMax: 16 * 1_048_576,
    })
    const [beside, ended] = await Promise.all([straight(place, LOOP), bomb.next('failed')])
    same(beside.end, end, 'the guest beside it')
    same(['QUOTA', 'THROWN', 'TRAP'].includes(ended.code), true, ended.reason)
  })
}

claim('pulses while it works', async (place) => {
  const played = play(place, { code: ENDLESS })
  const first = await played.next('pulse')
  // One that answers a question may come between two slices.
  let later = await played.next('pulse')
  for (let i = 0; i < 5 && later.fuelUsed === first.fuelUsed; i++) later = await played.next('pulse')
  same(later.fuelUsed > first.fuelUsed, true, 'fuel')
  played.guest.terminate()
})

export const SANDBOX_CLAIMS: readonly Claim[] = [
  ...claims,
  ...HEAP_CLAIMS,
  ...QUOTA_CLAIMS,
  ...REPLAY_CLAIMS,
  ...TOLD_CLAIMS,
]
