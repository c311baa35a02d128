import type { AgentParts } from '../bundle/seal.ts'
import { sealBundle } from '../bundle/seal.ts'
import type { Host } from '../host/host.ts'
import type { Signer } from '../identity/signer.ts'
import { BUSY_JAVASCRIPT } from './guests.ts'
import { percentile, type Row } from './row.ts'
import { TRAVELLER } from './traveller.ts'

/**
 * The owner is back: from the word to give everything up to the moment at which the busy agent stands still, and the
 * processor is the owner's, and to the one at which it goes on elsewhere, which is after its state was durable there.
 */
const EVICTIONS = 16
const PAUSE_MS = 600

/** The last moments that the hosts of the benchmark saw. */
export interface Moments {
  stillMs: number
  ranMs: number
}

const BUSY: AgentParts = { ...TRAVELLER, name: 'busy', description: 'computes for ever', code: BUSY_JAVASCRIPT }

export async function benchEvictions(
  home: Host,
  author: Signer,
  edges: readonly Host[],
  moments: Moments,
): Promise<Row[]> {
  const { car } = await sealBundle(BUSY, author)
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  const agent = await home.launch(bundle.value.id)
  const holder = (): Host | undefined =>
    edges.find((edge) => edge.snapshot().agents.some(({ id, state }) => id === agent && state === 'running'))
  const [still, elsewhere]: [number[], number[]] = [[], []]
  for (let i = 0; i < EVICTIONS; i++) {
    await until(() => holder() !== undefined)
    await pause(PAUSE_MS + Math.random() * 50)
    const leaving = holder()
    if (!leaving) continue
    const fromMs = performance.now()
    await leaving.drain()
    await until(() => moments.ranMs > fromMs)
    still.push(moments.stillMs - fromMs)
    elsewhere.push(moments.ranMs - fromMs)
    leaving.setAccepting(true)
  }
  home.kill(agent)
  const [cpu, safe] = [percentile(still, 0.99), percentile(elsewhere, 0.99)]
  return [
    { name: 'evict.cpu.p50', value: percentile(still, 0.5), unit: 'ms' },
    { name: 'evict.cpu.worst', value: cpu, unit: 'ms', bar: '≤ 100', ok: cpu <= 100 },
    { name: 'evict.elsewhere.p50', value: percentile(elsewhere, 0.5), unit: 'ms' },
    { name: 'evict.elsewhere.worst', value: safe, unit: 'ms', bar: '≤ 1000', ok: safe <= 1_000 },
  ]
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5)
}
