/**
 * A process as a realm: an engine's shell, or a Node of another processor under an emulator. Requests and answers lie in
 * files of a folder of its own; lines on its pipes name them.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findCommand } from '../platform/node/chromium.ts'
import { type Realm, Waiting } from './realm.ts'
import { realmCode } from './realm-code.ts'

/** Where Debian's packages of WebKitGTK put the shell. */
export const findJsc = (env: NodeJS.ProcessEnv = process.env): string | null => findCommand(env, ['jsc'])

/**
 * JavaScriptCore's shell, which has no version of its own to tell: it is its package's. Without its last optimiser, which
 * takes minutes for the interpreter's largest function, on one thread that everything else waits for.
 */
export async function openJscRealm(entry: URL): Promise<Realm> {
  const command = findJsc()
  if (command === null) throw new Error('there is no jsc on this machine')
  const asked = spawnSync('dpkg-query', ['-W', 'libjavascriptcoregtk-*-bin'], { encoding: 'utf8' })
  const [, packageVersion = ''] = asked.stdout?.trim().split(/\s+/) ?? []
  return openProcessRealm(
    { name: 'jsc', version: `JavaScriptCore ${packageVersion}`.trim(), command: [command, '--useOMGJIT=0'] },
    entry,
    'shell',
  )
}

export interface RealmProcess {
  readonly name: string
  readonly version: string
  /** The path of the code is added to it. */
  readonly command: readonly string[]
}

export async function openProcessRealm(
  { name, version, command }: RealmProcess,
  entry: URL,
  door: 'shell' | 'process',
): Promise<Realm> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-realm-'))
  const code = join(folder, 'code.js')
  await writeFile(code, await realmCode(entry, door))
  const [program = '', ...args] = command
  const child = spawn(program, [...args, code], { stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting = new Waiting()
  let words = ''
  const hear = (text: string): void => {
    words = `${words}${text}`.slice(-WORDS_LENGTH_MAX)
  }
  child.stderr.on('data', (data) => hear(String(data)))
  child.on('error', (error) => waiting.end(error))
  child.on('exit', (status, signal) => waiting.end(new Error(`${name} ended with ${status ?? signal}: ${words}`)))
  child.stdin.on('error', (error) => waiting.end(error))
  let sent = 0
  let last: Promise<void> = Promise.resolve()
  // Files are written and read one after another, so that answers stay in the order of their requests.
  const inTurn = (work: () => Promise<void>): void => {
    last = last.then(work).catch((error: Error) => waiting.end(error))
  }
  createInterface({ input: child.stdout }).on('line', (path) => {
    if (!path.startsWith(folder)) return hear(`${path}\n`)
    inTurn(async () => {
      waiting.answer(await readFile(`${path}.answer`))
      await rm(`${path}.answer`)
      await rm(path)
    })
  })
  return {
    name,
    version,
    ask: (request) =>
      waiting.ask(() => {
        const path = join(folder, String(sent++))
        inTurn(async () => {
          await writeFile(path, request)
          child.stdin.write(`${path}\n`)
        })
      }),
    async close() {
      waiting.end(new Error(`${name} was closed`))
      child.kill('SIGKILL')
      await last
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const WORDS_LENGTH_MAX = 2_000
