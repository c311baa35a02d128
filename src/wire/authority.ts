import * as v from 'valibot'
import { toHex } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { Lately } from '../base/lately.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Did } from '../identity/did.ts'
import { openEnvelope, sealEnvelope } from '../identity/envelope.ts'
import type { Signer } from '../identity/signer.ts'
import type { Verifier } from '../identity/verifier.ts'
import { openDelegation } from '../permit/delegation.ts'
import { type AllegedEnvelope, type AllegedMessage, isAlleged, replaceObjects } from './alleged.ts'
import { violation } from './fields.ts'
import { ENVELOPE_SEEN_BYTES_MAX, ENVELOPES_SEEN_MAX } from './limits.ts'
import type { Message } from './messages.ts'
import { STATEMENT_SCHEMAS } from './schemas.ts'
import type { PermitLink, Sealed, Statement } from './statements.ts'

/**
 * The one place where statements get their signatures and alleged envelopes become verified ones. Says who signed;
 * whether that somebody may is decided by the host.
 */
export interface Authority {
  readonly did: Did
  seal<S extends Exclude<Statement, PermitLink>>(statement: S): Promise<Sealed<S>>
  /** Verifies the signature, decodes the statement, and checks that it is of the type expected at this place. */
  open<S extends Statement>(envelope: Uint8Array, expectedType: S['type']): Promise<Result<Sealed<S>, StatementFault>>
  /** Our signature over a handshake (handshake.ts). */
  prove(transcript: Uint8Array): Promise<Uint8Array>
  proves(did: Did, transcript: Uint8Array, signature: Uint8Array): Promise<boolean>
}

export type StatementFault = 'ENVELOPE' | 'STATEMENT'

/**
 * An envelope is a value: whether it verifies is the same each time. So the last ones are remembered by their hash and
 * place, the good and the bad: evidence that travels again and again, and a lie said over and over, cost a hash.
 */
export function createAuthority(signer: Signer, verifier: Verifier): Authority {
  const seen = new Lately<string, Result<Sealed<Statement>, StatementFault>>(ENVELOPES_SEEN_MAX)
  const openOnce = async <S extends Statement>(
    envelope: Uint8Array,
    expectedType: S['type'],
  ): Promise<Result<Sealed<S>, StatementFault>> => {
    if (envelope.length > ENVELOPE_SEEN_BYTES_MAX) return openStatement<S>(verifier, envelope, expectedType)
    const name = `${expectedType} ${toHex(sha256(envelope))}`
    const known = seen.get(name)
    if (known) return known as Result<Sealed<S>, StatementFault>
    // A copy: what was verified must not change with the message it came in.
    const opened = await openStatement<S>(verifier, new Uint8Array(envelope), expectedType)
    seen.set(name, opened)
    return opened
  }
  return {
    did: signer.did,
    async seal(statement) {
      return { statement, signer: signer.did, envelope: await sealEnvelope(signer, statement.type, statement) }
    },
    open: openOnce,
    prove: (transcript) => signer.sign('handshake', transcript),
    proves: (did, transcript, signature) => verifier.verify(did, 'handshake', transcript, signature),
  }
}

async function openStatement<S extends Statement>(
  verifier: Verifier,
  envelope: Uint8Array,
  expectedType: S['type'],
): Promise<Result<Sealed<S>, StatementFault>> {
  if (expectedType === 'permit') {
    const link = await openDelegation(verifier, envelope)
    if (!link.ok) return refuse('ENVELOPE', `${link.code}: ${link.reason}`)
    const statement: PermitLink = { ...link.value, type: 'permit' }
    return accept({ statement: statement as Statement as S, signer: link.value.issuer, envelope })
  }
  const opened = await openEnvelope(verifier, expectedType, envelope)
  if (!opened.ok) return refuse('ENVELOPE', `${opened.code}: ${opened.reason}`)
  const statement = v.safeParse(STATEMENT_SCHEMAS[expectedType as Exclude<S['type'], 'permit'>], opened.value.value, {
    abortEarly: true,
  })
  if (!statement.success) return refuse('STATEMENT', violation(statement.issues, expectedType))
  return accept({ statement: statement.output as S, signer: opened.value.signer, envelope })
}

/** Whose signatures `resolveMessage` will have to check: what a session charges a message for, before it does. */
export function envelopesOf(message: AllegedMessage): readonly AllegedEnvelope[] {
  return message.kind === 'error' ? [] : allegedIn(message.body)
}

/** Opens every envelope of a message; the first that fails refuses the message whole. */
export async function resolveMessage(
  authority: Authority,
  message: AllegedMessage,
  envelopes = envelopesOf(message),
): Promise<Result<Message, StatementFault>> {
  if (message.kind === 'error' || envelopes.length === 0) return accept(message as Message)
  const opened = new Map<AllegedEnvelope, Sealed<Statement>>()
  for (const part of envelopes) {
    const result = await authority.open(part.envelope, part.alleged)
    if (!result.ok) return refuse(result.code, `${message.name}: ${result.reason}`)
    opened.set(part, result.value)
  }
  const body = replaceObjects(message.body, (part) => (isAlleged(part) ? opened.get(part) : undefined))
  return accept({ ...message, body } as Message)
}

function allegedIn(body: object): AllegedEnvelope[] {
  const found: AllegedEnvelope[] = []
  replaceObjects(body, (part) => {
    if (isAlleged(part)) found.push(part)
    return isAlleged(part) ? part : undefined
  })
  return found
}
