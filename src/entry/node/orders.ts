import { setTimeout as pause } from 'node:timers/promises'
import { toHex } from '../../base/bytes.ts'
import type { AgentId } from '../../directory/agent-id.ts'
import { type LaunchWish, openPermits, signOrder } from '../../host/sign-order.ts'
import { type Did, parseDid } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { nodeRandom } from '../../platform/node/time.ts'
import { createAuthority } from '../../wire/authority.ts'
import type { ErrorCode } from '../../wire/error-codes.ts'
import type { CommandOrder } from '../../wire/statements.ts'
import { AnswerError, type ClusterClient } from './cluster-client.ts'
import { CommandError } from './output.ts'

/** Orders of an author or operator: signed with the key of the identity file, not with that of the host they travel on. */

/** An order is good for this long: clocks of two machines may differ by as much, and a host takes at most 5 min. */
const ORDER_MS = 2 * 60_000

/** MIGRATED leads from home to holder, and once more for each hop meanwhile; more is a circle. */
const REDIRECTS_MAX = 4

/** Tries of an order that met a busy host or a lost session, and the pause before each. */
const TRIES_MAX = 10
const TRY_AGAIN_MS = 500

const once = () => ({ nonce: toHex(nodeRandom.bytes(16)), expiresMs: Date.now() + ORDER_MS })

/** Says something until it is answered otherwise than by "not now" or by silence. */
async function persevere<T>(attempt: (before: ErrorCode | null) => Promise<T>): Promise<T> {
  let before: ErrorCode | null = null
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(before)
    } catch (error) {
      before = error instanceof AnswerError ? error.answer : null
      if ((before !== 'BUSY' && before !== 'TIMEOUT' && before !== 'CLOSED') || tries >= TRIES_MAX) throw error
      await pause(TRY_AGAIN_MS)
    }
  }
}

const authorityOf = (signer: Signer) => createAuthority(signer, createVerifier(globalThis.crypto.subtle))

/**
 * Launches an agent at a home. The home fetches the bundle from us, so it must be in the client's store. However often
 * the order is repeated, its nonce makes one agent of it.
 */
export async function orderLaunch(
  client: ClusterClient,
  signer: Signer,
  wish: Omit<LaunchWish, 'nonce' | 'expiresMs'>,
): Promise<AgentId> {
  const license = await signOrder(authorityOf(signer), { ...wish, ...once() })
  if (!license.ok) throw new CommandError('PERMIT', `the permit is none: ${license.reason}`)
  const { inputJson } = wish
  const { agent } = await persevere(() => client.ask(wish.home, 'launch', { license: license.value, inputJson }))
  return agent
}

/** Gives a command to a host, and to whom it points at. Returns the host that took it, and what it said. */
export async function orderCommand(
  client: ClusterClient,
  signer: Signer,
  first: Did,
  wish: Pick<CommandOrder, 'verb' | 'agent' | 'to'>,
  permit: readonly Uint8Array[] = [],
): Promise<{ readonly host: Did; readonly note: string }> {
  const permits = await openPermits(authorityOf(signer), permit)
  if (!permits.ok) throw new CommandError('PERMIT', `the permit is none: ${permits.reason}`)
  let host = first
  for (let redirects = 0; ; redirects++) {
    const seal = () => authorityOf(signer).seal<CommandOrder>({ type: 'command', host, ...wish, ...once() })
    let order = await seal()
    try {
      const { note } = await persevere(async (before) => {
        if (before === 'BUSY') order = await seal() // it has used the first one's nonce up
        return client.ask(host, 'command', { order, permits: permits.value })
      })
      return { host, note }
    } catch (error) {
      const next = error instanceof AnswerError && error.answer === 'MIGRATED' ? parseDid(error.reason) : null
      if (!next?.ok || redirects >= REDIRECTS_MAX) throw error
      host = next.value
    }
  }
}
