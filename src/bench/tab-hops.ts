import { sealBundle } from '../bundle/seal.ts'
import { openTab } from '../entry/node/demo/tab.ts'
import { startLocalCluster } from '../entry/node/local-cluster.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { nodeRandom } from '../platform/node/time.ts'
import { rawTabTimes } from './raw-tab.ts'
import { percentile, type Row } from './row.ts'
import { STAY_MS, TRAVELLER } from './traveller.ts'

/**
 * Hops between an edge worker (its own process) and a real Chromium tab. Nobody has one clock for both ends, so what is
 * timed is a whole lap at home: from one change of holder to the next, freezing, sending, thawing, running and asking
 * for the next move included, less the time that the agent stays.
 */
const HOPS = 60

/** What such a hop brings over the wire, as it is counted between two edge hosts (`hop.edge-edge.bytes`). */
const RETURN_BYTES = 10_000

export async function benchTabHops(): Promise<Row[]> {
  const signer = createSigner(generateSecretKey(nodeRandom))
  const cluster = await startLocalCluster({ edges: 1, slots: 2, signer, loopbackOnly: false })
  const tab = await openTab(cluster.rendezvous.url, (reason) => process.stderr.write(`${reason}\n`))
  try {
    if (!tab) return []
    const { host: home } = cluster.home
    while (home.snapshot().acquaintances.length < 2) await new Promise((resolve) => setTimeout(resolve, 50))
    const { car } = await sealBundle(TRAVELLER, signer)
    const bundle = await home.importBundle(car)
    if (!bundle.ok) throw new Error(bundle.reason)
    const hosts = home.snapshot().acquaintances.map(({ id }) => id)
    const agent = await home.launch(bundle.value.id, {
      inputJson: JSON.stringify({ hosts, hops: HOPS, stayMs: STAY_MS }),
    })
    const outcome = await home.outcome(agent)
    if (!outcome?.ok) throw new Error(`the traveller failed: ${outcome?.valueJson}`)
    const times = (home.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === 'hop').map(({ atMs }) => atMs)
    const raw = percentile(await rawTabTimes(RETURN_BYTES, HOPS), 0.5)
    const laps = times.slice(6).map((atMs, i) => atMs - (times[i + 5] ?? atMs) - STAY_MS)
    return [
      {
        name: 'hop.tab-edge.p50',
        value: percentile(laps, 0.5),
        unit: 'ms',
        bar: '≤ 30',
        ok: percentile(laps, 0.5) <= 30,
      },
      {
        name: 'hop.tab-edge.p99',
        value: percentile(laps, 0.99),
        unit: 'ms',
        bar: '≤ 100',
        ok: percentile(laps, 0.99) <= 100,
      },
      { name: 'hop.tab-edge.raw-channel.p50', value: raw, unit: 'ms' },
      {
        name: 'hop.tab-edge.ratio',
        value: percentile(laps, 0.5) / raw,
        unit: '× raw',
        bar: '≤ 2',
        ok: percentile(laps, 0.5) / raw <= 2,
      },
    ]
  } finally {
    await tab?.close()
    await cluster.stop()
  }
}
