import { assert } from '../base/assert.ts'
import { KEY_CHARS_MAX } from './limits.ts'

/**
 * Keys are printable ASCII without spaces. Then every adapter orders them alike without a thought: UTF-16 code units in
 * IndexedDB, UTF-8 bytes in SQLite and code points agree. Keys are made by our own code from ids that were parsed, so a
 * bad one is a programmer error.
 */
export function assertKey(key: string): void {
  assert(key.length <= KEY_CHARS_MAX, `key of ${key.length} characters > KEY_CHARS_MAX ${KEY_CHARS_MAX}`)
  assert(/^[!-~]+$/.test(key), `key "${key}" is not printable ASCII`)
}

/** An exclusive upper bound of the keys that begin with the prefix: DEL sorts after every character a key may have. */
export function afterPrefix(prefix: string): string {
  if (prefix !== '') assertKey(prefix)
  return `${prefix}\x7f`
}
