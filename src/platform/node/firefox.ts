import { existsSync } from 'node:fs'
import { findCommand } from './chromium.ts'

/** Where this machine's Firefox is. Nothing is ever downloaded; scripts/setup.mjs installs Debian's package where it may. */
const COMMANDS = ['firefox-esr', 'firefox']

const PLACES = ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe']

/** The path of the browser, or null. The environment variable FIREFOX goes before everything else. */
export function findFirefox(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.FIREFOX) return existsSync(env.FIREFOX) ? env.FIREFOX : null
  return findCommand(env, COMMANDS, PLACES)
}
