import { access, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createSigner, generateSecretKey } from '../../identity/signer.ts'
import { findCage } from '../../platform/node/cage.ts'
import { findChromium } from '../../platform/node/chromium.ts'
import { loadEngineFiles } from '../../platform/node/engine-files.ts'
import { defaultIdentityPath, loadIdentity } from '../../platform/node/identity-file.ts'
import { openNodeStore } from '../../platform/node/store.ts'
import { nodeRandom } from '../../platform/node/time.ts'
import { goOnlineFromNode } from '../../platform/node/transport.ts'
import { serve } from '../../rendezvous/serve.ts'
import { freezeAndThaw } from './doctor-guest.ts'
import { bytesText } from './output.ts'

/** What this machine must be able to do, each tried for real. A check says how it went, or throws; then `advice` helps. */
export interface Check {
  readonly name: string
  /** Without it edge workers and command lines do not work. */
  readonly needed: boolean
  readonly advice: string
  run(): Promise<string>
}

export interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly needed: boolean
  readonly detail: string
  /** What to do; null where nothing is wrong. */
  readonly advice: string | null
}

/** One that hangs is ill, too: the slowest, a first WebRTC connection, takes a second. */
const CHECK_MS_MAX = 30_000

export async function examine({ name, needed, advice, run }: Check): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${CHECK_MS_MAX / 1000} s`)), CHECK_MS_MAX)
  })
  try {
    return { name, ok: true, needed, detail: await Promise.race([run(), late]), advice: null }
  } catch (error) {
    return { name, ok: false, needed, detail: error instanceof Error ? error.message : String(error), advice }
  } finally {
    clearTimeout(timer)
  }
}

export const CHECKS: readonly Check[] = [
  {
    name: 'Node',
    needed: true,
    advice: 'install Node 20.19 or newer: https://nodejs.org',
    async run() {
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
      if (major < 20 || (major === 20 && minor < 19)) throw new Error(`${process.versions.node} is older than 20.19`)
      return process.versions.node
    },
  },
  {
    name: 'engine',
    needed: true,
    advice: 'build it: npm run build',
    async run() {
      const { manifest } = await loadEngineFiles()
      return `${manifest.id.slice(0, 16)}…, from ${manifest.quickjs}`
    },
  },
  {
    name: 'worker thread',
    needed: true,
    advice: 'build it anew (npm run build); if that does not help, report it with what stands here',
    run: freezeAndThaw,
  },
  {
    name: 'WebRTC',
    needed: true,
    advice: 'see that node-datachannel is installed for this platform (npm ci) and that UDP on loopback is not blocked',
    run: exchangeFrame,
  },
  {
    name: 'disk',
    needed: true,
    advice: 'free some space, or point TMPDIR at a folder that can be written',
    run: writeStore,
  },
  {
    name: 'identity',
    needed: false,
    advice: 'make one with: sojourn keygen',
    run: async () => (await loadIdentity(defaultIdentityPath())).did,
  },
  {
    name: 'process isolation',
    needed: false,
    advice: 'only `--isolate process` is better for it: apt-get install bubblewrap, and let users make name spaces',
    async run() {
      const { strength, words } = findCage()
      if (strength !== 'namespaces') throw new Error(words)
      return words
    },
  },
  {
    name: 'Chromium',
    needed: false,
    advice:
      'only the demo’s and the tests’ browser tab needs it: apt-get install chromium, or set CHROMIUM to its path',
    async run() {
      const path = findChromium()
      if (path === null) throw new Error('not found')
      return path
    },
  },
]

/** The checks as they are for this user: an identity that is there and cannot be used is worse than none. */
export async function checksHere(): Promise<readonly Check[]> {
  const path = defaultIdentityPath()
  const hasIdentity = await access(path).then(
    () => true,
    () => false,
  )
  const broken = {
    needed: true,
    advice: `its owner alone may read it (chmod 600 ${path}); a damaged one: move it away`,
  }
  return CHECKS.map((check) => (check.name === 'identity' && hasIdentity ? { ...check, ...broken } : check))
}

/** Two transports of this process find each other through a rendezvous, and one hears what the other says. */
async function exchangeFrame(): Promise<string> {
  const rendezvous = await serve({ log: pino({ level: 'silent' }) })
  const join = () =>
    goOnlineFromNode({
      rendezvous: rendezvous.url,
      signer: createSigner(generateSecretKey(nodeRandom)),
      bindAddress: '127.0.0.1',
    })
  const transports: Awaited<ReturnType<typeof join>>[] = []
  try {
    const [a, b] = [await join(), await join()]
    transports.push(a, b)
    const heard = new Promise<Uint8Array>((resolve) => b.accept((channel) => channel.receive(resolve)))
    const startedMs = performance.now()
    const channel = await a.dial(b.address)
    await channel.send(Uint8Array.of(115, 111, 106))
    const frame = await heard
    if (frame.join() !== '115,111,106') throw new Error('what came is not what was sent')
    return `two hosts met over loopback in ${Math.round(performance.now() - startedMs)} ms`
  } finally {
    await Promise.all(transports.map((transport) => transport.close()))
    await rendezvous.close()
  }
}

const FREE_BYTES_MIN = 64 * 1024 * 1024

async function writeStore(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-doctor-'))
  try {
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    if (free < FREE_BYTES_MIN) throw new Error(`freeBytes ${free} < ${FREE_BYTES_MIN} in ${tmpdir()}`)
    const store = await openNodeStore(folder)
    await store.commit([{ key: 'doctor', value: Uint8Array.of(1) }])
    const kept = await store.read('doctor')
    await store.close()
    if (kept?.join() !== '1') throw new Error('what was kept is not there')
    return `${bytesText(free)} free in ${tmpdir()}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
