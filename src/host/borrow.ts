import type { Cid } from '../base/digest.ts'
import { accept } from '../base/result.ts'
import type { GetBlock } from '../checkpoint/open.ts'
import type { Outcome, Pull } from './pull.ts'

/**
 * Blocks that are read once and not kept: those that `names` asks for, which may be more the more of them are here. `here`
 * gives those that need not come from elsewhere.
 */
export async function borrowBlocks(
  names: (get: GetBlock) => Promise<Outcome<readonly Cid[]>>,
  here: GetBlock,
  pullOf: (get: GetBlock) => Pull,
): Promise<Outcome<GetBlock>> {
  const got = new Map<Cid, Uint8Array>()
  const get: GetBlock = async (cid) => got.get(cid) ?? here(cid)
  const pull = pullOf(get)
  for (;;) {
    const named = await names(get)
    if (!named.ok) return named
    const missing = new Set<Cid>()
    for (const cid of named.value) if (!got.has(cid) && !(await here(cid))) missing.add(cid)
    if (missing.size === 0) return accept(get)
    const pulled = await pull.run(
      [...missing].map((cid) => ({ cid, against: null })),
      async (blocks) => {
        for (const [cid, bytes] of blocks) got.set(cid, bytes)
        return accept(undefined)
      },
    )
    if (!pulled.ok) return pulled
  }
}
