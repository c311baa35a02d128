import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, concatBytes, utf8 } from '../base/bytes.ts'

/**
 * Hybrid public key encryption, RFC 9180: base mode, one message for each encapsulation, with DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256 and ChaCha20Poly1305. Large (two curves' worth of code), so it is only ever imported when it is needed.
 */
const KEM_ID = 0x0020
const KDF_ID = 0x0001
const AEAD_ID = 0x0003

const KEY_BYTES = 32
const NONCE_BYTES = 12
/** The `mode` byte of the key schedule (section 5.1). */
const MODE_BASE = Uint8Array.of(0)

const u16 = (value: number): Bytes => Uint8Array.of(value >> 8, value & 0xff)
const KEM_SUITE = concatBytes(utf8('KEM'), u16(KEM_ID))
const SUITE = concatBytes(utf8('HPKE'), u16(KEM_ID), u16(KDF_ID), u16(AEAD_ID))
const NOTHING = new Uint8Array()

/** LabeledExtract and LabeledExpand, section 4. */
const labeledExtract = (suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
  extract(sha256, concatBytes(utf8('HPKE-v1'), suite, utf8(label), ikm), salt)
const labeledExpand = (
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  bytes: number,
): Uint8Array => expand(sha256, prk, concatBytes(u16(bytes), utf8('HPKE-v1'), suite, utf8(label), info), bytes)

/** DeriveKeyPair, section 7.1.3: a secret key from 32 bytes of chance. */
export const deriveSecret = (chance: Uint8Array): Uint8Array =>
  labeledExpand(KEM_SUITE, labeledExtract(KEM_SUITE, NOTHING, 'dkp_prk', chance), 'sk', NOTHING, KEY_BYTES)

/** X25519 (RFC 7748). Throws where the other's point has small order: the secret would be all zeros, known to everybody. */
export const agree = (secret: Uint8Array, theirs: Uint8Array): Bytes =>
  Uint8Array.from(x25519.getSharedSecret(secret, theirs))

export const publicOf = (secret: Uint8Array): Bytes => Uint8Array.from(x25519.getPublicKey(secret))

/** The X25519 keys that belong to an Ed25519 key, by the birational map of RFC 7748 section 4.1. */
export const montgomeryPublic = (ed25519Public: Uint8Array): Bytes =>
  Uint8Array.from(ed25519.utils.toMontgomery(ed25519Public))
export const montgomerySecret = (seed: Uint8Array): Bytes => Uint8Array.from(ed25519.utils.toMontgomerySecret(seed))

/** ExtractAndExpand, section 4.1; both public keys are bound by it. */
export function sharedSecret(dh: Uint8Array, ephemeral: Uint8Array, reader: Uint8Array): Uint8Array {
  const prk = labeledExtract(KEM_SUITE, NOTHING, 'eae_prk', dh)
  return labeledExpand(KEM_SUITE, prk, 'shared_secret', concatBytes(ephemeral, reader), KEY_BYTES)
}

/** The AEAD of the first and only message, section 5.1: its nonce is the base nonce, used once for a key. */
export function cipherFor(shared: Uint8Array, info: Uint8Array, aad: Uint8Array) {
  const context = concatBytes(
    MODE_BASE,
    labeledExtract(SUITE, NOTHING, 'psk_id_hash', NOTHING),
    labeledExtract(SUITE, NOTHING, 'info_hash', info),
  )
  const secret = labeledExtract(SUITE, shared, 'secret', NOTHING)
  const key = labeledExpand(SUITE, secret, 'key', context, KEY_BYTES)
  const nonce = labeledExpand(SUITE, secret, 'base_nonce', context, NONCE_BYTES)
  return chacha20poly1305(key, nonce, aad)
}
