/** Numbers of the identity room. Lengths of keys and signatures are RFC 8032's (section 5.1.5, 5.1.6), in bytes. */
export const SECRET_KEY_BYTES = 32
export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

/**
 * Whole envelope, bytes: it travels as one block, and a block fits one message of the wire. The largest statements are
 * checkpoint headers with their page tables and manifests with their asset tables (tens of KB). Nothing above is hashed,
 * decoded or verified: no stranger buys a second of work with one frame (THREATS 31, 33, 35).
 */
export const ENVELOPE_BYTES_MAX = 960 * 1024

/**
 * Text that is sealed as one value, bytes: what fits an input or an effect (half a message of the wire) once it is in
 * base64. More is refused before any key is touched (THREATS 31).
 */
export const SEALED_BYTES_MAX = 380 * 1024

/** Of ChaCha20Poly1305: what a box is longer than its text (RFC 8439 section 2.8), bytes. */
export const SEALED_TAG_BYTES = 16

/** What a sealed value says it is for, characters: a bundle's name and a did, or an agent's name and a number. */
export const ABOUT_CHARS_MAX = 256
