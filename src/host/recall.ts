import { decode, encode } from '../base/codec.ts'
import type { Store } from '../storage/port.ts'
import { RESTORED_PREFIXES } from './records.ts'

/** What a host finds on its disk when it starts. What the records mean is restore.ts. */

/** The host's incarnation number, durable before anything is said under it. */
export async function nextAge(store: Store): Promise<number> {
  const kept = await store.read('host/age')
  const before = kept ? decode(kept) : null
  const age = before?.ok && typeof before.value === 'number' ? before.value + 1 : 1
  await store.commit([{ key: 'host/age', value: encode(age) }])
  return age
}

/** The records of the life before, by key; one that does not decode is told and left out. */
export async function recallRecords(store: Store, warn: (text: string) => void): Promise<ReadonlyMap<string, unknown>> {
  const records = new Map<string, unknown>()
  for (const prefix of RESTORED_PREFIXES)
    for (const key of await store.list(prefix)) {
      const bytes = await store.read(key)
      const value = bytes && decode(bytes)
      if (value?.ok) records.set(key, value.value)
      else warn(`record ${key} does not decode and is left out`)
    }
  return records
}
