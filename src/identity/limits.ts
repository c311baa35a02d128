/** Numbers of the identity room. Lengths of keys and signatures are RFC 8032's (section 5.1.5, 5.1.6), in bytes. */
export const SECRET_KEY_BYTES = 32
export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

/**
 * Whole envelope, bytes. The largest statements are checkpoint headers with their page tables and bundle manifests with
 * their asset tables (tens of KB); nothing is hashed, decoded or verified above this. Stops a stranger from buying a
 * second of SHA-512 and CBOR decoding with one frame (THREATS 31, 33, 35).
 */
export const ENVELOPE_BYTES_MAX = 1024 * 1024
