/**
 * The engine's figures, in a thread of Node and in a web worker of Chromium where there is one: our builds against the stock
 * engine, the tiers against each other, freezing and thawing. What is timed is in engine-figures.ts.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromUtf8 } from '../base/bytes.ts'
import { packFrame } from '../conformance/frame.ts'
import { compileKernel } from '../platform/node/bundle-kernel.ts'
import { engineFolder, packageRoot } from '../platform/node/engine-files.ts'
import { findBrowser, openBrowserRealm } from '../realms/browser-realm.ts'
import { openNodeRealm } from '../realms/node-realm.ts'
import type { Realm } from '../realms/realm.ts'
import type { EngineFigures } from './engine-figures.ts'
import { KERNEL_SOURCE } from './engine-programs.ts'
import { geometricMean, type Row } from './row.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './engine-figures.ts' : './engine-figures.js', import.meta.url)

export async function benchEngine(): Promise<Row[]> {
  const files = await Promise.all([
    readFile(join(packageRoot(), 'node_modules/quickjs-wasi/quickjs.wasm')),
    readFile(join(engineFolder(), 'plain.wasm')),
    readFile(join(engineFolder(), 'movable.wasm')),
    compileKernel('kernel.ts', (path) => (path === 'kernel.ts' ? KERNEL_SOURCE : null)),
  ])
  const rows = await measure(await openNodeRealm(ENTRY), files, '')
  if (findBrowser('chromium') !== null)
    rows.push(...(await measure(await openBrowserRealm('chromium', ENTRY), files, '.chromium')))
  return rows
}

async function measure(realm: Realm, parts: readonly Uint8Array[], where: string): Promise<Row[]> {
  try {
    const figures = JSON.parse(fromUtf8(await realm.ask(packFrame({ head: {}, parts })))) as EngineFigures
    return rowsOf(figures, where)
  } finally {
    await realm.close()
  }
}

function rowsOf({ builds, mix, mixPromotions, mixLongShare, freeze, thaw }: EngineFigures, where: string): Row[] {
  const row = (name: string, value: number, unit: string, max?: number): Row => ({
    name: `${name}${where}`,
    value,
    unit,
    ...(max === undefined ? {} : { bar: `≤ ${max}`, ok: value <= max }),
  })
  const times = Object.entries(builds)
  const plain = geometricMean(times.map(([, time]) => time.plain / time.stock))
  const movable = geometricMean(times.map(([, time]) => time.movable / time.plain))
  return [
    ...times.map(([name, time]) => row(`engine.plain.${name}`, time.plain / time.stock, '× stock')),
    ...times.map(([name, time]) => row(`engine.movable.${name}`, time.movable / time.plain, '× plain')),
    row('engine.plain', plain, '× stock', 1.15),
    row('engine.movable', movable, '× plain', 2.2),
    row('engine.auto', mix.auto / mix.plain, '× plain', 1.3),
    row('engine.auto.movable', mix.movable / mix.plain, '× plain'),
    row('engine.auto.long-share', mixLongShare, 'of time'),
    row('engine.auto.promotions', mixPromotions, 'times'),
    ...Object.entries(freeze).flatMap(([what, { safepoint, image }]) => [
      row(`freeze.${what}.p50`, safepoint.p50, 'ms'),
      row(`freeze.${what}.p99`, safepoint.p99, 'ms', 5),
      row(`freeze.${what}.image.p50`, image.p50, 'ms'),
      row(`freeze.${what}.image.p99`, image.p99, 'ms'),
    ]),
    row('thaw.first-instruction', thaw.interrupt.p50, 'ms', 5),
    row('thaw.first-instruction.p99', thaw.interrupt.p99, 'ms'),
    row('thaw.first-instruction.idle', thaw.turn.p50, 'ms', 5),
  ]
}
