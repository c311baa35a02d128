import { beforeEach, describe, expect, it } from 'vitest'
import { decode } from '../../src/base/codec.ts'
import type { Guest, Sandbox } from '../../src/sandbox/port.ts'
import { type CheapProgram, CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster } from './cluster.ts'

const wanderer: CheapProgram = { steps: 9_000, emitEvery: 700, moves: [{ at: 3_000, where: 'anywhere' }] }
let world: Cluster

beforeEach(async () => {
  world = new Cluster()
  await world.start(1, { kind: 'launcher', slots: 0 })
  await world.start(2)
  await world.start(3)
  await world.time.advance(3_000)
})

const hostOf = (seed: number) => {
  const started = world.hosts.get(seed)
  if (!started) throw new Error(`no host ${seed}`)
  return started
}

interface Kept {
  readonly receipt: { readonly signer: string; readonly statement: Record<string, unknown> }
}

async function receiptsAt(seed: number): Promise<Kept[]> {
  const store = await (await world.kill(seed)).open()
  const kept: Kept[] = []
  for (const key of await store.list('segment/')) {
    const bytes = await store.read(key)
    const value = bytes && decode(bytes)
    if (value?.ok) kept.push(value.value as Kept)
  }
  return kept
}

describe('receipts', () => {
  it('of an agent that hops reach its home one after the other, from the top to its end', async () => {
    const agent = await world.launch(hostOf(1).host, wanderer)
    expect(await world.ended(hostOf(1).host, agent)).toEqual({ ok: true, value: cheapTruth(wanderer) })
    await world.time.advance(500)
    const receipts = (await receiptsAt(1)).map(({ receipt }) => receipt.statement)
    expect(receipts.length).toBeGreaterThan(3)
    expect(new Set(receipts.map(({ epoch }) => epoch)).size).toBe(2)
    expect(receipts[0]).toMatchObject({ from: null, number: 1, previous: null, fuelFrom: 0 })
    for (const [i, { from, fuelFrom, epoch }] of receipts.entries()) {
      const before = receipts[i - 1]
      if (!before) continue
      expect(before.to).toEqual({ kind: 'checkpoint', checkpoint: from })
      expect(before.fuelTo).toBe(fuelFrom)
      expect(Number(epoch)).toBeGreaterThanOrEqual(Number(before.epoch))
    }
    expect(receipts.at(-1)).toMatchObject({ to: { kind: 'result' }, fuelTo: wanderer.steps })
  })

  it('begin at nothing, although a guest that waits for its start says what loading has burnt', async () => {
    const inner = new CheapSandbox(world.time)
    const loading: Sandbox = {
      spawn(order, onEvent) {
        let hasRun = false
        const guest = inner.spawn(order, onEvent)
        for (let ms = 1; ms <= 200; ms++)
          world.time.after(ms, () => {
            if (!hasRun && order.image === null) onEvent({ kind: 'pulse', fuelUsed: 141, sentBytes: 0 })
          })
        return {
          ...bound(guest),
          run() {
            hasRun = true
            guest.run()
          },
        }
      },
    }
    await world.kill(2)
    await world.kill(3)
    await world.start(4, { sandbox: loading })
    await world.time.advance(3_000)
    const short: CheapProgram = { steps: 1_000, emitEvery: 0 }
    const agent = await world.launch(hostOf(1).host, short)
    expect(await world.ended(hostOf(1).host, agent)).toEqual({ ok: true, value: cheapTruth(short) })
    expect(hostOf(1).host.story(agent, 0)?.row.epoch).toBe(1)
    expect(hostOf(1).logs.filter((line) => /unproved|refused/.test(line))).toEqual([])
  })
})

const bound = (guest: Guest): Guest => ({
  run: () => guest.run(),
  freeze: () => guest.freeze(),
  deliver: (delivery) => guest.deliver(delivery),
  limit: (limit) => guest.limit(limit),
  patch: (image) => guest.patch(image),
  terminate: () => guest.terminate(),
})
