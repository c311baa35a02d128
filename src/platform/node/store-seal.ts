import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { type SealedNames, sealedNames } from '../../storage/sealed-names.ts'

/**
 * What a host in Node keeps is sealed with AES-256-GCM to a key that comes of its identity's secret (identity/derived-key.ts).
 * A nonce is never used twice: each opening of the store draws 128 bits and derives a key of its own with them, under which
 * values are counted; a store that is put back to an older state does not repeat one either. A file of a pack has a
 * key of its own, under which its chunks are counted.
 */
const nativeSha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

const SALT_BYTES = 16
const COUNT_BYTES = 8
const TAG_BYTES = 16
const NONCE_BYTES = 12
const ALGORITHM = 'aes-256-gcm'

/** Keys of earlier openings that are kept at hand; each costs some microseconds to derive. */
const KEYS_MAX = 256

/**
 * A file is sealed in chunks of so many bytes, each with a tag: a block that is read costs one or two of them, some 30 µs
 * each; by the block it would be four times as long in the writing, since a call of the cipher costs as much as a block.
 */
export const CHUNK_BYTES = 64 * 1024

/** Of a file that holds so many bytes. */
export const sealedFileBytes = (bytes: number): number => bytes + TAG_BYTES * Math.ceil(bytes / CHUNK_BYTES)

export class StoreSeal {
  readonly names: SealedNames
  readonly #master: Uint8Array
  readonly #salt = randomBytes(SALT_BYTES)
  readonly #key: KeyObject
  readonly #keys = new Map<string, KeyObject>()
  #count = 0n

  constructor(master: Uint8Array) {
    this.#master = master
    this.names = sealedNames(new Uint8Array(hkdfSync('sha256', master, '', 'names', 32)), nativeSha256)
    this.#key = this.#derive(this.#salt, 'values')
  }

  #derive(salt: Uint8Array, what: string): KeyObject {
    return createSecretKey(Buffer.from(hkdfSync('sha256', this.#master, salt, what, 32)))
  }

  /** The opening's salt, the value's number in it, ciphertext, tag. */
  seal(name: string, value: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafe(SALT_BYTES + COUNT_BYTES + value.length + TAG_BYTES)
    this.#salt.copy(sealed)
    sealed.writeBigUInt64BE(this.#count++, SALT_BYTES)
    const nonce = Buffer.alloc(NONCE_BYTES)
    sealed.copy(nonce, NONCE_BYTES - COUNT_BYTES, SALT_BYTES, SALT_BYTES + COUNT_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce).setAAD(Buffer.from(name))
    cipher.update(value).copy(sealed, SALT_BYTES + COUNT_BYTES)
    cipher.final()
    cipher.getAuthTag().copy(sealed, sealed.length - TAG_BYTES)
    return sealed
  }

  open(name: string, sealed: Uint8Array): Uint8Array | null {
    if (sealed.length < SALT_BYTES + COUNT_BYTES + TAG_BYTES) return null
    const salt = sealed.subarray(0, SALT_BYTES)
    const nonce = Buffer.alloc(NONCE_BYTES)
    nonce.set(sealed.subarray(SALT_BYTES, SALT_BYTES + COUNT_BYTES), NONCE_BYTES - COUNT_BYTES)
    return decrypt(this.#keyOf(salt), nonce, Buffer.from(name), sealed.subarray(SALT_BYTES + COUNT_BYTES))
  }

  #keyOf(salt: Uint8Array): KeyObject {
    const name = Buffer.from(salt).toString('latin1')
    const key = this.#keys.get(name) ?? this.#derive(salt, 'values')
    this.#keys.set(name, key)
    if (this.#keys.size > KEYS_MAX) this.#keys.delete(this.#keys.keys().next().value ?? name)
    return key
  }

  /** For one file: its key comes of the salt, which whoever names the file keeps. */
  file(salt: Uint8Array): FileSeal {
    return new FileSeal(this.#derive(salt, 'file'))
  }
}

export const newFileSalt = (): Uint8Array => new Uint8Array(randomBytes(32))

/** Chunks are bound to their place in the file; the file to its name by its key. */
export class FileSeal {
  readonly #key: KeyObject

  constructor(key: KeyObject) {
    this.#key = key
  }

  seal(index: number, chunk: Uint8Array): Buffer {
    const cipher = createCipheriv(ALGORITHM, this.#key, chunkNonce(index))
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }

  open(index: number, sealed: Uint8Array): Uint8Array | null {
    return sealed.length < TAG_BYTES ? null : decrypt(this.#key, chunkNonce(index), null, sealed)
  }
}

function chunkNonce(index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt32BE(index, NONCE_BYTES - 4)
  return nonce
}

function decrypt(key: KeyObject, nonce: Buffer, name: Buffer | null, sealed: Uint8Array): Uint8Array | null {
  const at = sealed.length - TAG_BYTES
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  if (name) decipher.setAAD(name)
  decipher.setAuthTag(sealed.subarray(at))
  try {
    const opened = decipher.update(sealed.subarray(0, at))
    decipher.final()
    return new Uint8Array(opened.buffer, opened.byteOffset, opened.length)
  } catch {
    return null
  }
}
