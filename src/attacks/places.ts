/** Where the attacks are made: each a realm of its own with the engine in it, compiled one way, and begun on one of its builds. */
import { setFlagsFromString } from 'node:v8'
import { concatBytes, fromUtf8, utf8 } from '../base/bytes.ts'
import type { Tier } from '../engine/twin.ts'
import { type BrowserName, openBrowserRealm } from '../realms/browser-realm.ts'
import { openNodeRealm } from '../realms/node-realm.ts'
import type { Realm } from '../realms/realm.ts'
import { type Question, REQUEST } from './answer.ts'

export interface AttackedPlace {
  readonly name: string
  /** Null: a worker thread of this process. */
  readonly browser: BrowserName | null
  readonly tier: Tier
  readonly compiler: 'as it comes' | 'optimised'
}

/** A compiler's whole choice: baseline first and better later, or optimised from the first call on. */
const V8_OPTIMISED = '--no-liftoff'
const FIREFOX_OPTIMISED = { 'javascript.options.wasm_baselinejit': false }

const HOSTS = [
  ['node', null],
  ['chromium', 'chromium'],
  ['firefox', 'firefox'],
] as const

/** Node's flags are the process's: its optimised places come last. */
export const PLACES: readonly AttackedPlace[] = (['as it comes', 'optimised'] as const).flatMap((compiler) =>
  HOSTS.flatMap(([host, browser]) =>
    (['movable', 'plain'] as const).map((tier) => ({
      name: `${host}, ${tier}, ${compiler}`,
      browser,
      tier,
      compiler,
    })),
  ),
)

/** `entry`: answer.ts, compiled or not. */
export function openPlace(
  { browser, compiler }: Pick<AttackedPlace, 'browser' | 'compiler'>,
  entry = new URL('./answer.js', import.meta.url),
): Promise<Realm> {
  const optimised = compiler === 'optimised'
  if (browser === null) {
    if (optimised) setFlagsFromString(V8_OPTIMISED)
    return openNodeRealm(entry)
  }
  if (!optimised) return openBrowserRealm(browser, entry)
  return browser === 'chromium'
    ? openBrowserRealm(browser, entry, { flags: [`--js-flags=${V8_OPTIMISED}`] })
    : openBrowserRealm(browser, entry, { preferences: FIREFOX_OPTIMISED })
}

export async function teach(
  realm: Realm,
  builds: { readonly plain: Uint8Array; readonly movable: Uint8Array },
): Promise<void> {
  await realm.ask(concatBytes(Uint8Array.of(REQUEST.plain), builds.plain))
  await realm.ask(concatBytes(Uint8Array.of(REQUEST.movable), builds.movable))
}

export async function ask<T>(realm: Realm, question: Question): Promise<T> {
  const body = utf8(JSON.stringify(question))
  return JSON.parse(fromUtf8(await realm.ask(concatBytes(Uint8Array.of(REQUEST.question), body)))) as T
}
