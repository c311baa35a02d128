import { expect, it } from 'vitest'
import { type Cid, rawCid } from '../../src/base/digest.ts'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { SimDisk } from '../../src/sim/disk.ts'
import { Parts } from '../../src/sim/parts.ts'
import type { SimHost } from '../../src/sim/sim-host.ts'
import type { World } from '../../src/sim/world.ts'
import { blockKey } from '../../src/storage/blocks.ts'
import { page, smallImage } from '../checkpoint/images.ts'

type Step = (host: unknown, life: { number: number }, event: object, effects: readonly object[]) => void

const checkpoint = (fill: number) => sealCheckpoint(smallImage({ pages: new Map([[3, page(fill)]]) }))
const FAULT = { code: 'TIMEOUT', reason: 'too slow' }

it('a part of a checkpoint is what is left of a transfer that failed in the last life, and nothing else', async () => {
  const [failed, arrived, before] = [checkpoint(1), checkpoint(2), checkpoint(3)]
  const stray = rawCid(Uint8Array.of(4))
  let step: Step = () => undefined
  const watch = (look: Step): void => {
    step = look
  }
  const parts = new Parts({ watch } as unknown as World)
  const fetchIn = (life: number, token: number, root: Cid, fault: object | null): void => {
    step(null, { number: life }, { kind: 'tick' }, [{ kind: 'fetchCheckpoint', token, checkpoint: root }])
    step(null, { number: life }, { kind: 'fetched', token, fault }, [])
  }
  fetchIn(1, 7, before.root, FAULT)
  fetchIn(2, 7, failed.root, FAULT)
  fetchIn(2, 8, arrived.root, null)

  const disk = new SimDisk(new VirtualTime(async () => undefined))
  const store = await disk.open()
  const all = [failed, arrived, before].flatMap(({ blocks }) => [...blocks])
  const writes = [...all, [stray, Uint8Array.of(4)] as const].map(([cid, value]) => ({ key: blockKey(cid), value }))
  // What was under way is on the disk all the same.
  store.commit(writes).catch(() => undefined)
  disk.crash(writes.length)
  const host = { disk } as unknown as SimHost
  expect(await parts.on(host, 2)).toEqual(new Set(failed.blocks.keys()))
  expect(await parts.on(host, 3)).toEqual(new Set())
})
