import { dirname, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildScript } from '../../../platform/node/bundle-script.ts'

/** The simulated agent as the bundler makes it of an author's file, from sources or compiled. */
export async function buildSimulatedAgent(): Promise<string> {
  const own = fileURLToPath(import.meta.url)
  const { code } = await buildScript(dirname(own), `simulated-agent${extname(own)}`)
  return code
}
