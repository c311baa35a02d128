import type { Bytes } from '../base/bytes.ts'
import { type Cid, cborCid } from '../base/digest.ts'
import { linkTo, parseLink } from '../base/link.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { misshapen, reading } from '../base/shape.ts'
import type { Did } from '../identity/did.ts'
import type { Signer } from '../identity/signer.ts'
import type { Verifier } from '../identity/verifier.ts'
import { parseCommand } from './command.ts'
import { CHAIN_LENGTH_MAX } from './limits.ts'
import {
  isSignedBy,
  mapOf,
  parseToken,
  readDid,
  readNonce,
  readProofs,
  readSeconds,
  sealToken,
  type TokenFault,
} from './token.ts'

/** A permit put to use: `issuer` does `command` in the name of `subject`, and names the chain that lets it. UCAN Invocation 1.0. */
export interface Invocation {
  readonly issuer: Did
  readonly subject: Did
  readonly audience: Did | null
  readonly command: string
  readonly argument: Readonly<Record<string, unknown>>
  readonly proofs: readonly Cid[]
  readonly expiresMs: number | null
  readonly cid: Cid
}

export async function openInvocation(verifier: Verifier, bytes: Uint8Array): Promise<Result<Invocation, TokenFault>> {
  const token = parseToken(bytes, 'ucan/inv@1.0.0')
  if (!token.ok) return token
  const read = reading('SHAPE', (): Invocation => {
    const required = ['iss', 'sub', 'cmd', 'args', 'prf', 'nonce', 'exp'] as const
    const fields = mapOf(token.value.payload, 'invocation', required, ['aud', 'meta', 'iat', 'cause'])
    const command = parseCommand(fields.cmd)
    if (!command.ok) return misshapen(command.reason)
    if (fields.iat !== undefined) readSeconds(fields.iat, 'iat')
    readNonce(fields.nonce)
    const args = fields.args
    if (typeof args !== 'object' || args === null || Object.getPrototypeOf(args) !== Object.prototype)
      return misshapen('args is not a map')
    return {
      issuer: readDid(fields.iss, 'iss'),
      subject: readDid(fields.sub, 'sub'),
      audience: fields.aud === undefined ? null : readDid(fields.aud, 'aud'),
      command: command.value,
      argument: args as Readonly<Record<string, unknown>>,
      proofs: readProofs(fields.prf, CHAIN_LENGTH_MAX).map((link) => {
        const proof = parseLink(link)
        return proof.ok ? proof.value : misshapen(`prf: ${proof.reason}`)
      }),
      expiresMs: fields.exp === null ? null : readSeconds(fields.exp, 'exp') * 1000,
      cid: cborCid(bytes),
    }
  })
  if (!read.ok) return read
  if (!(await isSignedBy(verifier, read.value.issuer, token.value)))
    return refuse('SIGNATURE', `invocation is not signed by ${read.value.issuer}`)
  return accept(read.value)
}

export function sealInvocation(
  signer: Signer,
  use: Omit<Invocation, 'issuer' | 'cid' | 'audience'> & { readonly nonce: Uint8Array },
): Promise<Bytes> {
  return sealToken(signer, 'ucan/inv@1.0.0', {
    iss: signer.did,
    sub: use.subject,
    cmd: use.command,
    args: use.argument,
    prf: use.proofs.map(linkTo),
    nonce: use.nonce,
    exp: use.expiresMs === null ? null : Math.floor(use.expiresMs / 1000),
  })
}
