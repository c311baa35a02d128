/**
 * Every number of the wire: what it bounds, its unit, why this value, the attack it stops. Times are milliseconds.
 * Enforced in framing.ts, header.ts, schemas.ts, handshake.ts, session.ts and by the transports.
 */

/**
 * One frame of a channel, bytes. SCTP implementations agree on 262,144 at most (a larger send closes the connection
 * silently); 64 KiB keeps head-of-line waiting short at no measured cost. Stops oversize frames (THREATS 33).
 */
export const FRAME_BYTES_MAX = 64 * 1024

/**
 * One message, header included, bytes. Announced lengths above are refused before anything is allocated: an announced
 * gigabyte costs the receiver one comparison (THREATS 33).
 */
export const MESSAGE_BYTES_MAX = 1024 * 1024

/** What the header and the CBOR around a body's payload may take, bytes: names of fields, CIDs, heads. */
export const MESSAGE_OVERHEAD_BYTES = 64 * 1024

/** The largest block, and what one answer to `fetch` is filled up to before compression; derived, so that it always fits. */
export const FETCH_BYTES_MAX = MESSAGE_BYTES_MAX - MESSAGE_OVERHEAD_BYTES

/** Blocks asked for by one `fetch`: with what they differ from, 512 × 66 bytes of names. */
export const FETCH_NAMES_MAX = 512

/** The entries of a pack before compression, bytes: the largest block and its head, so that one always fits a message. */
export const PACK_BYTES_MAX = FETCH_BYTES_MAX + 64

/**
 * How much longer than what travelled a pack may become (THREATS 34). Checkpoints shrink to a quarter, differences to a
 * hundredth; a sender whose pack shrinks by more sends it uncompressed. DEFLATE itself would go to 1,032.
 */
export const PACK_RATIO_MAX = 200

/**
 * All blocks of a pack once they are whole again, bytes: differences are counted by what they make, which compressing does
 * not bound (THREATS 34). A push of 2,048 pages is 8 MiB; hashing so much is some 20 ms where it is native.
 */
export const PACK_BLOCKS_BYTES_MAX = 16 * 1024 * 1024

/** A sealed statement inside a message, bytes: the same reserve as for blocks. */
export const ENVELOPE_BYTES_MAX = MESSAGE_BYTES_MAX - MESSAGE_OVERHEAD_BYTES

/** JSON texts in messages and statements (inputs, emitted values), UTF-16 code units; half a message, so two never meet in one. */
export const JSON_CHARS_MAX = 512 * 1024

/**
 * The input log of one segment inside a message, bytes: with a pack or a result beside it, it fits. A segment with a longer
 * log goes without and cannot be run again; that is counted, and seen (THREATS 18).
 */
export const LOG_BYTES_MAX = 256 * 1024

/** A maker's answers along one segment: some rounds of asking, each between the two places that the one before has found. */
export const CLAIMS_MAX = 64
export const CLAIMS_PER_ASK = 16

/** Segments in one answer about them: a page of them, some 400 bytes each. */
export const SEGMENT_LINES_MAX = 512

/** Names for people (hosts, agents), notes and reasons, UTF-16 code units: a line or two on a screen. */
export const NAME_CHARS_MAX = 128
export const NOTE_CHARS_MAX = 1024

/** Entries of the lists in messages; a list above is refused whole. Bounds the work one message can ask for (THREATS 31). */
export const ENGINE_IDS_MAX = 16
export const WITNESSES_MAX = 15
export const VOTES_MAX = WITNESSES_MAX

/**
 * Changes of an agent's witnesses that travel with it as evidence, one and a half kilobytes each with three of them. Who has
 * seen none of its decisions follows them from the founding set; beyond, its witnesses are changed no more.
 */
export const CHARTERS_MAX = 32

/** Hops in one message to a witness, two to five kilobytes each. */
export const ESTATE_HOPS_MAX = 32

