import { CID } from 'multiformats/cid'
import { type Cid, parseCid } from './digest.ts'
import { type Result, refuse } from './result.ts'

/** Links of IPLD, as the codec reads and writes them (tag 42). Ours are texts wherever the format is ours. */
export const linkTo = (cid: Cid): unknown => CID.parse(cid)

export function parseLink(value: unknown): Result<Cid, 'CID'> {
  const link = CID.asCID(value)
  if (!link) return refuse('CID', 'not a link')
  const parsed = parseCid(link.toString())
  return parsed.ok ? { ok: true, value: parsed.value.cid } : parsed
}
