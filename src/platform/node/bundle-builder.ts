import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { oneOf, reading, record, text, whole } from '../../base/shape.ts'
import { type AgentParts, partsFault } from '../../bundle/seal.ts'
import { QUOTA_FIELDS } from '../../permit/quota.ts'
import { AgentBuildError } from './agent-build-error.ts'
import { buildKernel } from './bundle-kernel.ts'
import { buildScript } from './bundle-script.ts'

/**
 * From what an author wrote to the parts of a bundle. An agent is one script file, or a folder:
 *
 *   agent.ts (or .js)   the program
 *   kernels/*.ts        AssemblyScript; kernels/*.wasm are taken as they are
 *   assets/**           files that travel with it
 *   sojourn.json        name, version, description, needs, quota, effects: all optional
 *
 * The same files give the same parts on every machine. Nothing is signed here, and nothing the author wrote is run.
 */
export async function buildAgent(path: string): Promise<AgentParts> {
  const { root, entry, isFolder } = await locate(resolve(path))
  const kernels = new Map<string, Uint8Array>()
  const assets = new Map<string, Uint8Array>()
  if (isFolder) {
    for (const name of await filesUnder(root, 'kernels')) {
      if (/\.(ts|wasm)$/.test(name))
        kernels.set(basename(name, extname(name)), await buildKernel(root, `kernels/${name}`))
    }
    for (const name of await filesUnder(root, 'assets')) assets.set(name, await readFile(join(root, 'assets', name)))
  }
  const script = await buildScript(root, entry)
  const told = isFolder ? await readDescription(root) : {}
  const parts: AgentParts = {
    name: slug(isFolder ? basename(root) : basename(entry, extname(entry))),
    version: '0.0.0',
    description: '',
    needs: {},
    quota: {},
    effects: 'durable',
    ...told,
    ...script,
    kernels,
    assets,
  }
  const fault = partsFault(parts)
  if (fault) throw new AgentBuildError(`${path}: ${fault}`)
  return parts
}

/** The agent's folder and its script in it; `agent.ts` of a folder with kernels or a description means the folder. */
async function locate(path: string): Promise<{ root: string; entry: string; isFolder: boolean }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new AgentBuildError(`${path} is not there`, { cause })
  })
  if (!found.isDirectory()) {
    if (!/\.[cm]?[jt]s$/.test(path)) throw new AgentBuildError(`${path} is neither a folder nor a .ts or .js file`)
    const folder = dirname(path)
    const names = /^agent\.[jt]s$/.test(basename(path)) ? await readdir(folder) : []
    const isFolder = names.some((name) => ['kernels', 'assets', 'sojourn.json'].includes(name))
    return { root: folder, entry: basename(path), isFolder }
  }
  const names = await readdir(path)
  const entry = ['agent.ts', 'agent.js'].find((name) => names.includes(name))
  if (!entry) throw new AgentBuildError(`${path} has no agent.ts and no agent.js`)
  return { root: path, entry, isFolder: true }
}

/** Regular files under a sub-folder, with paths relative to it, sorted; hidden ones are left out, links are refused. */
async function filesUnder(root: string, folder: string): Promise<string[]> {
  const visible = (entry: Dirent): boolean => !entry.name.startsWith('.')
  const found: string[] = []
  const walk = async (relative: string): Promise<void> => {
    const entries = await readdir(join(root, folder, relative), { withFileTypes: true }).catch(() => [])
    for (const entry of entries.filter(visible)) {
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`
      if (entry.isDirectory()) await walk(name)
      else if (entry.isFile()) found.push(name)
      else throw new AgentBuildError(`${folder}/${name} is neither a file nor a folder`)
    }
  }
  await walk('')
  return found.sort()
}

type Told = Partial<Pick<AgentParts, 'name' | 'version' | 'description' | 'needs' | 'quota' | 'effects'>>

/** sojourn.json; its values are judged with the rest of the manifest, here only their form. */
async function readDescription(root: string): Promise<Told> {
  const path = join(root, 'sojourn.json')
  const content = await readFile(path, 'utf8').catch(() => null)
  if (content === null) return {}
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (cause) {
    throw new AgentBuildError(`${path} is not JSON: ${cause instanceof Error ? cause.message : ''}`, { cause })
  }
  const told = reading('MANIFEST', () => parseDescription(value))
  if (!told.ok) throw new AgentBuildError(`${path}: ${told.reason}`)
  return told.value
}

function parseDescription(value: unknown): Told {
  const defaults = { name: null, version: null, description: null, needs: {}, quota: {}, effects: 'durable' }
  const fields = record({ ...defaults, ...record(value, 'sojourn.json', Object.keys(Object(value))) }, 'sojourn.json', [
    'name',
    'version',
    'description',
    'needs',
    'quota',
    'effects',
  ])
  const { kind, depth } = record({ kind: null, depth: null, ...Object(fields.needs) }, 'needs', ['kind', 'depth'])
  const none = Object.fromEntries(QUOTA_FIELDS.map((field) => [field, null]))
  const quota = record({ ...none, calls: null, ...Object(fields.quota) }, 'quota', [...QUOTA_FIELDS, 'calls'])
  return {
    ...(fields.name === null ? {} : { name: text(fields.name, 'name', Number.MAX_SAFE_INTEGER) }),
    ...(fields.version === null ? {} : { version: text(fields.version, 'version', Number.MAX_SAFE_INTEGER) }),
    ...(fields.description === null
      ? {}
      : { description: text(fields.description, 'description', Number.MAX_SAFE_INTEGER) }),
    needs: {
      kind: kind === null ? null : oneOf(kind, 'needs kind', ['edge', 'tab']),
      ...(depth === null ? {} : { depth: whole(depth, 'needs depth', 0, Number.MAX_SAFE_INTEGER) }),
    },
    quota: Object.fromEntries(Object.entries(quota).filter(([, amount]) => amount !== null)),
    effects: oneOf(fields.effects, 'effects', ['fast', 'durable']),
  }
}

/** A file name as a bundle's name. */
function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50)
  return /^[a-z]/.test(plain) ? plain : `agent-${plain}`.replace(/-$/, '')
}
