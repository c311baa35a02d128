import { expect, it } from 'vitest'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { Vault } from '../../src/host/vault.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { page, smallImage } from '../checkpoint/images.ts'

const AGENT = 'a.1.1' as AgentId
const nobody = async () => ({ ok: false, code: 'CLOSED', reason: 'there is nobody' }) as const
const checkpoint = (fill: number) => sealCheckpoint(smallImage({ pages: new Map([[3, page(fill)]]) }))

it('keeps a checkpoint that was sealed after the one that home has, and lets the older one go', async () => {
  const vault = await Vault.open(await openMemoryStore(), nobody)
  const [first, second, third] = [checkpoint(1), checkpoint(2), checkpoint(3)]
  for (const { root, blocks } of [first, second, third]) await vault.keepCheckpoint(AGENT, root, blocks)
  await vault.forgetBefore(AGENT, second.root)
  expect([first, second, third].map(({ root }) => vault.has(root))).toEqual([false, true, true])
})

it('lets nothing go for a checkpoint that is not here', async () => {
  const vault = await Vault.open(await openMemoryStore(), nobody)
  const [first, other] = [checkpoint(1), checkpoint(2)]
  await vault.keepCheckpoint(AGENT, first.root, first.blocks)
  await vault.forgetBefore(AGENT, other.root)
  expect(vault.has(first.root)).toBe(true)
})
