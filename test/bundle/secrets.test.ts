import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { base58btc } from 'multiformats/bases/base58'
import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { seededRandom } from '../../src/base/random.ts'
import { openBundle } from '../../src/bundle/open.ts'
import { sealBundle } from '../../src/bundle/seal.ts'
import { keyIn, keyInParts } from '../../src/bundle/secrets.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { parts } from './parts.ts'

const random = seededRandom(3)
const pem = (type: 'ec' | 'rsa' | 'ed25519', format: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string => {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 1024 })
        : generateKeyPairSync('ed25519')
  return privateKey.export({ type: format as 'pkcs8', format: 'pem' }).toString()
}
const jwk = JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }))
const identity = JSON.stringify({
  type: 'sojourn-identity',
  version: 1,
  did: 'did:key:z6Mk',
  secretKey: toHex(random.bytes(32)),
})
const seed = base58btc.encode(Uint8Array.of(0x80, 0x26, ...random.bytes(32)))
const aws = `wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY`.slice(0, 40)

describe('a key in a bundle’s files is found', () => {
  it.each([
    ['a private key in PEM', pem('ed25519')],
    ['a private key in PEM', pem('ec', 'sec1')],
    ['a private key in PEM', `const key = ${JSON.stringify(pem('rsa', 'pkcs1'))}`],
    ['a private key in PEM', `const key = \`\n${pem('rsa')}\``],
    ['a private key in PEM', JSON.stringify({ sourcesContent: [`const key = ${JSON.stringify(pem('ed25519'))}`] })],
    ['the secret of a sojourn identity', identity],
    ['the secret of a sojourn identity', `const me = ${identity.replaceAll(/"(\w+)":/g, '$1: ')}`],
    ['the secret of a sojourn identity', JSON.stringify({ sourcesContent: [identity] })],
    ['a private key as JWK', jwk],
    ['a private key as JWK', `const jwk = ${jwk.replaceAll(/"(\w+)":/g, '$1: ')}`],
    ['the secret seed of a did:key', `const seed = '${seed}'`],
    ['an AWS secret access key', `aws_secret_access_key = ${aws}`],
    ['an AWS secret access key', `{ "awsSecretAccessKey": "${aws}" }`],
    ['a GitHub token', `ghp_${'aB3'.repeat(12)}`],
    ['a Stripe secret key', `'sk_live_${'a1B2'.repeat(6)}'`],
  ])('%s, in text %#', (what, text) => {
    expect(keyIn(`// first line\n${text}`)).toMatchObject({ what })
  })

  it('with the line it is in, and the file', () => {
    expect(keyIn(`one\ntwo\n${seed}`)).toEqual({ what: 'the secret seed of a did:key', line: 3 })
    const found = keyInParts({ ...parts, assets: new Map([['me.json', utf8(`\u00ff\n${identity}`)]]) })
    expect(found).toBe('assets/me.json, line 2, has the secret of a sojourn identity in it')
  })
})

describe('what is no key is left alone', () => {
  it.each([
    ['a header that a program looks for', `if (text.startsWith('-----BEGIN PRIVATE KEY-----')) parse(text)`],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['a public JWK', JSON.stringify(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }))],
    ['an AWS example', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
    ['a hash called a key', `secretKey: '${toHex(random.bytes(32))}'`],
    ['a did', createSigner(random.bytes(32)).did],
    ['base58 of the seed’s length', `z3u2${'x'.repeat(44)}`],
    ['the word', 'type: "sojourn-identity"'],
  ])('%s', (_, text) => {
    expect(keyIn(text)).toBeNull()
  })

  it('the sources of this project and of libraries that handle keys', () => {
    const texts = [
      'src',
      'agents',
      'node_modules/@noble',
      'node_modules/peerjs/dist',
      'node_modules/multiformats/dist/src',
    ].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile() && /\.(ts|tsx|js|json|md|map)$/.test(file.name))
        .map((file) => join(file.parentPath, file.name)),
    )
    expect(texts.length).toBeGreaterThan(400)
    expect(texts.filter((path) => keyIn(readFileSync(path, 'utf8')) !== null)).toEqual([])
  })
})

describe('a host', () => {
  const author = createSigner(generateSecretKey(random))
  const open = async (changes: Partial<typeof parts>) =>
    openBundle((await sealBundle({ ...parts, ...changes }, author)).car, createVerifier())

  it.each([
    ['code', { code: `globalThis.me = ${identity}` }],
    ['assets', { assets: new Map([['me.json', utf8(identity)]]) }],
    ['source map', { sourceMap: JSON.stringify({ sourcesContent: [identity] }) }],
  ])('refuses a bundle with an identity in its %s, whoever signed it', async (_, changes) => {
    expect(await open(changes)).toMatchObject({ ok: false, code: 'SECRET' })
  })

  it('takes one that only speaks of identities', async () => {
    expect((await open({ code: 'console.log("sojourn-identity", { secretKey: "none" })' })).ok).toBe(true)
  })
})
