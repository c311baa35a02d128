import { accept, type Result, refuse } from '../base/result.ts'
import { type Did, parseDid } from '../identity/did.ts'
import { ADMISSION_CHARS_MAX, ADMISSION_RULES_MAX } from './limits.ts'
import type { HostKind } from './snapshot.ts'

/**
 * Whom a host lets in, as data: rules tried in turn, and whoever fits none is refused. Static hosts (those its owner has
 * named) need no rule: with no rule at all a cluster is closed to everybody else. Written as people say it:
 *
 *     open
 *     invited
 *     closed
 *     invited by did:key:z6Mk…, else open for tabs only
 */
export type AdmissionRule =
  | { readonly allow: 'open'; readonly kinds: readonly HostKind[] | null }
  /** Whoever shows a permit to join by one of these keys; null: by an administrator's. */
  | { readonly allow: 'invited'; readonly by: readonly Did[] | null; readonly kinds: readonly HostKind[] | null }

export type Admission = readonly AdmissionRule[]

/** Anybody, without any credit of trust. */
export const OPEN: Admission = [{ allow: 'open', kinds: null }]

const KINDS: Readonly<Record<string, HostKind>> = {
  tab: 'tab',
  tabs: 'tab',
  edge: 'edge',
  edges: 'edge',
  launcher: 'launcher',
  launchers: 'launcher',
}

export function parseAdmission(text: string): Result<Admission, 'ADMISSION'> {
  if (text.length > ADMISSION_CHARS_MAX)
    return refuse('ADMISSION', `admissionChars ${text.length} > ADMISSION_CHARS_MAX ${ADMISSION_CHARS_MAX}`)
  const clauses = text.split(/[,;]/).map((clause) => clause.trim().split(/\s+/))
  if (clauses.length > ADMISSION_RULES_MAX)
    return refuse('ADMISSION', `rules ${clauses.length} > ADMISSION_RULES_MAX ${ADMISSION_RULES_MAX}`)
  const rules: AdmissionRule[] = []
  for (const [at, words] of clauses.entries()) {
    const rule = parseRule(words[0] === 'else' ? words.slice(1) : words)
    if (!rule.ok) return rule
    // Both say that nothing is added: `static` because it always holds, `closed` because there is nothing else.
    if (rule.value !== null) rules.push(rule.value)
    else if (words.includes('closed') && at < clauses.length - 1)
      return refuse('ADMISSION', 'nothing can follow "closed"')
  }
  return accept(rules)
}

function parseRule([allow = '', ...rest]: readonly string[]): Result<AdmissionRule | null, 'ADMISSION'> {
  const words = rest.at(-1) === 'only' ? rest.slice(0, -1) : rest
  const at = words.indexOf('for')
  const kinds = at < 0 ? accept(null) : parseKinds(words.slice(at + 1))
  if (!kinds.ok) return kinds
  const by = at < 0 ? words : words.slice(0, at)
  if ((allow === 'static' || allow === 'closed') && rest.length === 0) return accept(null)
  if (allow === 'open' && by.length === 0) return accept({ allow, kinds: kinds.value })
  if (allow !== 'invited' || (by.length > 0 && by[0] !== 'by'))
    return refuse(
      'ADMISSION',
      `"${[allow, ...rest].join(' ')}" is none of: static, open, invited, invited by DID, closed`,
    )
  if (by.length === 0) return accept({ allow, by: null, kinds: kinds.value })
  const dids = parseDids(by.slice(1))
  return dids.ok ? accept({ allow, by: dids.value, kinds: kinds.value }) : dids
}

function parseKinds(words: readonly string[]): Result<readonly HostKind[], 'ADMISSION'> {
  const kinds: HostKind[] = []
  for (const word of words.filter((one) => one !== 'and' && one !== 'or')) {
    const kind = KINDS[word]
    if (!kind) return refuse('ADMISSION', `"${word}" is no kind of host: tabs, edges or launchers`)
    kinds.push(kind)
  }
  return kinds.length > 0 ? accept(kinds) : refuse('ADMISSION', 'after "for" a kind of host is missing')
}

function parseDids(words: readonly string[]): Result<readonly Did[], 'ADMISSION'> {
  const dids: Did[] = []
  for (const word of words.filter((one) => one !== 'or')) {
    const did = parseDid(word)
    if (!did.ok) return refuse('ADMISSION', did.reason)
    dids.push(did.value)
  }
  return dids.length > 0 ? accept(dids) : refuse('ADMISSION', 'after "by" a did is missing')
}

/** The same in words, as a description says it; what `parseAdmission` makes the same rules of. */
export const admissionText = (admission: Admission): string =>
  admission.length === 0 ? 'closed' : admission.map(ruleText).join(', ')

function ruleText(rule: AdmissionRule): string {
  const by = rule.allow === 'invited' && rule.by ? ` by ${rule.by.join(' or ')}` : ''
  return `${rule.allow}${by}${rule.kinds ? ` for ${rule.kinds.map((kind) => `${kind}s`).join(' and ')}` : ''}`
}

/** The rules that a host of this kind can fit, in their order. */
export const rulesFor = (admission: Admission, kind: HostKind): readonly AdmissionRule[] =>
  admission.filter(({ kinds }) => kinds === null || kinds.includes(kind))
