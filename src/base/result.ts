/**
 * Refusals of outside input are values, never exceptions: a closed set of codes for programs and a sentence for people.
 * `reason` is phrased as the violated condition, e.g. "codeBytes 5000000 > CODE_BYTES_MAX 4194304".
 */
export interface Refusal<Code extends string = string> {
  readonly ok: false
  readonly code: Code
  readonly reason: string
}

export interface Accepted<T> {
  readonly ok: true
  readonly value: T
}

export type Result<T, Code extends string = string> = Accepted<T> | Refusal<Code>

export const accept = <T>(value: T): Accepted<T> => ({ ok: true, value })

export const refuse = <Code extends string>(code: Code, reason: string): Refusal<Code> => ({ ok: false, code, reason })
