/**
 * `npm run depth [-- --only TEXT] [--places TEXT] [--headroom]`: every attack in every place there is: the builds of the
 * engine, cold and optimised, in a worker thread of Node and in dedicated web workers of Chromium and Firefox. All must end
 * alike, and none in the native stack of its host. `--headroom` asks instead how deep those stacks are. Progress on stderr,
 * a line a place on stdout; exit code 1 on any difference.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { engineFolder } from '../platform/node/engine-files.ts'
import { findBrowser } from '../realms/browser-realm.ts'
import { type AttackedPlace, ask, openPlace, PLACES, teach } from './places.ts'
import { ATTACKS, type Ending } from './trial.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    places: { type: 'string', default: '' },
    headroom: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => void process.stderr.write(`${text}\n`)
const attacks = [...ATTACKS.keys()].filter((name) => name.includes(values.only))
const places = PLACES.filter(({ name }) => name.includes(values.places)).filter(({ name, browser }) => {
  const here = browser === null || findBrowser(browser) !== null
  if (!here) say(`skipped: ${name}: it is not on this machine`)
  return here
})

const bytesOf = (tier: string): Promise<Uint8Array> => readFile(join(engineFolder(), `${tier}.wasm`))
const builds = { plain: await bytesOf('plain'), movable: await bytesOf('movable') }
const first = new Map<string, { readonly place: string; readonly ending: string }>()
let differences = 0

/** Says what ends otherwise than in the first place, and what a host's native stack ended. */
function compare(place: string, attack: string, ending: Ending): void {
  const text = JSON.stringify(ending)
  const known = first.get(attack)
  if (known === undefined) first.set(attack, { place, ending: text })
  const fault = ending.stop.includes('native stack') ? 'overflows the host' : null
  const differs = known === undefined || known.ending === text ? null : `differs from ${known.place}: ${known.ending}`
  if (fault === null && differs === null) return
  differences++
  say(`  ${place}: ${attack}: ${fault ?? differs}\n    ${text}`)
}

async function run(place: AttackedPlace): Promise<void> {
  const realm = await openPlace(place)
  try {
    await teach(realm, builds)
    const started = performance.now()
    const units: [number, string][] = []
    for (const attack of attacks) {
      if (values.headroom) {
        const least = await ask<number | null>(realm, { attack, tier: place.tier, ask: 'overflow' })
        if (least !== null) units.push([least, attack])
      } else {
        const ending = await ask<Ending>(realm, { attack, tier: place.tier, ask: 'ending' })
        compare(place.name, attack, ending)
      }
    }
    const [least] = units.sort(([a], [b]) => a - b)
    const result = values.headroom
      ? `${units.length} overflow, the first at ${least?.[0]} units: ${least?.[1]}`
      : `${attacks.length} attacks ended`
    const seconds = Math.round((performance.now() - started) / 1000)
    process.stdout.write(`${place.name.padEnd(32)} ${realm.version.padEnd(24)} ${result} (${seconds} s)\n`)
  } finally {
    await realm.close()
  }
}

for (const place of places) await run(place)
if (!values.headroom)
  process.stdout.write(`${attacks.length} attacks, ${places.length} places, ${differences} differences\n`)
process.exitCode = differences === 0 ? 0 : 1
