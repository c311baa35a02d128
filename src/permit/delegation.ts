import type { Bytes } from '../base/bytes.ts'
import { type Cid, cborCid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { misshapen, reading } from '../base/shape.ts'
import type { Did } from '../identity/did.ts'
import type { Signer } from '../identity/signer.ts'
import type { Verifier } from '../identity/verifier.ts'
import { parseCommand } from './command.ts'
import { type Policy, parsePolicy, policyData } from './policy.ts'
import {
  isSignedBy,
  mapOf,
  parseToken,
  readDid,
  readNonce,
  readSeconds,
  sealToken,
  type Token,
  type TokenFault,
} from './token.ts'

/**
 * One link of a permit: `issuer` lets `audience` do `command` in the name of `subject`, as far as `policy` holds of the
 * arguments and within the dates. UCAN Delegation 1.0. A permit is a chain of these (chain.ts), the root's own first.
 */
export interface AllegedDelegation {
  readonly issuer: Did
  readonly audience: Did
  /** Whose powers these are; null hands on whatever the issuer may, in anybody's name (a powerline). */
  readonly subject: Did | null
  readonly command: string
  readonly policy: Policy
  /** What its issuer says about it; grants nothing. */
  readonly meta: Readonly<Record<string, unknown>>
  readonly notBeforeMs: number | null
  readonly expiresMs: number | null
  /** Its name: what a revocation names. */
  readonly cid: Cid
  readonly bytes: Uint8Array
}

declare const verified: unique symbol
/** Signed by its issuer. Only `openDelegation` makes one. */
export interface Delegation extends AllegedDelegation {
  readonly [verified]: true
}

/** Reads a delegation of which nobody knows who wrote it: to show it, never to act on it. */
export function parseDelegation(bytes: Uint8Array): Result<AllegedDelegation, TokenFault> {
  const read = readDelegation(bytes)
  return read.ok ? accept(read.value.delegation) : read
}

export async function openDelegation(verifier: Verifier, bytes: Uint8Array): Promise<Result<Delegation, TokenFault>> {
  const read = readDelegation(bytes)
  if (!read.ok) return read
  const { delegation, token } = read.value
  if (!(await isSignedBy(verifier, delegation.issuer, token)))
    return refuse('SIGNATURE', `permit ${delegation.cid} is not signed by ${delegation.issuer}`)
  return accept(delegation as Delegation)
}

function readDelegation(bytes: Uint8Array): Result<{ delegation: AllegedDelegation; token: Token }, TokenFault> {
  const token = parseToken(bytes, 'ucan/dlg@1.0.0')
  if (!token.ok) return token
  return reading('SHAPE', () => {
    const required = ['iss', 'aud', 'sub', 'cmd', 'pol', 'nonce', 'exp'] as const
    const fields = mapOf(token.value.payload, 'delegation', required, ['meta', 'nbf'])
    const command = parseCommand(fields.cmd)
    if (!command.ok) return misshapen(command.reason)
    const policy = parsePolicy(fields.pol)
    if (!policy.ok) return misshapen(policy.reason)
    readNonce(fields.nonce)
    const meta = fields.meta ?? {}
    if (typeof meta !== 'object' || Object.getPrototypeOf(meta) !== Object.prototype) misshapen('meta is not a map')
    const delegation: AllegedDelegation = {
      issuer: readDid(fields.iss, 'iss'),
      audience: readDid(fields.aud, 'aud'),
      subject: fields.sub === null ? null : readDid(fields.sub, 'sub'),
      command: command.value,
      policy: policy.value,
      meta: meta as Readonly<Record<string, unknown>>,
      notBeforeMs: fields.nbf === undefined ? null : readSeconds(fields.nbf, 'nbf') * 1000,
      expiresMs: fields.exp === null ? null : readSeconds(fields.exp, 'exp') * 1000,
      cid: cborCid(bytes),
      bytes,
    }
    return { delegation, token: token.value }
  })
}

export interface Grant {
  readonly audience: Did
  readonly subject: Did | null
  readonly command: string
  readonly policy: Policy
  readonly meta?: Readonly<Record<string, unknown>>
  readonly notBeforeMs?: number
  /** Rounded down to seconds. */
  readonly expiresMs: number
  /** NONCE_BYTES of chance, so that two permits of the same words are two, and one can be revoked. */
  readonly nonce: Uint8Array
}

/** The signer lets `audience` do it. Whether the signer may itself is for whoever is shown the chain to find. */
export function grantPermit(signer: Signer, grant: Grant): Promise<Bytes> {
  const { audience, subject, command, policy, meta, notBeforeMs, expiresMs, nonce } = grant
  return sealToken(signer, 'ucan/dlg@1.0.0', {
    iss: signer.did,
    aud: audience,
    sub: subject,
    cmd: command,
    pol: policyData(policy),
    nonce,
    exp: Math.floor(expiresMs / 1000),
    ...(meta && { meta }),
    ...(notBeforeMs !== undefined && { nbf: Math.floor(notBeforeMs / 1000) }),
  })
}
