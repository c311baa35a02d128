import { base64pad } from 'multiformats/bases/base64'
import { accept, type Result, refuse } from '../base/result.ts'

/**
 * Values between program and host are JSON; bytes in them are `{"$bytes": base64}` (RFC 4648 section 4, with padding),
 * which the engine's prelude turns into a Uint8Array and back. This file is that convention's host side.
 */
export const bytesJson = (bytes: Uint8Array): string => `{"$bytes":"${base64pad.baseEncode(bytes)}"}`

/** Parses JSON that a program wrote. Never throws, however deep or wrong the text. */
export function parseJson(json: string): Result<unknown, 'JSON'> {
  try {
    return accept(JSON.parse(json))
  } catch (error) {
    return refuse('JSON', error instanceof Error ? error.message : 'does not parse')
  }
}

/** The JSON of a value that came out of parseJson; refused where it nests deeper than the realm's stack. */
export function writeJson(value: unknown): Result<string, 'JSON'> {
  try {
    return accept(JSON.stringify(value))
  } catch (error) {
    return refuse('JSON', error instanceof Error ? error.message : 'cannot be written')
  }
}
