/**
 * A Node of another processor as a realm: Debian's package for it, unpacked into a folder of ours and run under QEMU's user
 * emulation. Nothing of the machine changes but that folder. The mirror is the one that this machine's apt is set to.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { packageRoot, V8_ENGINE_FLAG, V8_TIERING_FLAG } from '../platform/node/engine-files.ts'
import { openProcessRealm } from '../realms/process-realm.ts'
import type { Realm } from '../realms/realm.ts'

/** Debian's names of processors, and QEMU's. s390x is big-endian. */
const QEMU = { arm64: 'qemu-aarch64-static', s390x: 'qemu-s390x-static', ppc64el: 'qemu-ppc64le-static' } as const
export type CpuName = keyof typeof QEMU
export const CPU_NAMES = Object.keys(QEMU) as CpuName[]

/** V8 under emulation: what our own process sets at run time, and the native stack that browsers have. */
const NODE_FLAGS = [V8_ENGINE_FLAG, V8_TIERING_FLAG, '--stack-size=7000'] as const

export async function openCpuRealm(name: CpuName, entry: URL, say: (text: string) => void): Promise<Realm> {
  const root = join(packageRoot(), '.cache/cpu', name)
  if (!existsSync(join(root, 'usr/bin/node'))) await unpackSystem(name, root, say)
  const node = [QEMU[name], '-L', root, join(root, 'usr/bin/node')]
  const facts = run(node[0] ?? '', [
    ...node.slice(1),
    '-p',
    '[process.version, process.arch, os.endianness()].join(" ")',
  ])
  return openProcessRealm(
    { name, version: `Node ${facts.trim()} under QEMU`, command: [...node, ...NODE_FLAGS] },
    entry,
    'process',
  )
}

/** debootstrap's first stage knows what Node needs; unpacked, it runs without being installed. */
async function unpackSystem(name: CpuName, root: string, say: (text: string) => void): Promise<void> {
  say(`unpacking Debian's Node for ${name} into ${root} (once)`)
  const making = `${root}.making`
  await rm(making, { recursive: true, force: true })
  await mkdir(dirname(root), { recursive: true })
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? ''
  run('debootstrap', [
    `--arch=${name}`,
    '--foreign',
    '--variant=minbase',
    '--include=nodejs',
    codename,
    making,
    findMirror(codename),
  ])
  const archives = join(making, 'var/cache/apt/archives')
  for (const file of await readdir(archives))
    if (file.endsWith('.deb')) run('dpkg-deb', ['-x', join(archives, file), making])
  await rename(making, root)
}

/** From apt's own settings, in whatever form they are written. */
function findMirror(codename: string): string {
  const lines = run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages',
  ])
  const found = lines
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, release, component]) => release === codename && component === 'main')
  if (found?.[0] === undefined) throw new Error(`apt knows no mirror of ${codename}`)
  return found[0]
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX })
  if (error)
    throw new Error(`${command}: ${error.message} (on Debian: apt-get install qemu-user-static debootstrap)`, {
      cause: error,
    })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr.slice(-1_000)}`)
  return stdout
}

const OUTPUT_BYTES_MAX = 64 * 1_048_576
