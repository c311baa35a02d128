/** Opens the realms of a run, each with the engine in it, and tells which are not here. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFolder, loadEngineFiles } from '../platform/node/engine-files.ts'
import { findBrowser, openBrowserRealm } from '../realms/browser-realm.ts'
import { openNodeRealm } from '../realms/node-realm.ts'
import { findJsc, openJscRealm } from '../realms/process-realm.ts'
import type { Realm } from '../realms/realm.ts'
import { type CpuName, openCpuRealm } from './other-cpu.ts'
import { type Engine, Place } from './place.ts'

export const REALM_NAMES = ['node', 'chromium', 'firefox', 'jsc'] as const
export type RealmName = (typeof REALM_NAMES)[number]

/** What runs inside, from the sources as from the compiled files. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './answer.ts' : './answer.js', import.meta.url)

export function isHere(name: RealmName): boolean {
  if (name === 'chromium' || name === 'firefox') return findBrowser(name) !== null
  return name === 'node' || findJsc() !== null
}

/** In the order given. Throws where two places do not start from the same image. */
export async function openPlaces(
  names: readonly (RealmName | CpuName)[],
  say: (text: string) => void = () => {},
): Promise<Place[]> {
  const engine = await readEngine()
  const opened = await Promise.allSettled(names.map((name) => open(name, say)))
  const realms = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  try {
    for (const one of opened) if (one.status === 'rejected') throw one.reason
    const places = await Promise.all(realms.map((realm) => Place.prepare(realm, engine)))
    for (const { name, baseHash } of places)
      if (baseHash !== places[0]?.baseHash) throw new Error(`the base image in ${name} is another one`)
    return places
  } catch (error) {
    await Promise.all(realms.map((realm) => realm.close()))
    throw error
  }
}

async function readEngine(): Promise<Engine> {
  const { manifest } = await loadEngineFiles()
  const read = (name: string) => readFile(join(engineFolder(), name))
  return { id: manifest.id, movable: await read('movable.wasm'), plain: await read('plain.wasm') }
}

function open(name: RealmName | CpuName, say: (text: string) => void): Promise<Realm> {
  switch (name) {
    case 'node':
      return openNodeRealm(ENTRY)
    case 'chromium':
    case 'firefox':
      return openBrowserRealm(name, ENTRY)
    case 'jsc':
      return openJscRealm(ENTRY)
    default:
      return openCpuRealm(name, ENTRY, say)
  }
}
