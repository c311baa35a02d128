import { accept, type Result, refuse } from '../base/result.ts'
import { type Did, parseDid } from '../identity/did.ts'

/**
 * What agents call each other: a name under its owner, whoever launched the agent. `tally` is the asking agent's own
 * launcher's, `tally@did:key:z6Mk…` another one's.
 */
export interface NameAsked {
  readonly name: string
  /** Null: of whoever launched the agent that asks. */
  readonly owner: Did | null
}

/** Characters, in the alphabet of host names; so a list of names is read aloud, typed and printed without surprises. */
const NAME_CHARS_MAX = 64
export const NAME_PATTERN: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/

export function parseName(text: unknown): Result<NameAsked, 'NAME'> {
  if (typeof text !== 'string') return refuse('NAME', 'a name is a text')
  const at = text.indexOf('@')
  const name = at < 0 ? text : text.slice(0, at)
  if (!NAME_PATTERN.test(name))
    return refuse(
      'NAME',
      `a name is 1 to ${NAME_CHARS_MAX} of a-z, 0-9, ".", "_", "-", and begins with a letter or digit`,
    )
  if (at < 0) return accept({ name, owner: null })
  const owner = parseDid(text.slice(at + 1))
  return owner.ok ? accept({ name, owner: owner.value }) : refuse('NAME', `the owner behind the @: ${owner.reason}`)
}
