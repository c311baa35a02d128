import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Where this machine's Chromium is and how we start it without a screen. Nothing is ever downloaded; scripts/setup.mjs
 * installs Debian's package where it may.
 */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge']

const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** The path of the browser, or null. The environment variable CHROMIUM goes before everything else. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.CHROMIUM) return existsSync(env.CHROMIUM) ? env.CHROMIUM : null
  return findCommand(env, COMMANDS, PLACES)
}

/** The first of the commands that stands on the PATH, else the first of the places that is there, else null. */
export function findCommand(
  env: NodeJS.ProcessEnv,
  commands: readonly string[],
  places: readonly string[] = [],
): string | null {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const onPath = folders.flatMap((folder) => commands.map((command) => join(folder, command)))
  return [...onPath, ...places].find((path) => existsSync(path)) ?? null
}

/**
 * For tabs of tests and of the demo, which only ever load our own page. `--no-sandbox` because containers and root have
 * no user namespaces; volunteers' browsers keep theirs.
 */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
