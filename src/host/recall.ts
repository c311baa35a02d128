import { type Bytes, concatBytes } from '../base/bytes.ts'
import { decode, encode } from '../base/codec.ts'
import type { Random } from '../base/random.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { type Store, StoreDamagedError } from '../storage/port.ts'
import { BIRTH_BYTES, BIRTHS_MAX } from '../wire/limits.ts'
import { RESTORED_PREFIXES, registerKey } from './records.ts'
import type { Register } from './state.ts'

/** What a host finds on its disk when it starts. What the records mean is restore.ts. */

/**
 * The host's incarnation number, and a mark of each of its newest lives, this one's first; durable before anything is said
 * under them. The marks tell others whether a life came of the one before it or of an old copy.
 */
export async function nextLife(store: Store, random: Random): Promise<{ age: number; births: Bytes }> {
  const kept = await store.read('host/age').catch(mustNotGoOn)
  const read = kept ? decode(kept) : null
  const before = read?.ok ? (read.value as { age: number; births: Bytes }) : { age: 0, births: new Uint8Array() }
  const births = concatBytes(random.bytes(BIRTH_BYTES), before.births.subarray(0, BIRTH_BYTES * (BIRTHS_MAX - 1)))
  const life = { age: before.age + 1, births }
  await store.commit([{ key: 'host/age', value: encode(life) }])
  return life
}

/** Of what has been; but others count on the lines of a story for which several hosts answer: it was one of them. */
function isDispensable(key: string, before: ReadonlyMap<string, unknown>): boolean {
  const [kind, agent] = key.split('/')
  if (kind !== 'story') return kind === 'hop'
  const register = before.get(registerKey(agent as AgentId)) as Pick<Register, 'witnesses'> | undefined
  return !register || register.witnesses.length === 1
}

/** A host that has lost what it promised, holds or launched must not go on as if it had not; its owner reads why, and what now. */
function mustNotGoOn(error: unknown): never {
  if (!(error instanceof StoreDamagedError)) throw error
  const what = `${error.message}: this host does not know any more what it has promised, and does not start`
  throw new StoreDamagedError(`${what}. With an empty folder, or the site’s data cleared, it begins as a new one`, {
    cause: error,
  })
}

/** The records of the life before, by key; one that does not decode is told and left out. */
export async function recallRecords(store: Store, warn: (text: string) => void): Promise<ReadonlyMap<string, unknown>> {
  const records = new Map<string, unknown>()
  for (const prefix of RESTORED_PREFIXES)
    for (const key of await store.list(prefix)) {
      const bytes = await store.read(key).catch((error: unknown) => {
        if (error instanceof StoreDamagedError && isDispensable(key, records)) return null
        return mustNotGoOn(error)
      })
      const value = bytes && decode(bytes)
      if (value?.ok) records.set(key, value.value)
      else warn(`record ${key} does not decode and is left out`)
    }
  return records
}
