import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import type { Deflate } from '../../src/base/deflate.ts'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { accept } from '../../src/base/result.ts'
import { sealBundle } from '../../src/bundle/seal.ts'
import { openEffect } from '../../src/entry/node/sealing.ts'
import { forProgram } from '../../src/host/about.ts'
import type { Host } from '../../src/host/host.ts'
import { createHost } from '../../src/host/runtime.ts'
import { addressOf } from '../../src/identity/did.ts'
import { sealedJson } from '../../src/identity/sealed-value.ts'
import { sealTo } from '../../src/identity/sealing.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { MemoryNetwork } from '../../src/platform/memory/transport.ts'
import { buildAgent } from '../../src/platform/node/bundle-builder.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../src/platform/node/time.ts'
import type { Store } from '../../src/storage/port.ts'
import type { Channel, Transport } from '../../src/wire/transport.ts'

/**
 * The courier of agents/courier in real guests, over three hosts to its reader. Everything that any host puts on its disk or on
 * the wire is kept, before it is compressed or sealed otherwise, and searched for what only reader and launcher may know.
 */
const WORD = 'zebrafish-7731'
const FILE = 'ledger-of-the-third-quarter.csv'
const SHARED = `id,what\n1,${WORD}\n2,other\n3,${WORD} again\n`
/** In base64 some of them are more than a trace holds. */
const LARGE_BYTES = 5 * 1_048_576
const ANSWER = '"found":2'

/** Nothing is compressed, so that what is sent can be searched. */
const plain: Deflate = {
  deflate: async (bytes) => bytes,
  inflate: async (bytes) => accept(bytes),
}

const engine = await loadEngineFiles(resolve('dist/engine'))
const sandbox = createNodeSandbox({ engines: new Map([[engine.manifest.id, engine.modules]]) })
const network = new MemoryNetwork({ random: seededRandom(1), clock: nodeClock, timers: nodeTimers })
const online = new Set<string>()
const launcher = createSigner(generateSecretKey(seededRandom(7)))
const hosts: Host[] = []
/** By host: all that it has written and said. */
const seen = new Map<string, Uint8Array[]>()

function watchedStore(inner: Store, log: Uint8Array[]): Store {
  return {
    ...inner,
    commit(writes) {
      for (const { value } of writes) if (value) log.push(value.slice())
      return inner.commit(writes)
    },
  }
}

function watchedTransport(inner: Transport, log: Uint8Array[]): Transport {
  const watched = (channel: Channel): Channel => ({
    remoteAddress: channel.remoteAddress,
    networkAddress: channel.networkAddress,
    fingerprints: channel.fingerprints,
    closed: channel.closed,
    receive: (onFrame) => channel.receive(onFrame),
    close: () => channel.close(),
    send(frame) {
      log.push(frame.slice())
      return channel.send(frame)
    },
  })
  return {
    address: inner.address,
    dial: async (address) => watched(await inner.dial(address)),
    accept: (onChannel, standingOf) => inner.accept((channel) => onChannel(watched(channel)), standingOf),
    close: () => inner.close(),
  }
}

async function start(seed: number, kind: 'edge' | 'launcher'): Promise<Host> {
  const signer = kind === 'launcher' ? launcher : createSigner(generateSecretKey(seededRandom(seed)))
  const log: Uint8Array[] = []
  const host = await createHost({
    signer,
    verifier: createVerifier(crypto.subtle),
    transport: async () => watchedTransport(network.join(addressOf(signer.did)), log),
    store: watchedStore(await new MemoryDisk().open(), log),
    sandbox,
    deflate: plain,
    engineId: engine.manifest.id,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    kind,
    name: `host ${seed}`,
    slots: kind === 'edge' ? 2 : 0,
    trust: [launcher.did],
    share: async (path) => (path === FILE ? utf8(SHARED) : path === 'large' ? new Uint8Array(LARGE_BYTES) : null),
    members: async () => [...online],
  })
  online.add(addressOf(signer.did))
  seen.set(host.did, log)
  hosts.push(host)
  return host
}

