import { describe, expect, it } from 'vitest'
import { receiptCid, resultEnd, sequenceFault, startCid, type Vouched } from '../../src/audit/receipt.ts'
import { rawCid } from '../../src/base/digest.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import type { HomeRow } from '../../src/host/state.ts'
import { checkpointFault, endFault, nothingVouched } from '../../src/host/vouchers.ts'
import type { Receipt } from '../../src/wire/statements.ts'
import { receiptOf } from '../wire/proof-messages.ts'
import { authorityFor } from '../wire/world.ts'

const [home, holder, other] = [authorityFor(1), authorityFor(2), authorityFor(3)]
const agent = agentId({ home: home.did, age: 1, sequence: 1 })
const [a, b, c] = [1, 2, 3].map((byte) => rawCid(Uint8Array.of(byte))) as [
  Receipt['bundle'],
  Receipt['bundle'],
  Receipt['bundle'],
]
const to = (checkpoint: Receipt['bundle']) => ({ kind: 'checkpoint', checkpoint }) as const

const first: Receipt = { ...receiptOf(agent, a), epoch: 1, number: 1, from: a, to: to(b), fuelFrom: 10, fuelTo: 20 }
const begun: Vouched = nothingVouched(1, a, 10)
const newest = { name: receiptCid(first), receipt: first }
const gone: Vouched = { epoch: 1, number: 1, at: b, fuel: 20, newest, isLoose: false }
const second: Receipt = {
  ...first,
  number: 2,
  previous: receiptCid(first),
  from: b,
  to: to(c),
  fuelFrom: 20,
  fuelTo: 30,
}

describe('a receipt follows the one before', () => {
  it('where the epoch begins, and from there on', () => {
    expect(sequenceFault(begun, first)).toBeNull()
    expect(sequenceFault(gone, second)).toBeNull()
  })

  it('or takes the place of one whose taking was not heard of, from the same start and no less far', () => {
    expect(sequenceFault(gone, { ...first, to: to(c), fuelTo: 25 })).toBeNull()
    expect(sequenceFault(gone, { ...first, fuelTo: 19 })).toMatch(/goes less far/)
    expect(sequenceFault(gone, { ...first, from: b })).toMatch(/begins elsewhere/)
  })

  const cases: readonly [string, Vouched, Receipt, RegExp][] = [
    ['a gap', begun, { ...first, from: b }, /begins at .*, not at/],
    ['a segment left out', begun, second, /number 2 != 1/],
    ['another past', gone, { ...second, previous: a }, /does not follow/],
    ['work that was signed for before', gone, { ...second, fuelFrom: 15 }, /fuelFrom 15 != 20/],
    ['fuel given back', gone, { ...second, fuelTo: 19 }, /fuelTo 19 < fuelFrom 20/],
    ['another epoch', gone, { ...second, epoch: 2 }, /epoch 2 != 1/],
  ]
  it.each(cases)('and not with %s', (_what, vouched, receipt, reason) => {
    expect(sequenceFault(vouched, receipt)).toMatch(reason)
  })
})

describe('home takes nothing of a holder', () => {
  const log = Uint8Array.of(1)
  const row = {
    agent,
    holder: holder.did,
    bundle: a,
    inputJson: 'null',
    seed: 1,
    launchedMs: 2,
    resultTo: null,
    vouched: gone,
  } as unknown as HomeRow
  const end: Receipt = {
    ...second,
    bundle: a,
    start: startCid('null', 1, 2),
    to: resultEnd('42'),
    inputs: rawCid(log),
    inputBytes: log.length,
  }
  const effect = { agent, epoch: 1, kind: 'result', number: 1, valueJson: '42', after: 0, stretch: null } as const
  const voucher = async (receipt: Receipt, by = holder) => ({ receipt: await by.seal(receipt), log })

  it('but a result with its receipt', async () => {
    expect(endFault(row, holder.did, { ...effect, voucher: await voucher(end) })).toBeNull()
  })

  it('that is a result without one, or for another, by another, or with another log', async () => {
    const taken = async (receipt: Receipt, by = holder) =>
      endFault(row, holder.did, { ...effect, voucher: await voucher(receipt, by) })
    expect(endFault(row, holder.did, { ...effect, voucher: null })).toBe('no receipt for the result')
    expect(await taken({ ...end, to: resultEnd('41') })).toBe('receipt for another end')
    expect(await taken(end, other)).toMatch(/who is not the holder/)
    expect(await taken({ ...end, inputs: b })).toBe('the log is not what the receipt says')
    expect(await taken({ ...end, start: a })).toBe('receipt for another beginning')
    expect(await taken({ ...end, from: a })).toMatch(/begins at/)
  })

  it('or a checkpoint without one, unless it is the one that the agent came with', () => {
    const ask = { checkpoint: b, voucher: null } as unknown as Parameters<typeof checkpointFault>[2]
    expect(checkpointFault(row, holder.did, ask)).toBeNull()
    expect(checkpointFault(row, holder.did, { ...ask, checkpoint: c })).toMatch(/^no receipt for checkpoint/)
  })
})
