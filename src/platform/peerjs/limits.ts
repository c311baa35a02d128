/** Numbers of the PeerJS transport: what each bounds, its unit, why this value, the attack or accident it stops. */

/** On line at the rendezvous within this time of asking, or the attempt has failed. */
export const ONLINE_MS_MAX = 10_000

/** Back-off between attempts to get back on line: doubled each time between these, and each drawn ±50 %. */
export const BACKOFF_MS_MIN = 500
export const BACKOFF_MS_MAX = 15_000

/** Connections that others are opening to us at once (js-libp2p: 10 pending inbound); a crowd that joins at once is larger. */
export const INBOUND_PENDING_MAX = 64

/** Of them, where strangers are answered: the rest is kept for acquaintances, who come back when a flood has thrown them off. */
export const STRANGERS_PENDING_MAX = 48

/** Of the connections that may be made in all: strangers' offers may not use up a page's life. */
export const STRANGERS_SHARE = 2 / 3

/** Candidates taken for one connection. Hosts have a handful; a lying rendezvous could send for ever. */
export const CANDIDATES_MAX = 64

/**
 * A channel in which nothing has been heard between two of these ticks asks for a sign of life; after SILENT_TICKS_MAX
 * ticks without one it is dead. A killed host says no good-bye: ICE noticed after 5 s in Chromium and 26 s in Node.
 * Ticks and not time, so that our own stall or sleep does not kill the channels that waited with us.
 */
export const TICK_MS = 2_000
export const SILENT_TICKS_MAX = 4

/** What was sent before `close` gets this long to reach the other end. */
export const FLUSH_MS_MAX = 1_000

/** Room that PeerJS' data channel may never exceed, bytes: a caller that does not await `send` is a programmer error. */
export const BUFFERED_BYTES_MAX = 12 * 1024 * 1024

/**
 * RTCPeerConnections that a page may make in its life, closed ones included: Chromium allows 500 in a tab's process and
 * then none; a reserve stays for PeerJS' own. Reloading the page starts anew.
 */
export const CONNECTIONS_PER_PAGE_MAX = 450

/** In Node only memory bounds them (315 KB each): a number that a flood, not work, reaches. */
export const CONNECTIONS_PER_PROCESS_MAX = 1_000_000

/** How often an open connection is asked for a session description that the browser does not show yet. */
export const DESCRIPTION_MS = 5
