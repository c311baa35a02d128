/**
 * What is kept: one ordered map from text keys to bytes. Blocks live under `block/<cid>`, records under their own
 * prefixes (RECORDS.md). Every adapter passes test/contract/store.ts.
 *
 * Contract:
 * - `commit` applies all writes or none, and is durable when it resolves; commits apply in the order of their calls.
 * - A store that is full rejects `commit` with StoreFullError and has changed nothing.
 * - Bytes passed in are copied or written before `commit` returns control; bytes handed out belong to the caller.
 * - `list` returns the keys with the prefix in ascending order of their UTF-16 code units.
 * - After `close`, every call rejects.
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
