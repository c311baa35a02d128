import { benchAtRest } from './at-rest.ts'
import { benchAudit } from './audit.ts'
import { benchBundles } from './bundles.ts'
import { benchDemo } from './demo.ts'
import { benchDurable } from './durable.ts'
import { benchEngine } from './engine.ts'
import { benchFlood } from './flood.ts'
import { benchFrames } from './frames.ts'
import { benchGuests } from './guests.ts'
import { benchHeap } from './heap.ts'
import { benchHops } from './hops.ts'
import { benchItineraries } from './itineraries.ts'
import { benchKernels } from './kernels.ts'
import { benchPacks } from './packs.ts'
import { benchRecoveries } from './recoveries.ts'
import { benchReplays } from './replays.ts'
import type { Row } from './row.ts'
import { benchTabHops } from './tab-hops.ts'
import { benchWalls } from './walls.ts'

/**
 * `npm run bench [-- --json] [-- NAME…]`: every figure with its bar, where it has one. Nothing fails for being slow:
 * machines differ; a part that cannot run at all is told and exits with 1. docs/BENCHMARKS.md keeps the results.
 */
const args = process.argv.slice(2)
const json = args.includes('--json')
const tracing = args.includes('--trace')

const PARTS: Readonly<Record<string, () => Promise<Row[]>>> = {
  engine: benchEngine,
  kernels: benchKernels,
  guests: benchGuests,
  walls: benchWalls,
  frames: benchFrames,
  replays: benchReplays,
  bundles: benchBundles,
  itineraries: benchItineraries,
  hops: () => benchHops(tracing),
  durable: benchDurable,
  heap: () => benchHeap(tracing),
  packs: benchPacks,
  'at-rest': benchAtRest,
  flood: benchFlood,
  audit: benchAudit,
  recoveries: benchRecoveries,
  'tab-hops': benchTabHops,
  demo: benchDemo,
}

const wanted = args.filter((arg) => !arg.startsWith('--'))
const unknown = wanted.filter((name) => !(name in PARTS))
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}\n`)
  process.exit(2)
}
for (const [name, run] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  try {
    for (const row of await run()) process.stdout.write(`${json ? JSON.stringify(row) : line(row)}\n`)
  } catch (error) {
    process.stderr.write(`bench: ${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
process.exit()

function line({ name, value, unit, bar, ok }: Row): string {
  const figure = value.toPrecision(3).padStart(9)
  return `${name.padEnd(40)} ${figure} ${unit.padEnd(10)} ${bar ? `${bar} ${ok ? 'met' : 'missed'}` : ''}`.trimEnd()
}