/** Of the hash of an effect, hexadecimal: 128 bits, so that nobody meets another effect's by accident, or finds one. */
export const EFFECT_HASH_CHARS = 32

/** Calls of `fork` in one row: an agent makes at most CHILDREN agents, so more calls than this made none. */
export const FORKS_MAX = 1_000
export const REPORTS_MAX = 1024
export const ROWS_MAX = 1024
export const STORY_LINES_MAX = 1024
export const NODE_LINES_MAX = 256

/** A sealed description or mandate, bytes: names, sixteen engines, a policy in words. Stops work for hosts not let in yet. */
export const INTRODUCTION_BYTES_MAX = 8 * 1024

/** Lives of a host that its description marks, and bytes of chance for each: no two lives share one by accident. */
export const BIRTHS_MAX = 16
export const BIRTH_BYTES = 8

/**
 * Hops in one answer to `itinerary`, and bytes of one sealed statement of a hop: three of some 600 bytes each, so that a page
 * is a sixteenth of a message, and at the worst fits one. Nobody checks them on the way (THREATS 31).
 */
export const HOPS_PER_REPLY = 32
export const HOP_STATEMENT_BYTES_MAX = 4 * 1024

/**
 * One sealed statement of a notice, bytes: a key, a name, a reason and a signature are under 1,200. Stops notices that
 * fill the disks of all hosts they are passed on to.
 */
export const NOTICE_ENVELOPE_BYTES_MAX = 2048
export const NOTICE_REASON_CHARS_MAX = 280

/** Notices in one message: two signatures each at most, so that a message costs no more than 32 ms in the worst realm. */
export const NOTICES_PER_MESSAGE_MAX = 16

/**
 * What two hosts compare before they tell each other notices: their names in so many groups, a mark of each. Of 20,000
 * notices one that differs costs the names of some 300 others, 10 KB.
 */
export const NOTICE_GROUPS = 64
export const NOTICE_MARK_BYTES = 16
export const NOTICE_MARKS_BYTES = NOTICE_GROUPS * NOTICE_MARK_BYTES

/** The last body byte of a message must have come this long after its first frame: a slow-loris gives up a session (THREATS 32). */
export const MESSAGE_MS_MAX = 30_000

/** Both hosts have proved themselves within this time of the channel opening, or the channel closes (THREATS 31, 32). */
export const HANDSHAKE_MS_MAX = 10_000

/** One frame of the handshake, bytes: two dids, two fingerprints, two nonces and a signature are under 500. */
export const HANDSHAKE_FRAME_BYTES_MAX = 1024

/** Bytes of chance each side adds to a handshake: makes every signature fit one session only (THREATS 30). */
export const NONCE_BYTES = 32

/** A SHA-256 certificate fingerprint, bytes (RFC 8122). */
export const FINGERPRINT_BYTES = 32

/**
 * Messages of one remote host: this many at once, then this many a second; a sealed statement inside counts like a
 * message more, for its signature costs up to 1 ms. Above it handling waits, which fills the queue below (THREATS 31).
 */
export const MESSAGE_BURST = 2_000
export const MESSAGES_PER_SECOND = 1_000

/**
 * The same of all hosts together that we do not know yet: keys cost nothing, so they share. Two hosts' worth. A flood of
 * strangers makes strangers wait, and leaves acquaintances what is theirs (THREATS 31).
 */
export const STRANGER_MESSAGE_BURST = 2 * MESSAGE_BURST
export const STRANGER_MESSAGES_PER_SECOND = 2 * MESSAGES_PER_SECOND

/** A session whose key's share is used up looks again after so long at the least: many that wait must not wake at each token. */
export const MESSAGE_WAIT_MS_MIN = 20

/** A host whose session has gone well for so long is an acquaintance. Costs an attacker the time, and a link, for each key (THREATS 38). */
export const ACQUAINTED_MS = 10_000

/** Acquaintances remembered; a host has 64 sessions at once, and they come and go. */
export const ACQUAINTANCES_MAX = 1_024

