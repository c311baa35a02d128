/**
 * What is kept: one ordered map from text keys to bytes. Blocks live under `block/<cid>`, records under their own
 * prefixes (RECORDS.md). Every adapter passes test/contract/store.ts.
 *
 * Contract:
 * - `commit` applies all writes or none, and is durable when it resolves; commits apply in the order of their calls.
 * - A store that is full rejects `commit` with StoreFullError and has changed nothing.
 * - Bytes passed in are copied or written before `commit` returns control; bytes handed out belong to the caller.
 * - `list` returns the keys with the prefix in ascending order of their UTF-16 code units.
 * - After `close`, every call rejects with StoreClosedError; commits that were called before it are still durable.
 * - A store that seals what it keeps rejects `read` with StoreDamagedError for a record that does not open; a block that
 *   does not is null, as if it were not there.
 * - Only one store is open on one place at a time; the second to open it is refused with StoreLockedError.
 */
export interface Store {
  read(key: string): Promise<Uint8Array | null>
  list(prefix: string): Promise<readonly string[]>
  commit(writes: readonly Write[]): Promise<void>
  close(): Promise<void>
}

/** `value: null` deletes. */
export interface Write {
  readonly key: string
  readonly value: Uint8Array | null
}

/** The platform has no room for the write (quota or disk). The caller refuses new work; it never crashes. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError'
}

/** The store was closed, or its medium is gone: nothing can be kept any more. */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError'
}

/** A record does not open with the host's own key: the medium lost or somebody changed it. Nothing else is touched. */
export class StoreDamagedError extends Error {
  override readonly name = 'StoreDamagedError'
}

/** What is kept there is sealed to another key, or not at all. It is left as it is. */
export class StoreKeyError extends Error {
  override readonly name = 'StoreKeyError'
}

/** Another process or tab has this store open. Two hosts on one store would be one host with two minds. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError'
}
