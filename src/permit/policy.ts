import { equalBytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { accept, type Result } from '../base/result.ts'
import { list, misshapen, reading, text, tuple } from '../base/shape.ts'
import { PATTERN_CHARS_MAX, POLICY_STATEMENTS_MAX } from './limits.ts'
import { NOTHING, parseSelector, type Selector, select, valuesOf } from './selector.ts'

/**
 * The policy language of UCAN Delegation 1.0: statements about the arguments of an invocation, all of which must hold. A
 * statement about something that is not there does not hold, and neither does its opposite: `not` cannot make a permit
 * out of an argument that was left out. Numbers are DAG-CBOR's as this code base reads it, so 1 is written 1, never 1.0.
 */
export type Statement =
  | { readonly operator: '==' | '!='; readonly selector: Selector; readonly path: string; readonly value: unknown }
  | { readonly operator: Order; readonly selector: Selector; readonly path: string; readonly value: number | bigint }
  | { readonly operator: 'like'; readonly selector: Selector; readonly path: string; readonly pattern: string }
  | { readonly operator: 'not'; readonly statement: Statement }
  | { readonly operator: 'and' | 'or'; readonly statements: readonly Statement[] }
  | {
      readonly operator: 'all' | 'any'
      readonly selector: Selector
      readonly path: string
      readonly statement: Statement
    }

type Order = '<' | '<=' | '>' | '>='

export type Policy = readonly Statement[]

/** From a decoded value; its nesting is the codec's to bound. */
export function parsePolicy(value: unknown): Result<Policy, 'SHAPE'> {
  let count = 0
  const read = (from: unknown): Statement => {
    count += 1
    if (count > POLICY_STATEMENTS_MAX) misshapen(`statements > POLICY_STATEMENTS_MAX ${POLICY_STATEMENTS_MAX}`)
    const operator = list(from, 'statement', 3)[0]
    switch (operator) {
      case '==':
      case '!=': {
        const [, path, wanted] = tuple(from, operator, 3)
        return { operator, ...readSelector(path), value: wanted }
      }
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const [, path, bound] = tuple(from, operator, 3)
        if (typeof bound !== 'number' && typeof bound !== 'bigint') return misshapen(`${operator} without a number`)
        return { operator, ...readSelector(path), value: bound }
      }
      case 'like': {
        const [, path, pattern] = tuple(from, operator, 3)
        return { operator, ...readSelector(path), pattern: text(pattern, 'pattern', PATTERN_CHARS_MAX) }
      }
      case 'not':
        return { operator, statement: read(tuple(from, operator, 2)[1]) }
      case 'and':
      case 'or':
        return { operator, statements: list(tuple(from, operator, 2)[1], operator, POLICY_STATEMENTS_MAX).map(read) }
      case 'all':
      case 'any': {
        const [, path, inner] = tuple(from, operator, 3)
        return { operator, ...readSelector(path), statement: read(inner) }
      }
      default:
        return misshapen(`operator ${JSON.stringify(operator)?.slice(0, 32)} is not known`)
    }
  }
  return reading('SHAPE', () => list(value, 'policy', POLICY_STATEMENTS_MAX).map(read))
}

function readSelector(value: unknown): { readonly selector: Selector; readonly path: string } {
  const selector = parseSelector(value)
  return selector.ok ? { selector: selector.value, path: value as string } : misshapen(selector.reason)
}

/** The first statement that does not hold of the arguments; null when all do. */
export const violatedBy = (policy: Policy, args: unknown): Statement | null =>
  policy.find((statement) => holds(statement, args) !== true) ?? null

/** null: it is about something that is not there. */
function holds(statement: Statement, args: unknown): boolean | null {
  if ('selector' in statement) {
    const found = select(statement.selector, args)
    return found === NOTHING ? null : holdsOf(statement, found)
  }
  if (statement.operator === 'not') {
    const inner = holds(statement.statement, args)
    return inner === null ? null : !inner
  }
  const inner = statement.statements.map((one) => holds(one, args))
  if (statement.operator === 'and') return inner.includes(false) ? false : inner.includes(null) ? null : true
  if (inner.length === 0 || inner.includes(true)) return true
  return inner.includes(null) ? null : false
}

function holdsOf(statement: Extract<Statement, { selector: Selector }>, found: unknown): boolean | null {
  switch (statement.operator) {
    case '==':
      return same(found, statement.value)
    case '!=':
      return !same(found, statement.value)
    case 'like':
      return typeof found === 'string' ? isLike(found, statement.pattern) : null
    case 'all':
    case 'any': {
      const values = valuesOf(found)
      if (values === null) return null
      const inner = values.map((value) => holds(statement.statement, value))
      if (statement.operator === 'any') return inner.includes(true) ? true : inner.includes(null) ? null : false
      return inner.includes(false) ? false : inner.includes(null) ? null : true
    }
    default:
      return typeof found === 'number' || typeof found === 'bigint'
        ? inOrder(found, statement.operator, statement.value)
        : null
  }
}

function inOrder(found: number | bigint, operator: Order, bound: number | bigint): boolean {
  if (operator === '<') return found < bound
  if (operator === '<=') return found <= bound
  return operator === '>' ? found > bound : found >= bound
}

/** One value has one encoding, be it a list, bytes or a link. */
function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && equalBytes(encode(a), encode(b)))
}

/** `*` stands for any text, `\*` for the star. Each piece is looked for once, from where the last one ended. */
function isLike(value: string, pattern: string): boolean {
  const pieces = pattern.split(/(?<!\\)\*/).map((piece) => piece.replaceAll('\\*', '*'))
  const [first = '', ...rest] = pieces
  if (rest.length === 0) return value === first
  const last = rest.pop() ?? ''
  if (!value.startsWith(first)) return false
  let at = first.length
  for (const piece of rest) {
    const found = value.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return value.length - last.length >= at && value.endsWith(last)
}

/** As it is encoded and shown: the statement that was parsed. */
export function statementData(statement: Statement): unknown {
  switch (statement.operator) {
    case 'not':
      return ['not', statementData(statement.statement)]
    case 'and':
    case 'or':
      return [statement.operator, statement.statements.map(statementData)]
    case 'all':
    case 'any':
      return [statement.operator, statement.path, statementData(statement.statement)]
    case 'like':
      return ['like', statement.path, statement.pattern]
    default:
      return [statement.operator, statement.path, statement.value]
  }
}

export const policyData = (policy: Policy): readonly unknown[] => policy.map(statementData)

/** A policy of our own making; a mistake in it is ours. */
export function policyOf(statements: readonly unknown[]): Policy {
  const parsed = parsePolicy(statements)
  if (!parsed.ok) throw new Error(parsed.reason)
  return accept(parsed.value).value
}
