import { readFile, stat } from 'node:fs/promises'
import { join, normalize, sep } from 'node:path'
import { type AgentId, shortAgentId } from '../../directory/agent-id.ts'
import type { Admission } from '../../host/admission.ts'
import type { Host, HostOptions } from '../../host/host.ts'
import { createHost } from '../../host/runtime.ts'
import type { HostKind } from '../../host/snapshot.ts'
import { CACHE_BYTES_DEFAULT } from '../../host/transfer-limits.ts'
import type { Did } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { openMemoryStore } from '../../platform/memory/store.ts'
import { nodeDeflate } from '../../platform/node/deflate.ts'
import { loadEngineFiles } from '../../platform/node/engine-files.ts'
import { lendNativeHash } from '../../platform/node/native-hash.ts'
import { createNativeSubtle, lendNativeSignatures } from '../../platform/node/native-signatures.ts'
import { createNodeSandbox, type Isolation } from '../../platform/node/sandbox.ts'
import { openNodeStore } from '../../platform/node/store.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../platform/node/time.ts'
import { goOnlineFromNode } from '../../platform/node/transport.ts'
import type { RendezvousTransport } from '../../platform/peerjs/transport.ts'
import { SPARES_MAX } from '../../sandbox/limits.ts'
import type { Mandate, Sealed } from '../../wire/statements.ts'

/** A host in this process, put together from Node's adapters: edge workers, `map`'s home, the demo, command lines. */
export interface NodeHostOptions {
  readonly rendezvous: string
  readonly signer: Signer
  readonly kind: HostKind
  readonly name: string
  readonly slots: number
  /** How deep agents may go here, in segments; all there are where nothing is said. */
  readonly depth?: number
  /** Its agents' segments are run again; not worth it where every host is this user's own. */
  readonly audits?: boolean
  readonly trust: readonly Did[]
  readonly operators?: readonly Did[]
  readonly roots?: readonly Did[]
  readonly permit?: readonly Uint8Array[]
  readonly administrators?: readonly Did[]
  readonly statics?: readonly Did[]
  readonly admission?: Admission
  readonly invitation?: readonly Uint8Array[]
  readonly mandate?: Sealed<Mandate>
  readonly memoryBytes?: number
  /** Bytes kept of agents that have left, should they come back. */
  readonly cacheBytes?: number
  /** Where records and blocks are kept, sealed to this key; in memory when absent. */
  readonly disk?: { readonly folder: string; readonly key: Uint8Array }
  /** Agents may read the files in here, and nothing else. */
  readonly shareFolder?: string
  readonly bindAddress?: string
  /** What each agent runs in; a thread of this process where nothing is said. */
  readonly isolate?: Isolation
  /** Hides this machine's addresses from other hosts; `bindAddress` does not count then. */
  readonly relayOnly?: boolean
  readonly log?: HostOptions['log']
}

export interface NodeHost {
  readonly host: Host
  readonly transport: RendezvousTransport
  close(): Promise<void>
}

/** What is kept of agents that have left where nothing is kept on disk, bytes: a few hundred small ones. */
const CACHE_BYTES_IN_MEMORY = 32 * 1024 * 1024

/** Bytes of a shared file that an agent may read at once; it fits one answer to a call. */
const SHARED_FILE_BYTES_MAX = 8 * 1024 * 1024

export async function startNodeHost(options: NodeHostOptions): Promise<NodeHost> {
  const { signer, kind, name, slots, trust, operators, shareFolder, disk, log } = options
  lendNativeHash()
  lendNativeSignatures()
  const { manifest, modules } = await loadEngineFiles()
  const sandbox = createNodeSandbox({
    engines: new Map([[manifest.id, modules]]),
    spares: Math.min(slots, SPARES_MAX),
    isolate: options.isolate ?? 'thread',
  })
  const store = disk ? await openNodeStore(disk.folder, { key: disk.key }) : await openMemoryStore()
  let online: RendezvousTransport | null = null
  try {
    const host = await createHost({
      signer,
      verifier: createVerifier(createNativeSubtle()),
      store,
      sandbox,
      deflate: nodeDeflate,
      engineId: manifest.id,
      clock: nodeClock,
      random: nodeRandom,
      timers: nodeTimers,
      kind,
      name,
      slots,
      trust,
      cacheBytes: options.cacheBytes ?? (disk ? CACHE_BYTES_DEFAULT : CACHE_BYTES_IN_MEMORY),
      ...(options.depth === undefined ? {} : { depth: options.depth }),
      ...(options.audits === undefined ? {} : { audits: options.audits }),
      ...(operators ? { operators } : {}),
      ...(options.roots ? { roots: options.roots } : {}),
      ...(options.permit ? { permit: options.permit } : {}),
      ...(options.administrators ? { administrators: options.administrators } : {}),
      ...(options.statics ? { statics: options.statics } : {}),
      ...(options.admission ? { admission: options.admission } : {}),
      ...(options.invitation ? { invitation: options.invitation } : {}),
      ...(options.mandate ? { mandate: options.mandate } : {}),
      ...(shareFolder === undefined ? {} : { share: (path) => readShared(shareFolder, path) }),
      ...(log ? { log } : {}),
      transport: async () => {
        online = await goOnlineFromNode({
          rendezvous: options.rendezvous,
          signer,
          ...(options.bindAddress === undefined ? {} : { bindAddress: options.bindAddress }),
          ...(options.relayOnly ? { relayOnly: true } : {}),
          onLineChange: (isOnline, reason) =>
            log?.(isOnline ? 'info' : 'warn', isOnline ? 'on line' : `off line: ${reason}`),
        })
        return online
      },
      members: async () => (online ? (await online.hosts()).map(({ address }) => address) : []),
    })
    if (!online) throw new Error('a host without transport')
    return {
      host,
      transport: online,
      async close() {
        await host.close()
        sandbox.close()
      },
    }
  } catch (error) {
    sandbox.close()
    await store.close()
    throw error
  }
}

/** A file inside the shared folder, by a relative path; null for everything else, without saying why. */
export async function readShared(folder: string, path: string): Promise<Uint8Array | null> {
  const inside = normalize(path)
  if (inside.startsWith('..') || inside.startsWith(sep) || path.includes('\0') || /^[a-z]:/i.test(path)) return null
  const file = join(folder, inside)
  try {
    const { size } = await stat(file)
    if (size > SHARED_FILE_BYTES_MAX) return null
    return Uint8Array.from(await readFile(file))
  } catch {
    return null
  }
}

/** One line a happening, for people who watch a terminal. */
export const logLine = (level: 'info' | 'warn', text: string, agent?: AgentId): string =>
  `${level === 'warn' ? 'warning: ' : ''}${agent ? `${shortAgentId(agent)}: ` : ''}${text}`
