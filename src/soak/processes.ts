import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Did, parseDid } from '../identity/did.ts'
import { packageRoot } from '../platform/node/engine-files.ts'
import { START_MS_MAX } from './limits.ts'

/** The command line as processes of their own, whose every word goes into a log file each: killed, stopped, started again. */
export class Process {
  readonly name: string
  readonly #args: () => readonly string[]
  readonly #log: WriteStream
  #child: ChildProcess | null = null
  #said: Record<string, unknown> = {}

  constructor(name: string, logFolder: string, args: () => readonly string[]) {
    this.name = name
    this.#args = args
    this.#log = createWriteStream(join(logFolder, `${name}.log`), { flags: 'a' })
  }

  /** The line of JSON that it said when it was on line. */
  get said(): Readonly<Record<string, unknown>> {
    return this.#said
  }

  get isRunning(): boolean {
    return this.#child !== null
  }

  /** Resolves when it is on line; with the data of the life before, where it keeps any. */
  async start(): Promise<void> {
    if (this.#child) return
    this.note('started')
    const child = spawn(process.execPath, [join(packageRoot(), 'bin/sojourn.js'), ...this.#args()], {
      // The IPC channel carries nothing: when this process is gone it closes, and an edge worker goes too.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    child.stderr?.pipe(this.#log, { end: false })
    const ended = new Promise<never>((_, reject) => {
      child.once('exit', (code, signal) => {
        if (this.#child === child) this.#child = null
        this.note(`ended: ${signal ?? code}`)
        reject(new Error(`${this.name} ended (${signal ?? code})`))
      })
    })
    ended.catch(() => undefined)
    const onLine = new Promise<void>((resolve) => {
      if (child.stdout)
        createInterface({ input: child.stdout }).on('line', (line) => {
          const said = JSON.parse(line) as Record<string, unknown>
          // What it says of a failure is in the log, and it ends by itself.
          if (said.ok === false) return
          this.#said = said
          resolve()
        })
    })
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`${this.name} is not on line after ${START_MS_MAX} ms`)), START_MS_MAX).unref()
    })
    await Promise.race([onLine, ended, late])
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await gone
  }

  stop = (): boolean | undefined => this.#child?.kill('SIGSTOP')
  goOn = (): boolean | undefined => this.#child?.kill('SIGCONT')

  note(what: string): void {
    this.#log.write(`--- ${new Date().toISOString()} ${what}\n`)
  }

  close(): void {
    this.#child?.kill('SIGKILL')
    this.#log.end()
  }
}

export interface EdgeOptions {
  readonly url: () => string
  readonly author: Did
  readonly slots: number
  readonly dataFolder: string
  readonly logFolder: string
}

/** An edge worker: lends places, or plays home, or both. */
export class Edge extends Process {
  readonly dataFolder: string

  constructor(name: string, { url, author, slots, dataFolder, logFolder }: EdgeOptions) {
    super(name, logFolder, () => [
      'edge',
      ...['--join', url(), '--name', name, '--agents', String(slots), '--data', dataFolder],
      ...['--trust', author, '--root', author, '--operator', author, '--json'],
    ])
    this.dataFolder = dataFolder
  }

  get did(): Did {
    const did = parseDid(this.said.did)
    if (!did.ok) throw new Error(`${this.name} has not said who it is`)
    return did.value
  }
}

/** The rendezvous, at the port that it had at first. */
export class RendezvousProcess extends Process {
  constructor(logFolder: string, author: Did) {
    super('rendezvous', logFolder, () => [
      'serve',
      ...['--port', String(this.said.port ?? 0), '--author', `${author}=soak`, '--name', 'soak', '--json'],
    ])
  }

  get url(): string {
    return String(this.said.url)
  }
}
