import { base58btc } from 'multiformats/bases/base58'

/**
 * Keys that have got into a bundle by mistake: everything in a bundle is read by every host that runs it. What is looked for
 * is evident, whole and usable: a PEM header alone, as programs that read such files have, is no key, nor is an example from a
 * manual. Whoever wants to hide a key finds a way; this is for those who have not noticed.
 */
interface Kind {
  readonly what: string
  readonly pattern: RegExp
  /** Whether a match is one indeed; `text` is all of the file. */
  readonly isOne?: (match: string, text: string) => boolean
}

/** A line's end as it is, or as a string in a program or in a source map has it. */
const BREAK = String.raw`(?:\s|\\{1,4}[rn])*`

const OWN: Kind = {
  what: 'the secret of a sojourn identity',
  pattern: /["']?secretKey\\?["']?\s*:\s*\\?["'`][0-9a-fA-F]{64}/,
  isOne: (_, text) => text.includes('sojourn-identity'),
}

const KINDS: readonly Kind[] = [
  OWN,
  {
    what: 'a private key in PEM',
    pattern: new RegExp(
      `-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----${BREAK}[A-Za-z0-9+/]{40}`,
    ),
  },
  {
    what: 'a private key as JWK',
    pattern: /\{[^{}]{0,4096}\bkty\\?["']?\s*:\s*\\?["'`](?:OKP|EC|RSA)[^{}]{0,4096}\}/,
    isOne: (match) => /(?:[{,]|\\n)\s*\\?["']?d\\?["']?\s*:\s*\\?["'`][A-Za-z0-9_-]{40}/.test(match),
  },
  {
    what: 'the secret seed of a did:key',
    pattern: /\bz3u2[1-9A-HJ-NP-Za-km-z]{44}\b/,
    isOne: (match) => isSeed(match),
  },
  {
    what: 'an AWS secret access key',
    pattern: /aws_?secret_?access_?key\\?["']?\s*[:=]\s*\\?["'`]?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])/i,
    isOne: (match) => !match.includes('EXAMPLE'),
  },
  { what: 'a GitHub token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b/ },
  { what: 'a Stripe secret key', pattern: /\b[sr]k_live_[A-Za-z0-9]{24,}\b/ },
]

/** Multicodec ed25519-priv (0x1300) as a varint. */
const ED25519_PRIV = [0x80, 0x26] as const

function isSeed(text: string): boolean {
  try {
    const bytes = base58btc.decode(text)
    return bytes.length === 34 && bytes[0] === ED25519_PRIV[0] && bytes[1] === ED25519_PRIV[1]
  } catch {
    return false
  }
}

/** The first key in this text: what it is, and in which line; null where there is none. */
export function keyIn(
  text: string,
  kinds: readonly Kind[] = KINDS,
): { readonly what: string; readonly line: number } | null {
  for (const { what, pattern, isOne } of kinds) {
    const all = new RegExp(pattern.source, `${pattern.flags}g`)
    for (const { 0: match, index } of text.matchAll(all)) {
      if (isOne && !isOne(match, text)) continue
      return { what, line: text.slice(0, index).split('\n').length }
    }
  }
  return null
}

/** Where an author's files have a key in them, in words; null where they have none. */
export function keyInParts(parts: {
  readonly code: string
  readonly sourceMap: string | null
  readonly assets: ReadonlyMap<string, Uint8Array>
}): string | null {
  const files: (readonly [string, string])[] = [
    ['its code as built', parts.code],
    ['its source map', parts.sourceMap ?? ''],
    ...[...parts.assets].map(([name, bytes]) => [`assets/${name}`, latin1(bytes)] as const),
  ]
  for (const [name, text] of files) {
    const found = keyIn(text)
    if (found) return `${name}, line ${found.line}, has ${found.what} in it`
  }
  return null
}

/** A character a byte: what is looked for is ASCII, whatever stands around it. */
function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return text
}

const IDENTITY = 'sojourn-identity'

/**
 * What hosts refuse whoever signed it: the identity of a host or an author, with which others could speak as it. Cheap for
 * all bundles that do not even have the word.
 */
export function hasIdentity(texts: readonly string[], files: Iterable<Uint8Array>): boolean {
  // Only this one pattern, which is linear: the text is a stranger's.
  const isIdentity = (text: string): boolean => keyIn(text, [OWN]) !== null
  for (const text of texts) if (text.includes(IDENTITY) && isIdentity(text)) return true
  for (const bytes of files) if (holds(bytes, IDENTITY) && isIdentity(latin1(bytes))) return true
  return false
}

function holds(bytes: Uint8Array, word: string): boolean {
  const first = word.charCodeAt(0)
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let i = 1
    while (i < word.length && bytes[at + i] === word.charCodeAt(i)) i++
    if (i === word.length) return true
  }
  return false
}
