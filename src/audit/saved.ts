import type { Bytes } from '../base/bytes.ts'
import { decode, encode } from '../base/codec.ts'
import { type Cid, parseCid } from '../base/digest.ts'
import { type Result, refuse } from '../base/result.ts'
import { bytes, list, misshapen, oneOf, reading, record } from '../base/shape.ts'
import { parseAgentId } from '../directory/agent-id.ts'
import { type Did, parseDid } from '../identity/did.ts'
import type { HopRecord } from '../wire/chain.ts'
import { HOP_STATEMENT_BYTES_MAX, VOTES_MAX, WITNESSES_MAX } from '../wire/limits.ts'
import type { Itinerary } from './itinerary.ts'
import { ITINERARY_BYTES_MAX, ITINERARY_MAX } from './limits.ts'

/** An itinerary as a file: canonical DAG-CBOR, to be kept by whoever wants to show it later. Says nothing about whether it holds. */
const FORMAT = 'sojourn/itinerary/1'

export const writeItinerary = ({ agent, bundle, origin, hops }: Itinerary): Bytes =>
  encode({ format: FORMAT, agent, bundle, origin: { ...origin }, hops })

export function readItinerary(file: Uint8Array): Result<Itinerary, 'SIZE' | 'ENCODING' | 'ITINERARY'> {
  if (file.length > ITINERARY_BYTES_MAX)
    return refuse('SIZE', `itineraryBytes ${file.length} > ITINERARY_BYTES_MAX ${ITINERARY_BYTES_MAX}`)
  const decoded = decode(file)
  if (!decoded.ok) return decoded
  return reading('ITINERARY', () => {
    const fields = record(decoded.value, 'itinerary', ['format', 'agent', 'bundle', 'origin', 'hops'])
    oneOf(fields.format, 'format', [FORMAT])
    const agent = parseAgentId(fields.agent)
    if (!agent.ok) return misshapen(agent.reason)
    const { order, after, witnesses } = record(fields.origin, 'origin', ['order', 'after', 'witnesses'])
    return {
      agent: agent.value.id,
      bundle: cid(fields.bundle),
      origin: {
        order: order === null ? null : cid(order),
        after: after === null ? null : cid(after),
        witnesses: list(witnesses, 'witnesses', WITNESSES_MAX).map(did),
      },
      hops: list(fields.hops, 'hops', ITINERARY_MAX).map(hop),
    }
  })
}

function hop(value: unknown): HopRecord {
  const { votes, release, ready } = record(value, 'hop', ['votes', 'release', 'ready'])
  const statement = (part: unknown, what: string): Uint8Array => bytes(part, what, HOP_STATEMENT_BYTES_MAX)
  return {
    votes: list(votes, 'votes', VOTES_MAX).map((vote) => statement(vote, 'vote')),
    release: release === null ? null : statement(release, 'release'),
    ready: ready === null ? null : statement(ready, 'ready'),
  }
}

function did(value: unknown): Did {
  const parsed = parseDid(value)
  return parsed.ok ? parsed.value : misshapen(parsed.reason)
}

function cid(value: unknown): Cid {
  const parsed = parseCid(value)
  return parsed.ok ? parsed.value.cid : misshapen(parsed.reason)
}
