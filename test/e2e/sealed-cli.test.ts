import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalCluster, startLocalCluster } from '../../src/entry/node/local-cluster.ts'
import { sealedJson } from '../../src/identity/sealed-value.ts'
import { sealTo } from '../../src/identity/sealing.ts'
import { createIdentity } from '../../src/platform/node/identity-file.ts'
import { nodeRandom } from '../../src/platform/node/time.ts'

/** Sealed data on the command line, with edge workers as processes of their own. */
const bin = fileURLToPath(new URL('../../bin/sojourn.js', import.meta.url))
const agents = fileURLToPath(new URL('../agents', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'sojourn-sealed-'))
const env: NodeJS.ProcessEnv = { ...process.env, SOJOURN_HOME: join(folder, 'home') }
let cluster: LocalCluster

function sojourn(
  args: readonly string[],
  changes: NodeJS.ProcessEnv = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd: folder, env: { ...env, ...changes } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
      },
    )
  })
}

beforeAll(async () => {
  const signer = await createIdentity(join(folder, 'home/identity.json'))
  cluster = await startLocalCluster({ edges: 2, slots: 2, signer, loopbackOnly: true })
  env.SOJOURN_JOIN = cluster.rendezvous.url
})
afterAll(async () => {
  await cluster.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('sealed data', () => {
  it('is sealed here, read by the edge worker that it is for, and what comes back is opened here alone', async () => {
    const reader = cluster.edges()[1]?.did ?? ''
    const args = ['launch', join(agents, 'letter.ts'), '--input', '"the old mill"', '--seal-to', reader]
    const waited = await sojourn([...args, '--wait', '--json'])
    const { agent, result } = JSON.parse(waited.stdout)
    expect([waited.code, result]).toEqual([0, 'read: the old mill'])

    const mine = await sojourn(['logs', agent])
    expect(mine.stdout).toContain('on the way with a letter')
    expect(mine.stdout).toContain('read: the old mill')
    const stranger = { SOJOURN_HOME: join(folder, 'nobody') }
    expect((await sojourn(['logs', agent, '--json'], stranger)).stdout).not.toMatch(/letter|mill/)

    const { did } = JSON.parse((await sojourn(['keygen', '--show', '--json'])).stdout)
    const value = sealTo(did, '"read: the old mill"', 'a test', nodeRandom)
    await writeFile(join(folder, 'sealed.ndjson'), sealedJson(value))
    const opened = await sojourn(['open', 'sealed.ndjson'])
    expect([opened.code, opened.stdout]).toEqual([0, expect.stringContaining('"read: the old mill"')])
    expect((await sojourn(['keygen'], stranger)).code).toBe(0)
    const refused = await sojourn(['open', 'sealed.ndjson', '--json'], stranger)
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.stdout.split('\n')[0] ?? '')).toMatchObject({ ok: false, error: { code: 'READER' } })
  })

  it('is what map gives out and takes in, where it is asked to', async () => {
    await writeFile(join(folder, 'numbers.ndjson'), '3\n4\n')
    const { code, stdout } = await sojourn([
      'map',
      join(agents, 'square.ts'),
      'numbers.ndjson',
      '--join',
      env.SOJOURN_JOIN ?? '',
      '--bind',
      '127.0.0.1',
      '--result-to',
      'me',
    ])
    expect([code, stdout]).toEqual([0, '{"input":3,"square":9}\n{"input":4,"square":16}\n'])
  })
})
