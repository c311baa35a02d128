import { sealBundle } from '../bundle/seal.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { type LocalCluster, startLocalCluster } from '../entry/node/local-cluster.ts'
import { LEASE_EDGE_MS, WORK_LOST_MS_MAX } from '../host/limits.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { nodeRandom } from '../platform/node/time.ts'
import { launchTabs } from '../soak/tabs.ts'
import { BUSY_JAVASCRIPT } from './guests.ts'
import { percentile, type Row } from './row.ts'
import { TRAVELLER } from './traveller.ts'

/**
 * A busy agent whose host goes without a word: how long until it runs again, and how much of what it did is done again. Edge
 * workers are killed with -9, one after the other; a tab is closed as its owner closes it, at any moment between two checkpoints.
 * What is lost counts from when home had the newest checkpoint; the way there, some hundredths of a second, comes on top.
 */
const KILLS = 5
const CLOSINGS = 6

export async function benchRecoveries(): Promise<Row[]> {
  return [...(await killed()), ...(await closed())]
}

async function killed(): Promise<Row[]> {
  const { cluster, agent } = await busyIn(KILLS + 1, {})
  const [again, lost]: [number[], number[]] = [[], []]
  try {
    for (let i = 0; i < KILLS; i++) {
      await until(() => checkpoints(cluster, agent).length > 0 && holderOf(cluster, agent) !== undefined)
      await pause(2_500 + Math.random() * WORK_LOST_MS_MAX.edge)
      const holder = holderOf(cluster, agent)
      if (!holder) continue
      const atMs = Date.now()
      holder.process.kill('SIGKILL')
      lost.push(atMs - lastCheckpointMs(cluster, agent))
      await until(() => ![undefined, holder].includes(holderOf(cluster, agent)))
      again.push(Date.now() - atMs)
    }
  } finally {
    await cluster.stop()
  }
  const worst = percentile(again, 1)
  const bar = LEASE_EDGE_MS + 2_000
  return [
    { name: 'recover.edge-killed.p50', value: percentile(again, 0.5), unit: 'ms' },
    { name: 'recover.edge-killed.worst', value: worst, unit: 'ms', bar: `≤ ${bar}`, ok: worst <= bar },
    ...lostRows('edge-killed', lost, WORK_LOST_MS_MAX.edge),
  ]
}

async function closed(): Promise<Row[]> {
  const { cluster, agent } = await busyIn(0, { kind: 'tab' })
  const lost: number[] = []
  const tabs = await launchTabs(() => {})
  try {
    const tab = await tabs?.open(cluster.rendezvous.url, 'closed')
    for (let i = 0; tab && i < CLOSINGS; i++) {
      const before = checkpoints(cluster, agent).length
      await until(() => checkpoints(cluster, agent).length > before + 2)
      await pause(Math.random() * WORK_LOST_MS_MAX.tab)
      const atMs = Date.now()
      await tab.close()
      // What it says when it hears that it is being closed is on its way.
      await pause(500)
      lost.push(Math.max(0, atMs - lastCheckpointMs(cluster, agent)))
      await tab.open()
    }
  } finally {
    await tabs?.close()
    await cluster.stop()
  }
  return lost.length > 0 ? lostRows('tab-closed', lost, WORK_LOST_MS_MAX.tab) : []
}

function lostRows(name: string, lost: readonly number[], most: number): Row[] {
  const worst = percentile(lost, 1)
  return [
    { name: `lost.${name}.p50`, value: percentile(lost, 0.5), unit: 'ms' },
    { name: `lost.${name}.worst`, value: worst, unit: 'ms', bar: `≤ ${most}`, ok: worst <= most },
  ]
}

async function busyIn(
  edges: number,
  needs: typeof TRAVELLER.needs,
): Promise<{ readonly cluster: LocalCluster; readonly agent: AgentId }> {
  const signer = createSigner(generateSecretKey(nodeRandom))
  const cluster = await startLocalCluster({ edges, slots: 1, signer, loopbackOnly: edges > 0 })
  const parts = { ...TRAVELLER, name: 'busy', description: 'computes for ever', code: BUSY_JAVASCRIPT, needs }
  const { car } = await sealBundle(parts, signer)
  const bundle = await cluster.home.host.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  return { cluster, agent: await cluster.home.host.launch(bundle.value.id) }
}

const holderOf = (cluster: LocalCluster, agent: AgentId) => {
  const row = cluster.home.host.story(agent, Number.MAX_SAFE_INTEGER)?.row
  return cluster.edges().find(({ did }) => did === row?.holder)
}

const checkpoints = ({ home }: LocalCluster, agent: AgentId) =>
  (home.host.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === 'checkpoint')

const lastCheckpointMs = (cluster: LocalCluster, agent: AgentId): number =>
  checkpoints(cluster, agent).at(-1)?.atMs ?? Number.NaN

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function until(condition: () => boolean): Promise<void> {
  const lateMs = performance.now() + 90_000
  while (!condition()) {
    if (performance.now() > lateMs) throw new Error('an agent did not come back in a minute and a half')
    await pause(5)
  }
}
