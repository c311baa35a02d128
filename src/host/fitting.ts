import { utf8Length } from '../base/bytes.ts'
import { LIST_BYTES_MAX } from './limits.ts'

/** As many from the front as fit one reply together with another list: what agents say must not break the message. */
export function fitting<T>(entries: readonly T[], countMax: number): T[] {
  const taken: T[] = []
  let room = LIST_BYTES_MAX
  for (const entry of entries) {
    room -= utf8Length(JSON.stringify(entry))
    if (taken.length >= countMax || (room < 0 && taken.length > 0)) break
    taken.push(entry)
  }
  return taken
}
