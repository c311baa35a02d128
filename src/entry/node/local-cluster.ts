import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { pino } from 'pino'
import { type Did, parseDid } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { packageRoot } from '../../platform/node/engine-files.ts'
import { type Rendezvous, serve } from '../../rendezvous/serve.ts'
import { logLine, type NodeHost, startNodeHost } from './node-host.ts'

/**
 * A whole cluster on this machine: a rendezvous and the home host in this process, edge workers as processes of their
 * own, real WebRTC between them. For `sojourn map`, the demo, tests and benchmarks. `stop` leaves no process behind.
 */
export interface LocalClusterOptions {
  /** What the volunteer page calls this cluster, and the author. */
  readonly name?: string
  readonly authorName?: string
  readonly edges: number
  /** Agents an edge worker runs at once. */
  readonly slots: number
  /** The author whose agents run here; also the home host's identity, and root and operator of the edge workers. */
  readonly signer: Signer
  readonly trust?: readonly Did[]
  /** A folder to share for each edge worker. */
  readonly shareFolders?: readonly string[]
  /** Kept in this folder, one subfolder an edge worker; in memory when absent. */
  readonly dataFolder?: string
  /** Starts an edge worker again that has ended by itself, with its identity and a higher age (needs `dataFolder`). */
  readonly supervise?: boolean
  /** WebRTC on loopback only: right unless a browser's tab takes part. */
  readonly loopbackOnly?: boolean
  readonly log?: (line: string) => void
}

export interface LocalEdge {
  readonly name: string
  readonly did: Did
  /** How often it was started: 1 at first. */
  readonly age: number
  readonly process: ChildProcess
}

export interface LocalCluster {
  readonly rendezvous: Rendezvous
  readonly home: NodeHost
  /** As they are now: an edge worker that was started again has a new process. */
  edges(): readonly LocalEdge[]
  stop(): Promise<void>
}

export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { signer, log } = options
  const pageFolder = join(packageRoot(), 'dist/page')
  const rendezvous = await serve({
    cluster: { name: options.name ?? 'local', authors: [{ did: signer.did, name: options.authorName ?? 'you' }] },
    ...(existsSync(pageFolder) ? { pageFolder } : {}),
    log: pino({ level: 'silent' }),
  })
  const workforce = new Workforce(rendezvous.url, options)
  try {
    const [home] = await Promise.all([
      startNodeHost({
        rendezvous: rendezvous.url,
        signer,
        kind: 'launcher',
        name: 'home',
        slots: 0,
        audits: false,
        trust: options.trust ?? [],
        ...(options.loopbackOnly === false ? {} : { bindAddress: '127.0.0.1' }),
        ...(log ? { log: (level, text, agent) => log(`home: ${logLine(level, text, agent)}`) } : {}),
      }),
      workforce.start(),
    ])
    return {
      rendezvous,
      home,
      edges: () => workforce.edges,
      async stop() {
        workforce.stop()
        await home.close()
        await rendezvous.close()
      },
    }
  } catch (error) {
    workforce.stop()
    await rendezvous.close()
    throw error
  }
}

/** The edge workers' processes: started, watched, started again where that is wanted, and all ended at the end. */
class Workforce {
  readonly #url: string
  readonly #options: LocalClusterOptions
  readonly #processes = new Set<ChildProcess>()
  readonly #edges = new Map<string, LocalEdge>()
  #stopped = false

  constructor(url: string, options: LocalClusterOptions) {
    this.#url = url
    this.#options = options
  }

  get edges(): readonly LocalEdge[] {
    return [...this.#edges.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.edges }, (_, index) => this.#startEdge(index)))
  }

  stop(): void {
    this.#stopped = true
    for (const child of this.#processes) child.kill('SIGKILL')
  }

  async #startEdge(index: number): Promise<void> {
    const name = `edge-${index + 1}`
    const child = spawn(process.execPath, this.#commandLine(index, name), {
      // The IPC channel carries nothing: when this process is gone it closes, and the edge worker goes too.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#processes.add(child)
    const said: string[] = []
    const lines = (stream: Readable | null, onLine: (line: string) => void): void => {
      if (stream) createInterface({ input: stream }).on('line', onLine)
    }
    lines(child.stderr, (line) => {
      said.push(line)
      if (said.length > LINES_QUOTED) said.shift()
      this.#options.log?.(`${name}: ${line}`)
    })
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code, signal) => {
        this.#processes.delete(child)
        reject(new Error(`${name} ended (${signal ?? code}) before it was on line\n${said.join('\n')}`))
      })
      lines(child.stdout, (line) => {
        const { did, age } = JSON.parse(line) as { did?: unknown; age?: unknown }
        const parsed = parseDid(did)
        if (!parsed.ok) return reject(new Error(`${name} said ${line}`))
        this.#edges.set(name, { name, did: parsed.value, age: Number(age), process: child })
        resolve()
      })
    })
    child.once('exit', () => {
      if (this.#options.supervise && !this.#stopped)
        void this.#startEdge(index).catch((error) => this.#options.log?.(String(error)))
    })
  }

  #commandLine(index: number, name: string): string[] {
    const { signer, trust = [], slots, shareFolders, dataFolder, loopbackOnly } = this.#options
    const share = shareFolders?.[index]
    return [
      join(packageRoot(), 'bin/sojourn.js'),
      'edge',
      ...[
        '--join',
        this.#url,
        '--name',
        name,
        '--agents',
        String(slots),
        '--operator',
        signer.did,
        '--root',
        signer.did,
        '--json',
      ],
      ...[signer.did, ...trust].flatMap((did) => ['--trust', did]),
      ...(share === undefined ? [] : ['--share', share]),
      ...(dataFolder === undefined ? [] : ['--data', join(dataFolder, name)]),
      ...(loopbackOnly === false ? [] : ['--bind', '127.0.0.1']),
    ]
  }
}

/** Of what an edge worker said before it ended, the end. */
const LINES_QUOTED = 20
