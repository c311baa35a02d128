import type { Cid } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import type { CallName } from './calls.ts'
import { UNBOUNDED } from './grant.ts'
import { type Policy, policyOf, type Statement, violatedBy } from './policy.ts'
import { minQuota, QUOTA_FIELDS, type Quota } from './quota.ts'

/**
 * How much a permit grants, as UCAN lets it be said: by statements about the argument of `/agent/run`, which names every
 * number that the agent is to have. `["<=", ".fuel", 1000000000000]` bounds one; `["all", ".calls", ["or", [["==", ".",
 * "move"], …]]]` lists the system calls. So any verifier of UCANs can hold an invocation against it, and a chain adds up
 * by itself: every statement of every link must hold. `termsOf` reads the bounds back, to grant an agent as much as it may
 * have; what runs is then held against the whole policy all the same, so a statement that is not read here still binds.
 */
/** The least over all policies; where nobody says anything, UNBOUNDED. */
export function termsOf(policies: readonly Policy[]): Quota {
  return policies
    .flat()
    .map(boundsOf)
    .reduce((least, bounds) => minQuota(least, bounds), UNBOUNDED)
}

function boundsOf(statement: Statement): Quota {
  if (statement.operator === 'and') return termsOf([statement.statements])
  if (!('path' in statement)) return UNBOUNDED
  if (statement.operator === 'all' && statement.path === '.calls')
    return { ...UNBOUNDED, calls: UNBOUNDED.calls.filter((name) => violatedBy([statement.statement], name) === null) }
  const field = QUOTA_FIELDS.find((name) => statement.path === `.${name}`)
  const bound = boundOf(statement)
  return field && bound !== null ? { ...UNBOUNDED, [field]: Math.max(0, bound) } : UNBOUNDED
}

/** The greatest whole number of which the statement holds; null where it bounds none. */
function boundOf(statement: Statement): number | null {
  if (statement.operator !== '<=' && statement.operator !== '<' && statement.operator !== '==') return null
  if (typeof statement.value !== 'number' && typeof statement.value !== 'bigint') return null
  const value = Number(statement.value)
  return statement.operator === '<' ? Math.ceil(value) - 1 : Math.floor(value)
}

/** What `/agent/run` is asked with: what runs, of whom, for whom, and all that it is to have. */
export const runArgument = (
  what: { readonly author: Did; readonly bundle: Cid; readonly input: Cid; readonly home: Did },
  quota: Quota,
): Readonly<Record<string, unknown>> => ({ ...what, ...quota })

/** The statements that say this much; of what is left out, nothing is said. */
export function policyOfTerms(terms: {
  readonly quota?: Partial<Quota>
  readonly calls?: readonly CallName[]
  /** Only agents of this bundle, or of this author. */
  readonly bundle?: string
  readonly author?: string
}): Policy {
  const bounds = QUOTA_FIELDS.flatMap((field) => {
    const most = terms.quota?.[field]
    return most === undefined ? [] : [['<=', `.${field}`, most]]
  })
  return policyOf([
    ...bounds,
    ...(terms.calls ? [['all', '.calls', ['or', namesOf(terms.calls)]]] : []),
    ...(terms.bundle === undefined ? [] : [['==', '.bundle', terms.bundle]]),
    ...(terms.author === undefined ? [] : [['==', '.author', terms.author]]),
  ])
}

/** An `or` of nothing holds: `self`, which needs no grant, stands for no calls at all. */
const namesOf = (calls: readonly CallName[]): readonly unknown[] =>
  (calls.length === 0 ? (['self'] as const) : calls).map((name) => ['==', '.', name])