/** Hosts among whose writings and words the text is, in any piece of them. */
function whoHas(text: string): string[] {
  const needle = toHex(utf8(text))
  const has = (log: readonly Uint8Array[]): boolean => log.some((bytes) => toHex(bytes).includes(needle))
  return [...seen].filter(([, log]) => has(log)).map(([did]) => did)
}

const met = async (): Promise<void> => {
  while (hosts.some((host) => host.snapshot().acquaintances.length < hosts.length - 1))
    await new Promise((soon) => setTimeout(soon, 20))
}

describe('a courier with a sealed letter', () => {
  let home: Host
  let edges: Host[]
  beforeAll(async () => {
    home = await start(1, 'launcher')
    edges = [await start(2, 'edge'), await start(3, 'edge'), await start(4, 'edge'), await start(5, 'edge')]
    await met()
  }, 30_000)
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.close()))
    sandbox.close()
  })

  it('is read at its reader, answered to its sender, and seen by nobody on the way', async () => {
    const reader = edges[3] ?? expect.fail()
    const { car } = await sealBundle(await buildAgent(resolve('agents/courier')), launcher)
    const bundle = await home.importBundle(car)
    if (!bundle.ok) return expect.fail(bundle.reason)
    const letter = JSON.stringify({ path: FILE, word: WORD })
    const about = forProgram(bundle.value.id, launcher.did)
    const inputJson = sealedJson(sealTo(reader.did, letter, about, nodeRandom))
    const agent = await home.launch(bundle.value.id, { inputJson, resultTo: launcher.did })
    const outcome = await home.outcome(agent)

    expect(outcome?.ok, outcome?.valueJson).toBe(true)
    expect(outcome?.valueJson).not.toContain('found')
    const opened = await openEffect(launcher, agent, 'result', outcome?.valueJson ?? '')
    const { way, lines, found } = JSON.parse(opened)
    expect([lines, found]).toEqual([4, 2])
    expect([...way].sort()).toEqual(
      edges
        .slice(0, 3)
        .map(({ did }) => did)
        .sort(),
    )

    expect(whoHas(WORD)).toEqual([])
    expect(whoHas(FILE)).toEqual([])
    expect(whoHas(ANSWER)).toEqual([])
    // Nor anything by which a guess could be found right.
    expect(whoHas(rawCid(utf8(opened)))).toEqual([])
    expect(whoHas(rawCid(utf8(letter)))).toEqual([])
    // The search finds what is there: the sealed letter went everywhere.
    expect(whoHas(reader.did).length).toBe(hosts.length)
    expect(whoHas(JSON.parse(inputJson).$sealed.box.slice(0, 40)).length).toBe(hosts.length)

    // The same letter, open: the search would have found it.
    const careless = await home.launch(bundle.value.id, { inputJson: letter })
    await home.outcome(careless)
    expect(whoHas(WORD).length).toBeGreaterThan(1)
  }, 30_000)

  it('hears as much as it asks for after the letter is open, although no checkpoint of it is taken', async () => {
    const reader = edges[3] ?? expect.fail()
    const { car } = await sealBundle(await buildAgent(resolve('test/agents/large-reader.ts')), launcher)
    const bundle = await home.importBundle(car)
    if (!bundle.ok) return expect.fail(bundle.reason)
    const about = forProgram(bundle.value.id, launcher.did)
    const inputJson = sealedJson(sealTo(reader.did, '5', about, nodeRandom))
    const agent = await home.launch(bundle.value.id, { inputJson, resultTo: launcher.did })
    const outcome = await home.outcome(agent)
    const opened = await openEffect(launcher, agent, 'result', outcome?.valueJson ?? '')
    expect(JSON.parse(opened)).toEqual({ bytes: 5 * LARGE_BYTES })
  }, 60_000)
})
