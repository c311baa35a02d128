import { LOT_MAX } from '../audit/limits.ts'
import { afterFinding, type HostRate, isDrawn, UNKNOWN_HOST } from '../audit/rate.ts'
import { receiptCid } from '../audit/receipt.ts'
import { rawCid } from '../base/digest.ts'
import { type Random, seededRandom, uniform } from '../base/random.ts'
import { agentId } from '../directory/agent-id.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { createVerifier } from '../identity/verifier.ts'
import { loadEngineFiles } from '../platform/node/engine-files.ts'
import { lendNativeHash } from '../platform/node/native-hash.ts'
import { createNativeSubtle, lendNativeSignatures } from '../platform/node/native-signatures.ts'
import { createNodeSandbox } from '../platform/node/sandbox.ts'
import { nodeRandom } from '../platform/node/time.ts'
import { encodeInputs } from '../sandbox/inputs.ts'
import type { GuestOrder, Sandbox } from '../sandbox/port.ts'
import { replaySegment } from '../sandbox/replay.ts'
import type { Trace } from '../sandbox/trace.ts'
import { createAuthority } from '../wire/authority.ts'
import type { Receipt } from '../wire/statements.ts'
import type { Row } from './row.ts'

/**
 * What it costs a cluster that its work can be proved, as a share of that work in processor time: recording, signing, and
 * running one segment in LOT_MAX again; and how soon a host that lies is found, by drawing lots many times from one seed.
 */
const ROUNDS = 5
const TRIALS = 20_000
const SEGMENTS = 100
const LIES = 1 / 20

/** Work with a call, a timer and a clock now and then: some two seconds, as long as a segment is at most. */
const WORK = `
  const busy = (n) => { let x = 1; for (let i = 0; i < n; i++) x = (x * 31 + i) % 1000003; return x }
  let sum = 0
  for (let round = 0; round < 60; round++) {
    sum += busy(60000)
    await __sojourn.call('where', { round })
    if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    sum += Date.now() % 7
  }
  console.log(sum)`

export async function benchAudit(): Promise<Row[]> {
  lendNativeHash()
  lendNativeSignatures()
  const { manifest, modules } = await loadEngineFiles()
  const sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]), spares: 0 })
  const order = orderOf(manifest.id)
  try {
    let [plain, recorded, again] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    let trace: Trace | undefined
    for (let round = 0; round < ROUNDS; round++) {
      plain = Math.min(plain, await cpuMs(() => live(sandbox, order)))
      recorded = Math.min(
        recorded,
        await cpuMs(async () => {
          trace = await live(sandbox, { ...order, record: true })
        }),
      )
      const done = trace
      if (!done) throw new Error('nothing was recorded')
      again = Math.min(again, await cpuMs(() => replaySegment(sandbox, { program: order, image: null, trace: done })))
    }
    const signed = trace ? await signingMs(trace) : 0
    const recording = recorded / plain - 1
    const rerun = again / plain
    const overhead = recording + signed / plain + rerun / LOT_MAX
    return [
      { name: 'audit.recording', value: 100 * recording, unit: '%' },
      { name: 'audit.signing', value: (100 * signed) / plain, unit: '%' },
      { name: 'audit.rerun', value: rerun, unit: '×' },
      { name: 'audit.overhead', value: 100 * overhead, unit: '%', bar: '≤ 10', ok: overhead <= 0.1 },
      ...detection(),
    ]
  } finally {
    sandbox.close()
  }
}

const orderOf = (engineId: string): GuestOrder => ({
  label: 'bench',
  engineId,
  code: WORK,
  kernels: new Map(),
  inputJson: 'null',
  seed: 7,
  startMs: 1_700_000_000_000,
  fuelMax: 1e12,
  memoryBytesMax: 64 * 1024 * 1024,
  depth: 10,
  sentBytesMax: 1e9,
  image: null,
  pace: 'real',
})

function live(sandbox: Sandbox, order: GuestOrder): Promise<Trace | undefined> {
  return new Promise((resolve, reject) => {
    const guest = sandbox.spawn(order, (event) => {
      if (event.kind === 'call')
        guest.deliver({ request: event.call.request, outcome: { ok: true, valueJson: '{"name":"bench"}' } })
      else if (event.kind === 'finished') resolve(event.trace)
      else if (event.kind === 'failed') reject(new Error(`${event.code}: ${event.reason}`))
    })
    guest.run()
  })
}

/** Of all threads of this process. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** One receipt: its log hashed, its names made, its signature. */
async function signingMs(trace: Trace): Promise<number> {
  const signer = createSigner(generateSecretKey(nodeRandom))
  const authority = createAuthority(signer, createVerifier(createNativeSubtle()))
  const times = 50
  const took = await cpuMs(async () => {
    for (let i = 0; i < times; i++) await authority.seal(receiptOf(trace, signer.did, i))
  })
  return took / times
}

function receiptOf(trace: Trace, home: Parameters<typeof agentId>[0]['home'], number: number): Receipt {
  const log = encodeInputs(trace.inputs)
  const cid = rawCid(log)
  const receipt: Receipt = {
    type: 'receipt',
    agent: agentId({ home, age: 1, sequence: 1 }),
    epoch: 1,
    number: number + 1,
    previous: null,
    bundle: cid,
    start: cid,
    engine: 'bench',
    from: null,
    to: { kind: 'result', value: cid },
    fuelFrom: 0,
    fuelTo: trace.until.fuelUsed,
    standing: trace.until.standing,
    limits: { fuelMax: 1, memoryBytesMax: 1, sentBytesMax: 1, sentBytes: 0 },
    inputs: cid,
    inputBytes: log.length,
    effectsFrom: trace.from.effects,
    effects: trace.effects,
  }
  return { ...receipt, previous: receiptCid(receipt) }
}

/** A host that has been right long enough. */
const SETTLED: HostRate = { ...UNKNOWN_HOST, good: 1_000, streak: 1_000, audited: 1_000 }

function detection(): Row[] {
  const random = seededRandom(2026)
  const share = (found: () => boolean): number => {
    let count = 0
    for (let trial = 0; trial < TRIALS; trial++) if (found()) count += 1
    return (100 * count) / TRIALS
  }
  const initial = share(() => isFound(random, UNKNOWN_HOST, false))
  const row = (name: string, value: number): Row => ({ name, value, unit: '%' })
  return [
    { ...row('audit.found.initial', initial), bar: '≥ 99', ok: initial >= 99 },
    row(
      'audit.found.from-the-start',
      share(() => isFound(random, UNKNOWN_HOST, true)),
    ),
    row(
      'audit.found.settled',
      share(() => isFound(random, SETTLED, true)),
    ),
  ]
}

/** Whether a lie in one segment of twenty is run again within a hundred; `adapts`: the rate follows what is found meanwhile. */
function isFound(random: Random, from: HostRate, adapts: boolean): boolean {
  let rate = from
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const isLie = uniform(random) < LIES
    if (!isDrawn(rate, random)) continue
    if (isLie) return true
    if (adapts) rate = afterFinding(rate, 'good')
  }
  return false
}
