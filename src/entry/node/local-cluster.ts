import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { type Did, parseDid } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { packageRoot } from '../../platform/node/engine-files.ts'
import { type Rendezvous, serve } from '../../rendezvous/serve.ts'
import { type NodeHost, startNodeHost } from './node-host.ts'

/**
 * A whole cluster on this machine: a rendezvous and the home host in this process, edge workers as processes of their
 * own, real WebRTC between them. For `sojourn map`, the demo, tests and benchmarks. `stop` leaves no process behind.
 */
export interface LocalClusterOptions {
  readonly edges: number
  /** Agents an edge worker runs at once. */
  readonly slots: number
  /** The author whose agents run here; also the home host's identity and the operator of the edge workers. */
  readonly signer: Signer
  readonly trust?: readonly Did[]
  /** A folder to share for each edge worker. */
  readonly shareFolders?: readonly string[]
  /** Kept in this folder, one subfolder an edge worker; in memory when absent. */
  readonly dataFolder?: string
  /** WebRTC on loopback only: right unless a browser's tab takes part. */
  readonly loopbackOnly?: boolean
  readonly log?: (line: string) => void
}

export interface LocalEdge {
  readonly name: string
  readonly did: Did
  readonly process: ChildProcess
}

export interface LocalCluster {
  readonly rendezvous: Rendezvous
  readonly home: NodeHost
  readonly edges: readonly LocalEdge[]
  stop(): Promise<void>
}

export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { signer, log } = options
  const pageFolder = join(packageRoot(), 'dist/page')
  const rendezvous = await serve({
    cluster: { name: 'local', authors: [{ did: signer.did, name: 'you' }] },
    ...(existsSync(pageFolder) ? { pageFolder } : {}),
    log: pino({ level: 'silent' }),
  })
  const started: ChildProcess[] = []
  const endAll = (): void => {
    for (const child of started) child.kill('SIGKILL')
  }
  try {
    const [home, ...edges] = await Promise.all([
      startNodeHost({
        rendezvous: rendezvous.url,
        signer,
        kind: 'launcher',
        name: 'home',
        slots: 0,
        trust: options.trust ?? [],
        ...(options.loopbackOnly === false ? {} : { bindAddress: '127.0.0.1' }),
        ...(log ? { log: (level, text, agent) => log(`home: ${level} ${agent ?? ''} ${text}`) } : {}),
      }),
      ...Array.from({ length: options.edges }, (_, i) => startEdge(i, rendezvous.url, options, started)),
    ] as const)
    return {
      rendezvous,
      home,
      edges,
      async stop() {
        endAll()
        await home.close()
        await rendezvous.close()
      },
    }
  } catch (error) {
    endAll()
    await rendezvous.close()
    throw error
  }
}

async function startEdge(
  index: number,
  url: string,
  options: LocalClusterOptions,
  started: ChildProcess[],
): Promise<LocalEdge> {
  const name = `edge-${index + 1}`
  const authors = [options.signer.did, ...(options.trust ?? [])].flatMap((did) => ['--trust', did])
  const share = options.shareFolders?.[index]
  const child = spawn(
    process.execPath,
    [
      join(packageRoot(), 'bin/sojourn.js'),
      'edge',
      ...['--join', url, '--name', name, '--agents', String(options.slots), '--operator', options.signer.did, '--json'],
      ...authors,
      ...(share === undefined ? [] : ['--share', share]),
      ...(options.dataFolder === undefined ? [] : ['--data', join(options.dataFolder, name)]),
      ...(options.loopbackOnly === false ? [] : ['--bind', '127.0.0.1']),
    ],
    // The IPC channel carries nothing: when this process is gone it closes, and the edge worker goes too.
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  )
  started.push(child)
  const said: string[] = []
  createInterface({ input: child.stderr ?? process.stdin }).on('line', (line) => {
    said.push(line)
    if (said.length > 20) said.shift()
    options.log?.(`${name}: ${line}`)
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`${name} ended with code ${code} before it was on line\n${said.join('\n')}`)),
    )
    createInterface({ input: child.stdout ?? process.stdin }).once('line', (line) => {
      const did = parseDid((JSON.parse(line) as { did?: unknown }).did)
      if (did.ok) resolve({ name, did: did.value, process: child })
      else reject(new Error(`${name} said ${line}`))
    })
  })
}
