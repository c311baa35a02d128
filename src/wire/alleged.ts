import type { ErrorCode } from './error-codes.ts'
import type { AsyncName, Asyncs, RequestName, Requests } from './messages.ts'
import type { Sealed, Statement } from './statements.ts'

/**
 * What a message is between the codec and the authority: decoded and bounded, but with envelopes whose signatures
 * nobody has checked. The types keep the two apart: an `AllegedMessage` cannot be handed to anything that takes a
 * `Message`, and the only way from the one to the other is authority.ts.
 */
export interface AllegedEnvelope<S extends Statement = Statement> {
  /** The type of statement that belongs at this place. */
  readonly alleged: S['type']
  readonly envelope: Uint8Array
}

export const alleged = <S extends Statement>(type: S['type'], envelope: Uint8Array): AllegedEnvelope<S> => ({
  alleged: type,
  envelope,
})

/** T with every sealed statement in it replaced by its alleged envelope. */
export type Alleged<T> = T extends string | number | boolean | null | Uint8Array
  ? T
  : T extends Sealed<infer S extends Statement>
    ? AllegedEnvelope<S>
    : T extends readonly (infer Entry)[]
      ? readonly Alleged<Entry>[]
      : { readonly [Field in keyof T]: Alleged<T[Field]> }

export type AllegedMessage =
  | {
      [N in RequestName]: { readonly kind: 'request'; readonly name: N; readonly body: Alleged<Requests[N]['ask']> }
    }[RequestName]
  | {
      [N in RequestName]: {
        readonly kind: 'reply'
        readonly name: N
        readonly to: number
        readonly body: Alleged<Requests[N]['answer']>
      }
    }[RequestName]
  | {
      readonly kind: 'error'
      readonly name: RequestName
      readonly to: number
      readonly code: ErrorCode
      readonly reason: string
    }
  | { [N in AsyncName]: { readonly kind: 'async'; readonly name: N; readonly body: Alleged<Asyncs[N]> } }[AsyncName]

export const isAlleged = (value: object): value is AllegedEnvelope => 'alleged' in value && 'envelope' in value

export const isSealed = (value: object): value is Sealed<Statement> =>
  'statement' in value && 'signer' in value && 'envelope' in value

/** Plain data with some of its objects replaced; what has none of them is passed on, not copied. */
export function replaceObjects(value: unknown, replace: (part: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const replaced = replace(value)
  if (replaced !== undefined) return replaced
  if (Array.isArray(value)) {
    const list = value.map((entry) => replaceObjects(entry, replace))
    return list.some((entry, i) => entry !== value[i]) ? list : value
  }
  let copy: Record<string, unknown> | null = null
  for (const field of Object.keys(value)) {
    const part = (value as Record<string, unknown>)[field]
    const other = replaceObjects(part, replace)
    if (other === part) continue
    copy ??= { ...value }
    copy[field] = other
  }
  return copy ?? value
}
