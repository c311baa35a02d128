import { type Result, refuse } from '../base/result.ts'
import { SELECTOR_CHARS_MAX, SELECTOR_STEPS_MAX } from './limits.ts'

/**
 * Selectors of the UCAN policy language (UCAN Delegation 1.0, "Selectors"): a path into an invocation's arguments, in a
 * small part of jq's syntax. `.` is all of it, `.name` and `["name"]` a field, `[0]` and `[-1]` an entry, `[1:3]` a part,
 * `[]` every value; `?` behind a step makes null of what is not there. Without it such a step has no value, and whatever
 * is said of it does not hold.
 */
export type Selector = readonly Step[]

type Step = { readonly optional: boolean } & (
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'entry'; readonly index: number }
  | { readonly kind: 'part'; readonly from: number | null; readonly to: number | null }
  | { readonly kind: 'values' }
)

/** What a selector finds where it finds nothing. No value of IPLD. */
export const NOTHING: unique symbol = Symbol('nothing')

const STEP =
  /(?:\.([A-Za-z_][A-Za-z0-9_-]*)|\.?\["((?:[^"\\]|\\["\\])*)"\]|\.?\[(-?\d{1,9})\]|\.?\[(-?\d{0,9}):(-?\d{0,9})\]|\.?(\[\]))(\?*)/y

export function parseSelector(text: unknown): Result<Selector, 'SHAPE'> {
  if (typeof text !== 'string') return refuse('SHAPE', 'selector is not a text')
  if (text.length > SELECTOR_CHARS_MAX)
    return refuse('SHAPE', `selectorChars ${text.length} > SELECTOR_CHARS_MAX ${SELECTOR_CHARS_MAX}`)
  if (text[0] !== '.') return refuse('SHAPE', `selector ${JSON.stringify(text)} does not start with "."`)
  const steps: Step[] = []
  const whole = /^\.\??$/.test(text)
  for (let at = 0; !whole && at < text.length; ) {
    STEP.lastIndex = at
    const found = STEP.exec(text)
    if (!found) return refuse('SHAPE', `selector ${JSON.stringify(text)} does not parse at ${at}`)
    if (steps.length >= SELECTOR_STEPS_MAX) return refuse('SHAPE', `selectorSteps > ${SELECTOR_STEPS_MAX}`)
    steps.push(stepOf(found))
    at = STEP.lastIndex
  }
  return { ok: true, value: steps }
}

function stepOf([, name, quoted, index, from, to, , marks]: RegExpExecArray): Step {
  const optional = (marks ?? '') !== ''
  if (name !== undefined) return { kind: 'field', name, optional }
  if (quoted !== undefined) return { kind: 'field', name: quoted.replace(/\\(["\\])/g, '$1'), optional }
  if (index !== undefined) return { kind: 'entry', index: Number(index), optional }
  const bound = (text: string | undefined): number | null => (text === undefined || text === '' ? null : Number(text))
  if (from !== undefined) return { kind: 'part', from: bound(from), to: bound(to), optional }
  return { kind: 'values', optional }
}

/** The value at the end of the path; NOTHING where the path breaks off at a step that is not optional. */
export function select(selector: Selector, value: unknown): unknown {
  let here = value
  for (const step of selector) {
    const found = follow(step, here)
    if (found === NOTHING && !step.optional) return NOTHING
    here = found === NOTHING ? null : found
  }
  return here
}

function follow(step: Step, value: unknown): unknown {
  switch (step.kind) {
    case 'field':
      return isMap(value) && Object.hasOwn(value, step.name) ? value[step.name] : NOTHING
    case 'entry': {
      if (!Array.isArray(value)) return NOTHING
      const index = step.index < 0 ? value.length + step.index : step.index
      return index >= 0 && index < value.length ? value[index] : NOTHING
    }
    case 'part':
      return Array.isArray(value) || value instanceof Uint8Array || typeof value === 'string'
        ? value.slice(step.from ?? 0, step.to ?? value.length)
        : NOTHING
    case 'values':
      return valuesOf(value) ?? NOTHING
  }
}

/** Entries of a list, values of a map; null where there are none to have. */
export function valuesOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value
  return isMap(value) ? Object.values(value) : null
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
