import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** `sojourn permit`, as people and programs use it. */
const folder = await mkdtemp(join(tmpdir(), 'sojourn-permit-'))
afterAll(() => rm(folder, { recursive: true }))
const command = new URL('../../bin/sojourn.js', import.meta.url).pathname

const sojourn = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })

const dids: Record<string, string> = {}
beforeAll(async () => {
  for (const name of ['ada', 'bob', 'eve'])
    dids[name] = JSON.parse((await sojourn('keygen', '--out', `${name}.json`, '--json')).stdout).did
  const given = await sojourn('permit', 'grant', '--to', dids.bob ?? '', '--fuel', '1e12', '--identity', 'ada.json')
  await writeFile(join(folder, 'bob.permit'), given.stdout)
}, 60_000)

describe('sojourn permit', { timeout: 60_000 }, () => {
  it('grant prints a permit as text, its words first, and passes on no more than there is', async () => {
    const text = await readFile(join(folder, 'bob.permit'), 'utf8')
    expect(text).toMatch(
      /^# you \(did:key:z6Mk\w+\) lets did:key:z6Mk\w+ launch agents until .*, each with at most 1e12 fuel/,
    )
    const onward = ['--to', dids.eve ?? '', '--proof', 'bob.permit', '--fuel', '5e12', '--calls', 'move', '--json']
    const passed = JSON.parse((await sojourn('permit', 'grant', ...onward, '--identity', 'bob.json')).stdout)
    expect(passed).toMatchObject({ ok: true, root: dids.ada, holder: dids.eve, fault: null })
    expect(passed.quota).toEqual({ fuel: 1e12, calls: ['move'] })
    const stolen = await sojourn('permit', 'grant', ...onward, '--identity', 'eve.json')
    expect(stolen.code).toBe(1)
    expect(JSON.parse(stolen.stdout).error.reason).toMatch(/^bob\.permit is made out to did:key:/)
  })

  it('show explains it, and says why it is not valid where it is not', async () => {
    const good = await sojourn('permit', 'show', 'bob.permit')
    expect([good.code, good.stdout.split('\n').at(-2)]).toEqual([
      0,
      expect.stringMatching(/^Valid for hosts that know /),
    ])
    const text = await readFile(join(folder, 'bob.permit'), 'utf8')
    const line = text.split('\n').at(-2) ?? ''
    const bytes = Buffer.from(line, 'base64')
    bytes[20] = (bytes[20] ?? 0) ^ 1
    await writeFile(join(folder, 'forged.permit'), `# Ada lets Eve do everything.\n${bytes.toString('base64')}\n`)
    const forged = await sojourn('permit', 'show', 'forged.permit', '--json')
    expect(forged.code).toBe(1)
    expect(JSON.parse(forged.stdout)).toMatchObject({ ok: false, holder: dids.bob, fault: { code: 'SIGNATURE' } })
    await writeFile(join(folder, 'none.permit'), 'not a permit\n')
    expect(await sojourn('permit', 'show', 'none.permit')).toMatchObject({ code: 1, stdout: '' })
  })
})