/** Who has sent what no honest host sends stays out for so long: signatures of its next lies are not looked at (THREATS 31). */
export const BARRED_MS = 30_000

/** Keys of whom anything is remembered besides, some 200 bytes each. Each has cost its owner a handshake that we let happen. */
export const KEYS_REMEMBERED_MAX = 4_096

/** Network addresses of strangers that are remembered. */
export const NETWORKS_REMEMBERED_MAX = 4_096

/**
 * Handshakes under way at once: all, those of strangers, those of strangers from one network address (js-libp2p: 10 pending
 * inbound). A cluster on one machine starts at once and has one address. Bounds memory and work for who is not known yet.
 */
export const ENTRIES_PENDING_MAX = 64
export const STRANGER_ENTRIES_PENDING_MAX = 48
export const NETWORK_ENTRIES_PENDING_MAX = 32

/**
 * Handshakes, each a signature made and one checked, 0.2 ms where it is native and 2 ms where not: those of one
 * acquaintance, of all strangers, and of strangers from one network address: at once, then a second. 32 a second are 1 to
 * 6 % of a core. One that fails costs its network address so many (THREATS 31).
 */
export const ENTRY_BURST = 32
export const ENTRY_PER_SECOND = 2
export const STRANGER_ENTRY_BURST = 128
export const STRANGER_ENTRY_PER_SECOND = 32
export const NETWORK_ENTRY_BURST = 64
export const NETWORK_ENTRY_PER_SECOND = 16
export const ENTRY_FAILED_COST = 8

/** Envelopes whose signature has been checked are known again by their hash, good or bad: this many, up to this length each. */
export const ENVELOPES_SEEN_MAX = 2_048
export const ENVELOPE_SEEN_BYTES_MAX = 4 * 1024

/**
 * Received and not yet handled, of one remote host: bytes and messages. Above, the session closes with FLOOD: a channel
 * cannot be told to wait, so memory would go (THREATS 31).
 */
export const INCOMING_BYTES_MAX = 32 * 1024 * 1024
export const INCOMING_MESSAGES_MAX = 8_192

/**
 * Given to a session and not yet taken by the channel, bytes. Above, the session closes with SLOW_READER: messages are
 * never dropped silently, and a host that does not read cannot hold our memory.
 */
export const OUTGOING_BYTES_MAX = 32 * 1024 * 1024

/** Frames held while nobody receives yet or a handshake goes on (4 MiB at most): the handshake and the first messages behind it. A channel with more is closed: its host is not known yet (THREATS 31). */
export const HELD_FRAMES_MAX = 64

/** `bufferedAmount` of a data channel, bytes: above it `send` makes the sender wait, below the second it goes on. 4 MiB was 3× faster than 1 MiB between tabs. */
export const BUFFERED_BYTES_HIGH = 4 * 1024 * 1024
export const BUFFERED_BYTES_LOW = 1024 * 1024

/** A dialled channel is open within this time, or the dial fails. Opens take 10–70 ms on one machine, 1 s after a lost first flight. */
export const OPEN_MS_MAX = 15_000

/** One message between a host and the rendezvous, bytes of JSON: an SDP of a data channel is 0.5–2 KB. Stops memory attacks on both. */
export const SIGNAL_BYTES_MAX = 24 * 1024
export const SDP_CHARS_MAX = 16 * 1024
export const CANDIDATE_CHARS_MAX = 1024

/**
 * Signalling messages that a host handles of its rendezvous: this many at once, then this many a second. A dial is an
 * offer, an answer and a handful of candidates. More are dropped: a lying rendezvous gets no further than that.
 */
export const SIGNAL_BURST = 1_000
export const SIGNALS_PER_SECOND = 200

/** STUN and TURN servers that a cluster may announce: browsers warn above five. */
export const ICE_SERVERS_MAX = 8
export const AUTHORS_MAX = 64
/** Keys whose bans a cluster asks its hosts to obey: a handful of people. */
export const ADMINISTRATORS_MAX = 16
