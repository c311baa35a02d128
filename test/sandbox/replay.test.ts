import { describe, expect, test } from 'vitest'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import type { GuestEvent, GuestOrder, Sandbox } from '../../src/sandbox/port.ts'
import { replaySegment, type Segment, type Sight } from '../../src/sandbox/replay.ts'
import { NO_EFFECTS } from '../../src/sandbox/trace.ts'
import { image, order } from './orders.ts'

/** A sandbox whose one guest says what the test has it say, once it is told to run. */
function scripted(says: readonly GuestEvent[]) {
  const orders: GuestOrder[] = []
  const ends: string[] = []
  const nothing = () => undefined
  const sandbox: Sandbox = {
    spawn(given, onEvent) {
      orders.push(given)
      const run = () => says.forEach(onEvent)
      return {
        run,
        freeze: nothing,
        deliver: nothing,
        limit: nothing,
        patch: nothing,
        terminate: () => ends.push('gone'),
      }
    },
  }
  return { sandbox, orders, ends }
}

const { fuelMax: _f, sentBytesMax: _s, image: _i, pace: _p, ...program } = order()
const from = { fuelMax: 1_000, sentBytesMax: 70, sentBytes: 30, effects: NO_EFFECTS }
const segment: Segment = {
  program,
  image: image(),
  trace: { from, inputs: [], until: { fuelUsed: 500, standing: 'turn' } },
}

describe('a segment that is done once more', () => {
  test('begins with the limits that held at its beginning, and gives nobody the guest', async () => {
    const end = image({ fuelUsed: 500n })
    const { sandbox, orders, ends } = scripted([{ kind: 'ready' }, { kind: 'frozen', image: end }])
    const outcome = await replaySegment(sandbox, segment)
    expect(outcome).toMatchObject({ kind: 'frozen', root: sealCheckpoint(end).root, fuelUsed: 500 })
    expect(orders[0]).toMatchObject({ fuelMax: 1_000, sentBytesMax: 70, replay: { from, marks: [] } })
    expect(ends).toEqual(['gone'])
  })

  test('shows what it passes, before its end', async () => {
    const images = [
      image({ fuelUsed: 110n }),
      image({ fuelUsed: 210n, standing: 'interrupt' }),
      image({ fuelUsed: 500n }),
    ]
    const { sandbox } = scripted(images.map((one) => ({ kind: 'frozen', image: one })))
    const sights: Sight[] = []
    await replaySegment(sandbox, segment, { marks: [100, 200], onSight: (sight) => sights.push(sight) })
    expect(sights.map(({ mark, fuelUsed, standing }) => [mark, fuelUsed, standing])).toEqual([
      [100, 110, 'turn'],
      [200, 210, 'interrupt'],
    ])
  })

  test('may end with the program, or without it', async () => {
    const finished = scripted([{ kind: 'finished', resultJson: '7', fuelUsed: 9, stateHash: '' }])
    expect(await replaySegment(finished.sandbox, segment)).toMatchObject({
      kind: 'finished',
      resultJson: '7',
      fuelUsed: 9,
    })
    const astray = scripted([{ kind: 'failed', code: 'ASTRAY', reason: 'never there', fuelUsed: 9 }])
    expect(await replaySegment(astray.sandbox, segment)).toMatchObject({ kind: 'failed', code: 'ASTRAY' })
    const { sandbox, ends } = scripted([])
    void replaySegment(sandbox, segment, { onStart: (terminate) => terminate() })
    expect(ends).toEqual(['gone'])
  })
})
