import type { ErrorCode } from './error-codes.ts'
import type { AsyncName, RequestName } from './messages.ts'

/**
 * The numbers that stand for names on the wire. Part of the protocol: a number is never given to another name. Replies
 * carry the id of their request. PROTOCOL.md prints this table.
 */
const REQUEST_IDS = {
  inic: 1,
  offer: 2,
  send: 3,
  fetch: 4,
  prepare: 5,
  accept: 6,
  checkpoint: 7,
  effect: 8,
  locate: 9,
  launch: 10,
  command: 11,
  status: 12,
  story: 13,
  fork: 14,
  stage: 15,
  publish: 16,
  reconcile: 17,
  evidence: 18,
  audit: 19,
  claim: 20,
  segments: 21,
  segment: 22,
  itinerary: 23,
  nodes: 24,
  enrol: 25,
  mirror: 26,
  estate: 27,
  mail: 32,
  register: 33,
  names: 34,
  log: 40,
} as const satisfies Record<RequestName, number>

const ASYNC_IDS = { load: 64, holding: 65, certificate: 66, bye: 67, notices: 68, named: 72 } as const satisfies Record<
  AsyncName,
  number
>

/** 0 stands for no error. TIMEOUT and CLOSED are made locally and travel only when a host passes on a failure of its own. */
const ERROR_IDS = {
  REFUSED: 1,
  UNTRUSTED_AUTHOR: 2,
  NO_SLOT: 3,
  QUOTA: 4,
  ENGINE: 5,
  UNKNOWN_AGENT: 6,
  STALE_EPOCH: 7,
  OUTBID: 8,
  MIGRATED: 9,
  NOT_FOUND: 10,
  NOT_AUTHORISED: 11,
  EXPIRED: 12,
  STORE_FULL: 13,
  BUSY: 14,
  TIMEOUT: 15,
  CLOSED: 16,
  BAD_MESSAGE: 17,
  LOAD: 18,
  BANNED: 19,
  NOT_ADMITTED: 20,
  OLD_AGE: 21,
  GONE: 32,
  CONFLICT: 33,
  TAKEN: 34,
  UNPROVEN: 35,
} as const satisfies Record<ErrorCode, number>

const invert = <Name extends string>(ids: Record<Name, number>): ReadonlyMap<number, Name> =>
  new Map((Object.keys(ids) as Name[]).map((name) => [ids[name], name]))

const REQUEST_NAMES = invert<RequestName>(REQUEST_IDS)
const ASYNC_NAMES = invert<AsyncName>(ASYNC_IDS)
const ERROR_CODES = invert<ErrorCode>(ERROR_IDS)

export const requestId = (name: RequestName): number => REQUEST_IDS[name]
export const asyncId = (name: AsyncName): number => ASYNC_IDS[name]
export const errorId = (code: ErrorCode): number => ERROR_IDS[code]

/** Null where no name has this number. */
export const requestName = (id: number): RequestName | null => REQUEST_NAMES.get(id) ?? null
export const asyncName = (id: number): AsyncName | null => ASYNC_NAMES.get(id) ?? null
export const errorCode = (id: number): ErrorCode | null => ERROR_CODES.get(id) ?? null
