import { assert } from '../base/assert.ts'
import { type Bytes, concatBytes, fromUtf8, utf8 } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { type Did, publicKeyOf } from './did.ts'
import { agree, cipherFor, deriveSecret, montgomeryPublic, publicOf, sharedSecret } from './hpke.ts'
import { ABOUT_CHARS_MAX, SEALED_BYTES_MAX } from './limits.ts'
import type { SealedValue, Sealer } from './sealed-value.ts'

/**
 * Seals JSON to one reader: HPKE (hpke.ts) to the X25519 key that belongs to the reader's did. So a did is all that anybody
 * needs to know of a reader: there is no second key to publish, to sign, to find and to mix up. The same map is did:key's
 * own for key agreement, and one key pair for Ed25519 and this KEM is as safe as two (E. Thormarker, "On using the same key
 * pair for Ed25519 and an X25519 based KEM", 2021). Its price: whoever ever gets the identity's secret reads everything
 * that was sealed to it before.
 *
 * What is not hidden: to whom, what for, when, and how long the text is. Who sealed it is not said and not known.
 */
export const sealTo = (reader: Did, json: string, about: string, random: Random): SealedValue =>
  sealWith(encapsulate(reader, random), reader, json, about)

/**
 * For many values to one reader: the curve's work (some milliseconds) is done once. What each is for gets a number behind it,
 * so that no two have one key.
 */
export function sealerTo(reader: Did, random: Random): Sealer {
  const encapsulated = encapsulate(reader, random)
  let count = 0
  return (json, about) => sealWith(encapsulated, reader, json, `${about}#${count++}`)
}

interface Encapsulated {
  readonly key: Bytes
  readonly shared: Uint8Array
}

function encapsulate(reader: Did, random: Random): Encapsulated {
  const secret = deriveSecret(random.bytes(32))
  const key = publicOf(secret)
  const theirs = montgomeryPublic(publicKeyOf(reader))
  return { key, shared: sharedSecret(agree(secret, theirs), key, theirs) }
}

/** Two values of one encapsulation must differ in what they are for: their keys come of both. */
function sealWith({ key, shared }: Encapsulated, reader: Did, json: string, about: string): SealedValue {
  const plaintext = utf8(json)
  assert(plaintext.length <= SEALED_BYTES_MAX, `sealedBytes ${plaintext.length} > SEALED_BYTES_MAX ${SEALED_BYTES_MAX}`)
  assert(about.length <= ABOUT_CHARS_MAX, `aboutChars ${about.length} > ABOUT_CHARS_MAX ${ABOUT_CHARS_MAX}`)
  const box = cipherFor(shared, infoOf(about), utf8(reader)).encrypt(plaintext)
  return { to: reader, about, key, box: Uint8Array.from(box) }
}

/** Who reads: an identity's part that does X25519 with its own secret, wherever that is kept. */
export interface Reader {
  readonly did: Did
  /** Rejects where the other's point has small order. */
  agree(theirs: Uint8Array): Promise<Bytes>
}

/** The JSON text that was sealed, if it was to this reader and nothing of it has been changed. */
export async function openSealed(
  reader: Reader,
  { to, about, key, box }: SealedValue,
): Promise<Result<string, 'READER' | 'SEALED'>> {
  if (to !== reader.did) return refuse('READER', `sealed to ${to}, and this is ${reader.did}`)
  try {
    const own = montgomeryPublic(publicKeyOf(to))
    const shared = sharedSecret(await reader.agree(key), key, own)
    return accept(fromUtf8(cipherFor(shared, infoOf(about), utf8(to)).decrypt(box)))
  } catch {
    return refuse('SEALED', 'the sealed value does not open: it was changed, or made for another key')
  }
}

/** HPKE's `info`: our tag, a zero byte, what the value is for. */
const infoOf = (about: string): Bytes => concatBytes(utf8('sojourn/v1/sealed'), Uint8Array.of(0), utf8(about))
