import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { inputJson, jsonFault, mebibytes, wholeNumber } from '../../src/entry/node/arguments.ts'

const folder = await mkdtemp(join(tmpdir(), 'sojourn-commands-'))
afterAll(() => rm(folder, { recursive: true }))
const bin = fileURLToPath(new URL('../../bin/sojourn.js', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function sojourn(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const { SOJOURN_JOIN: _, ...environment } = process.env
    const env = { ...environment, SOJOURN_HOME: join(folder, 'home') }
    execFile(process.execPath, [bin, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

const COMMANDS = [
  'serve',
  'launch',
  'ps',
  'logs',
  'itinerary',
  'move',
  'evict',
  'kill',
  'nodes',
  'names',
  'ban',
  'map',
  'doctor',
  'sim',
]

describe('the commands of a cluster', () => {
  it.each(COMMANDS)('help %s has an example', async (command) => {
    const { code, stdout, stderr } = await sojourn('help', command)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`Examples?:\\n  (seq.*)?sojourn ${command}`))
    expect(stdout).toContain('--json')
    expect(stdout).not.toContain('(default: false)')
  })

  it.each([
    [['ps'], "required option '--join <url>' not specified"],
    [['logs', '--join', 'http://127.0.0.1:9'], "missing required argument 'agent'"],
    [['move', 'x.1', '--join', 'http://127.0.0.1:9'], 'make one with: sojourn keygen'],
    [['kill', 'x.1', '--join', 'http://127.0.0.1:9', '--identity', 'none.json'], 'no identity at none.json'],
    [['ps', '--join', 'http://127.0.0.1:9'], 'sojourn: rendezvous http://127.0.0.1:9/ does not answer'],
    [['ps', '--join', 'nowhere'], '"nowhere" is not a URL such as https://host:port'],
    [['launch', 'x.ts', '--join', 'http://127.0.0.1:9', '--input', '{'], 'sojourn: the input is refused: not JSON'],
    [['launch', 'x.ts', '--join', 'http://127.0.0.1:9', '--input', '@none'], 'sojourn: cannot read none: ENOENT'],
    [['launch', 'x.ts', '--join', 'http://127.0.0.1:9', '--fuel', '-1'], 'It must be a whole number of at least 1.'],
    [['nodes'], "required option '--join <url>' not specified"],
    [['ban', 'bob', '--reason', 'x', '--join', 'http://127.0.0.1:9'], '"bob" does not start with did:key:z'],
    [['edge', '--join', 'http://127.0.0.1:9', '--admit', 'cats'], '"cats" is none of: static, open, invited,'],
    [['edge', '--join', 'http://127.0.0.1:9', '--static', 'none.txt'], 'cannot read none.txt: ENOENT'],
    [['map', 'x.ts', 'none.ndjson'], 'sojourn: cannot read none.ndjson: ENOENT'],
    [['map', 'x.ts', 'bad.ndjson'], 'sojourn: bad.ndjson, line 3: not JSON'],
    [['map', 'none.ts', 'good.ndjson'], 'none.ts is not there'],
    [['map', 'x.ts', 'good.ndjson', '--hosts', '0'], 'It must be a whole number from 1 to 64.'],
    [['map', 'x.ts', 'good.ndjson', '--hosts', '2', '--join', 'http://127.0.0.1:9'], 'say one of them'],
    [['serve', '--port', '70000'], 'It must be a whole number from 0 to 65535.'],
    [['sim', '--hosts', '2', '--homes', '2'], 'sojourn: --homes 2 of 2 hosts: one at least runs agents'],
    [['sim', '--hosts', '3', '--witnesses', '5'], 'sojourn: --witnesses 5 of 3 hosts: there are too few'],
    [['sim', '--witnesses', '2'], 'It must be odd: there must always be a majority.'],
    [['sim', '--faults', 'crash,moths'], 'There is no fault "moths"; there are drop,'],
    [['sim', '--seconds', '1', '--agents', '0', '--workers', '1', '--resume', 'none/here'], 'sojourn: ENOENT'],
    [['serve', '--author', 'bob'], '"bob" does not start with did:key:z'],
    [['serve', '--ice', 'http://x'], 'url is not stun:, turn: or turns:'],
    [['serve', '--public-host', 'https://x'], '"https://x" is not host[:port], such as lab.example:9000.'],
    [['serve', '--port', '0', '--host', '203.0.113.1'], 'sojourn: cannot listen on 203.0.113.1:0: '],
  ])('%j fails in a sentence on stderr', async (args, sentence) => {
    await writeFile(join(folder, 'bad.ndjson'), '1\n\n{oops\n')
    await writeFile(join(folder, 'good.ndjson'), '1\n')
    const { code, stdout, stderr } = await sojourn(...args)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

it('what is typed wrongly is an answer for programs too, where they ask for one', async () => {
  const { code, stdout, stderr } = await sojourn('names', '--json')
  expect([code, JSON.parse(stdout)]).toEqual([
    1,
    { ok: false, error: { code: 'USAGE', reason: "required option '--join <url>' not specified" } },
  ])
  expect(stderr).toContain('(add --help to see what there is)')
})

describe('what is typed', () => {
  it('may be a number in any of its forms, within its range', () => {
    const parse = wholeNumber(1, 2_000_000)
    expect([parse('1e6'), parse('1_000'), parse('2000000')]).toEqual([1_000_000, 1_000, 2_000_000])
    for (const bad of ['', '0', '-1', '1.5', '2000001', 'many', '0x10', ' 1']) expect(() => parse(bad)).toThrow()
    expect(mebibytes('64')).toBe(64 * 1024 * 1024)
  })

  it('may be JSON in place or in a file', async () => {
    await writeFile(join(folder, 'input.json'), '{"a": 1}\n')
    expect(await inputJson(`@${join(folder, 'input.json')}`)).toBe('{"a": 1}')
    expect(await inputJson(' [1] ')).toBe('[1]')
  })

  it('is refused where it is more than an agent can be given', () => {
    const text = (letters: number) => JSON.stringify('é'.repeat(letters))
    expect(jsonFault(text(262_143))).toBeNull()
    expect(jsonFault(text(262_144))).toBe('inputBytes 524290 > INPUT_BYTES_MAX 524288')
  })
})
