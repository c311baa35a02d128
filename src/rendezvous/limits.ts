/**
 * Every number of the rendezvous: what it bounds, its unit, why this value, the attack it stops. `Limits` is what an
 * operator (or a test) may choose; the rest follows from PeerJS and HTTP.
 */
export interface Limits {
  /** Hosts on line. A resting socket costs some 20 KB; PeerServer's default is the same. */
  readonly hostsMax: number
  /** Sockets of one address at once. A family or a laboratory sits behind one address; so do all hosts of one machine. */
  readonly socketsPerAddressMax: number
  /** New sockets of one address: burst, then per second (js-libp2p allows 5 a second; a restarted rendezvous sees all at once). */
  readonly socketBurst: number
  readonly socketsPerSecond: number
  /** HTTP requests of one address: burst, then per second. A page load is some 20 requests, each dial none. */
  readonly requestBurst: number
  readonly requestsPerSecond: number
  /** Messages of one socket: burst, then per second. 100 dials at once are some 800 messages. */
  readonly signalBurst: number
  readonly signalsPerSecond: number
  /** Sockets ended for bad words within STRIKE_MS before the address is shut out for BAN_MS. */
  readonly strikesMax: number
  readonly banMs: number
}

export const DEFAULT_LIMITS: Limits = {
  hostsMax: 5_000,
  socketsPerAddressMax: 512,
  socketBurst: 256,
  socketsPerSecond: 20,
  requestBurst: 600,
  requestsPerSecond: 60,
  signalBurst: 1_000,
  signalsPerSecond: 100,
  strikesMax: 20,
  banMs: 60_000,
}

/** Strikes are forgotten after this long without another. */
export const STRIKE_MS = 60_000

/** Addresses of which anything is remembered; the one not seen longest goes first. Bounds memory under a spoofed crowd. */
export const ADDRESSES_MAX = 20_000

/** A challenge is answered within this time; a slow phone on a slow link manages. Bounds the list of nonces used. */
export const CHALLENGE_MS = 30_000

/** Nonces used and not yet expired. Each cost its user a signature; beyond, new hosts wait until some expire. */
export const NONCES_USED_MAX = 50_000

/** Upgrades whose signature is being checked, at once (js-libp2p: 10 pending inbound). Bounds CPU before anybody is known. */
export const PENDING_MAX = 64

/** A WebSocket ping each so often; a socket silent for twice as long is dead. Browsers answer pings even in hidden tabs. */
export const PING_MS = 15_000

/** Bytes waiting for one slow socket; above, it is ended rather than buffered for. */
export const SOCKET_BUFFER_BYTES_MAX = 1024 * 1024

/** A request's headers are here within this time (slow-loris over HTTP). */
export const REQUEST_MS_MAX = 10_000

/** Largest file of the page that is served, bytes: the engine is 1.4 MB. */
export const PAGE_FILE_BYTES_MAX = 16 * 1024 * 1024
export const PAGE_FILES_MAX = 1_000

/** Unanswered offers remembered for one host, so that its callers learn at once when it goes; more are not remembered. */
export const OFFERS_REMEMBERED_MAX = 64
