import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import {
  createIdentity,
  defaultIdentityPath,
  IdentityFileError,
  loadIdentity,
  loadOrCreateIdentity,
} from '../../src/platform/node/identity-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'sojourn-identity-'))
afterAll(() => rm(folder, { recursive: true }))
const file = (name: string): string => join(folder, name, 'identity.json')

describe('an identity file', () => {
  it('holds the same identity at the next start, for its owner only', async () => {
    const path = file('own')
    const made = await createIdentity(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const again = await loadIdentity(path)
    expect(again.did).toBe(made.did)
    const payload = utf8('x')
    expect(await createVerifier().verify(made.did, 'vote', payload, await again.sign('vote', payload))).toBe(true)
    expect(await readdir(join(path, '..'))).toEqual(['identity.json'])
  })

  it('is never overwritten', async () => {
    const path = file('twice')
    await createIdentity(path)
    const before = await readFile(path, 'utf8')
    await expect(createIdentity(path)).rejects.toThrow(/exists already; an identity is never overwritten/)
    expect(await readFile(path, 'utf8')).toBe(before)
  })

  it('is one, however many processes make it at once', async () => {
    const path = file('race')
    const signers = await Promise.all([...Array(8)].map(() => loadOrCreateIdentity(path)))
    expect(new Set(signers.map(({ did }) => did)).size).toBe(1)
    expect(await readdir(join(path, '..'))).toEqual(['identity.json'])
  })

  it('is refused when others can read it', async () => {
    const path = file('open')
    await createIdentity(path)
    await chmod(path, 0o644)
    await expect(loadIdentity(path)).rejects.toThrow(
      `others can read ${path} (mode 644); mend it with: chmod 600 ${path}`,
    )
    await expect(loadOrCreateIdentity(path)).rejects.toBeInstanceOf(IdentityFileError)
  })

  it('that is missing says how to make one', async () => {
    await expect(loadIdentity(file('none'))).rejects.toThrow(/no identity at .*; make one with: sojourn keygen/)
  })

  it.each([
    ['{', 'it is not JSON'],
    ['null', 'it is not of type sojourn-identity, version 1'],
    ['{"type":"sojourn-identity","version":2}', 'it is not of type sojourn-identity, version 1'],
    ['{"type":"sojourn-identity","version":1,"secretKey":"00"}', 'secretKey is not 64 hex digits'],
    [
      `{"type":"sojourn-identity","version":1,"did":"did:key:z","secretKey":"${'00'.repeat(32)}"}`,
      'did and secretKey do not belong together',
    ],
  ])('that is damaged is refused: %s', async (content, reason) => {
    const path = join(folder, 'damaged.json')
    await writeFile(path, content, { mode: 0o600 })
    await expect(loadIdentity(path)).rejects.toThrow(`${path} is not an identity file: ${reason}`)
  })
})

it('lies where SOJOURN_HOME says, else in the folder for configurations', () => {
  expect(defaultIdentityPath({ SOJOURN_HOME: '/a', XDG_CONFIG_HOME: '/b' })).toBe('/a/identity.json')
  expect(defaultIdentityPath({ XDG_CONFIG_HOME: '/b' })).toBe('/b/sojourn/identity.json')
  expect(defaultIdentityPath({})).toMatch(/\/\.config\/sojourn\/identity\.json$/)
})
