import * as v from 'valibot'
import { encode } from '../base/codec.ts'
import { type Cid, cborCid } from '../base/digest.ts'
import type { Alleged } from './alleged.ts'
import * as f from './fields.ts'
import { NOTICE_ENVELOPE_BYTES_MAX, NOTICE_REASON_CHARS_MAX } from './limits.ts'
import type { Ban, Release, Revocation, Sealed, Vote } from './statements.ts'

/**
 * Evidence against a key or a permit, which hosts keep for ever and pass on to each other. It verifies from its own bytes;
 * who said it first does not matter, and no message takes it back. Whose word a host acts on is that host's business
 * (host/notices.ts).
 */
export type Notice =
  /** An administrator's word. */
  | { readonly kind: 'ban'; readonly ban: Sealed<Ban> }
  /** An issuer takes a delegation back. */
  | { readonly kind: 'revocation'; readonly revocation: Sealed<Revocation> }
  /** One key made two of an agent: gave the same epoch away twice, or decided it twice. Proves itself, whoever brings it. */
  | Equivocal<'release', Release>
  | Equivocal<'vote', Vote>

interface Equivocal<Of, S> {
  readonly kind: 'equivocation'
  readonly of: Of
  readonly first: Sealed<S>
  readonly second: Sealed<S>
}

/**
 * The notice's name: what it says, not the bytes it says it with. A second proof against the same key, or the same ban with
 * another reason, is the same notice; whoever can sign much cannot make many of one.
 */
export const noticeName = (notice: Notice): Cid => cborCid(encode(about(notice)))

function about(notice: Notice): readonly string[] {
  switch (notice.kind) {
    case 'ban':
      return ['ban', notice.ban.statement.subject, notice.ban.signer]
    case 'revocation':
      return ['revocation', notice.revocation.statement.permit, notice.revocation.signer]
    case 'equivocation':
      return ['equivocation', notice.first.signer]
  }
}

export const noticeReason: f.Schema<string> = v.pipe(v.string(), v.maxLength(NOTICE_REASON_CHARS_MAX))

const equivocal = <Of extends S['type'], S extends Release | Vote>(of: Of) =>
  v.strictObject({
    kind: v.literal('equivocation'),
    of: v.literal(of),
    first: f.envelope<S>(of, NOTICE_ENVELOPE_BYTES_MAX),
    second: f.envelope<S>(of, NOTICE_ENVELOPE_BYTES_MAX),
  })

export const notice: f.Schema<Alleged<Notice>> = v.variant('kind', [
  v.strictObject({ kind: v.literal('ban'), ban: f.envelope<Ban>('ban', NOTICE_ENVELOPE_BYTES_MAX) }),
  v.strictObject({
    kind: v.literal('revocation'),
    revocation: f.envelope<Revocation>('revocation', NOTICE_ENVELOPE_BYTES_MAX),
  }),
  v.variant('of', [equivocal<'release', Release>('release'), equivocal<'vote', Vote>('vote')]),
])

export const noticesUpTo = (noticesMax: number): f.Schema<Alleged<Notice>[]> => f.listOf(notice, noticesMax)
