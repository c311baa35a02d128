import { type Proof, proofBlocks } from '../../audit/proof.ts'
import type { Cid } from '../../base/digest.ts'
import { accept } from '../../base/result.ts'
import { BUNDLE_BYTES_MAX } from '../../bundle/limits.ts'
import { ROOT_BYTES_MAX } from '../../checkpoint/limits.ts'
import type { AgentId } from '../../directory/agent-id.ts'
import { borrowBlocks } from '../../host/borrow.ts'
import type { Host } from '../../host/host.ts'
import { Pull } from '../../host/pull.ts'
import { TABLE_SHARE } from '../../host/transfer-limits.ts'
import type { Did } from '../../identity/did.ts'
import { nodeDeflate } from '../../platform/node/deflate.ts'
import { nodeClock, nodeTimers } from '../../platform/node/time.ts'
import type { Requests } from '../../wire/messages.ts'

/** A segment by its receipt, and the home that has kept what it takes to run it again. */
interface Wanted {
  readonly home: Did
  readonly agent: AgentId
  readonly receipt: Cid
}

/** Everything that it takes, from the home that kept it; null where it is gone by now. */
export async function bringProof(host: Pick<Host, 'ask'>, { home, agent, receipt }: Wanted): Promise<Proof | null> {
  const answer = await host.ask(home, 'segment', { agent, receipt })
  if (!answer.ok) return null
  const { rerun, claims } = answer.body as Requests['segment']['answer']
  let received = 0
  const blocks = await borrowBlocks(
    async (get) => accept(await proofBlocks(rerun.receipt.statement, get)),
    async () => null,
    (get) =>
      new Pull(
        {
          deflate: nodeDeflate,
          ask: async (from, body) => {
            const pack = await host.ask(from, 'fetch', body)
            if (pack.ok) received += (pack.body as Requests['fetch']['answer']).pack.bytes.length
            return pack
          },
          received: () => received,
          clock: nodeClock,
          timers: nodeTimers,
        },
        {
          from: home,
          transfer: 1,
          agent,
          blockBytesMax: ROOT_BYTES_MAX,
          bytesMax: BUNDLE_BYTES_MAX + rerun.receipt.statement.limits.memoryBytesMax * TABLE_SHARE,
          get,
        },
      ),
  )
  return blocks.ok ? { rerun, claims, get: blocks.value } : null
}
