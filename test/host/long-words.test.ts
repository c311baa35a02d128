import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/engine/image.ts'
import { EFFECT_BYTES_MAX, INPUT_BYTES_MAX } from '../../src/host/limits.ts'
import type { GuestEvent, Sandbox } from '../../src/sandbox/port.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { Cluster, didOfSeed, importProgram } from './cluster.ts'

/**
 * What one agent says is in messages between hosts, which have a size: too long a word must be refused to the agent, and
 * never become a message that cannot be sent. Letters of two bytes, because messages count bytes and texts do not.
 */
const text = (bytes: number): string => JSON.stringify('é'.repeat((bytes - 2) / 2))

/** Guests that say what they are told to, one thing a millisecond. */
const speaking = (words: readonly GuestEvent[], answers: Delivery[], timers: Cluster['time']): Sandbox => ({
  spawn(_, onEvent) {
    let ended = false
    timers.after(1, () => onEvent({ kind: 'ready' }))
    return {
      run: () =>
        words.forEach((word, i) => {
          timers.after(1 + i, () => ended || onEvent(word))
        }),
      freeze: () => {},
      patch: () => {},
      deliver: (delivery) => answers.push(delivery),
      limit: () => {},
      terminate: () => {
        ended = true
      },
    }
  },
})

const finished = (resultJson: string): GuestEvent => ({ kind: 'finished', resultJson, fuelUsed: 1, stateHash: '' })
const emit = (request: number, valueJson: string): GuestEvent => ({
  kind: 'call',
  call: { request, name: 'emit', argsJson: `{"value":${valueJson}}` },
  again: false,
})

async function say(...words: readonly GuestEvent[]) {
  const world = new Cluster()
  const answers: Delivery[] = []
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, operators: [didOfSeed(3)] })
  await world.start(2, { sandbox: speaking(words, answers, world.time) })
  await world.time.advance(5_000)
  const agent = await world.launch(home, { steps: 1, emitEvery: 0 })
  return { world, home, agent, answers, ended: await world.ended(home, agent) }
}

describe('an agent', () => {
  it('may say as much at once as an effect can hold', async () => {
    const { ended, home, agent } = await say(emit(1, text(EFFECT_BYTES_MAX)), finished(text(EFFECT_BYTES_MAX)))
    expect(ended).toEqual({ ok: true, value: JSON.parse(text(EFFECT_BYTES_MAX)) })
    expect(home.story(agent, 1)?.lines.map(({ kind }) => kind)).toEqual(['hop', 'emit', 'result'])
  })

  it('has failed when its result is longer', async () => {
    const { ended } = await say(finished(text(EFFECT_BYTES_MAX + 2)))
    expect(ended).toEqual({
      ok: false,
      value: { code: 'QUOTA', reason: 'resultBytes 524290 > EFFECT_BYTES_MAX 524288' },
    })
  })

  it('is refused an emit that is longer, and goes on', async () => {
    const { ended, answers } = await say(emit(1, text(EFFECT_BYTES_MAX + 2)), finished('1'))
    expect(ended).toEqual({ ok: true, value: 1 })
    expect(answers).toEqual([
      { request: 1, outcome: { ok: false, code: 'QUOTA', reason: 'emitBytes 524290 > EFFECT_BYTES_MAX 524288' } },
    ])
  })

  it('has its story told in as many replies as it takes', async () => {
    const words = Array.from({ length: 12 }, (_, i) => emit(i + 1, text(200_000)))
    const { world, home, agent } = await say(...words, finished('1'))
    const asker = await world.start(3, { kind: 'launcher', slots: 0 })
    await world.time.advance(3_000)
    const kinds: string[] = []
    let replies = 0
    for (let from = 1; replies < 20; replies++) {
      const asked = asker.host.ask(home.did, 'story', { agent, from })
      await world.time.advance(100)
      const answer = await asked
      if (!answer.ok) throw new Error(answer.reason)
      const { lines } = answer.body as Requests['story']['answer']
      if (lines.length === 0) break
      kinds.push(...lines.map(({ kind }) => kind))
      from = Math.max(...lines.map(({ number }) => number)) + 1
    }
    expect(kinds).toEqual(['hop', ...words.map(() => 'emit'), 'result'])
    expect(replies).toBeGreaterThan(2)
  })

  it('is not launched with more input than every later hop could carry', async () => {
    const { world, home } = await say(finished('1'))
    const bundle = await importProgram(home, { steps: 1, emitEvery: 0 })
    const launching = home.launch(bundle, { inputJson: text(INPUT_BYTES_MAX + 2) })
    launching.catch(() => {})
    await world.time.advance(5)
    await expect(launching).rejects.toMatchObject({
      code: 'QUOTA',
      message: 'inputBytes 524290 > INPUT_BYTES_MAX 524288',
    })
  })
})

it('shows an agent that has never left its home to other hosts', async () => {
  const world = new Cluster()
  const { host: home } = await world.start(1, { operators: [didOfSeed(2)] })
  const asker = await world.start(2, { kind: 'launcher', slots: 0 })
  await world.time.advance(5_000)
  const agent = await world.launch(home, { steps: 5_000, emitEvery: 0 })
  await world.time.advance(500)
  const asked = asker.host.ask(home.did, 'status', {})
  await world.time.advance(100)
  expect(await asked).toMatchObject({
    ok: true,
    body: { here: [{ agent, epoch: 0 }], rows: [{ agent, state: 'running', hops: 0 }] },
  })
  await world.ended(home, agent)
  expect(home.story(agent, 1)?.row).toMatchObject({ state: 'finished', fuelUsed: 5_000 })
})
