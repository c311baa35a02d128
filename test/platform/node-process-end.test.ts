import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import { quiet } from '../rendezvous/quiet.ts'

const compiled = (path: string): string => JSON.stringify(new URL(`../../dist/node/${path}`, import.meta.url).href)

/** Dials hosts that are not there, closes, and has nothing more to do. */
const program = (url: string, absent: readonly string[]): string => `
  const { goOnlineFromNode } = await import(${compiled('platform/node/transport.js')})
  const { createSigner, generateSecretKey } = await import(${compiled('identity/signer.js')})
  const { nodeRandom } = await import(${compiled('platform/node/time.js')})
  const signer = createSigner(generateSecretKey(nodeRandom))
  const transport = await goOnlineFromNode({ rendezvous: '${url}', signer, bindAddress: '127.0.0.1' })
  const dials = ${JSON.stringify(absent)}.map((address) => transport.dial(address).then(() => 'open', () => 'refused'))
  console.log((await Promise.all(dials)).join())
  await transport.close()`

it('a process ends by itself after dials that came to nothing', async () => {
  const rendezvous = await serve({ log: quiet })
  const absent = Array.from({ length: 12 }, (_, i) => addressOf(createSigner(generateSecretKey(seededRandom(i))).did))
  try {
    // Killed, and so a failure, when it has not ended by itself by then.
    const args = ['--input-type=module', '-e', program(rendezvous.url, absent)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
    expect(stdout.trim().split(',')).toEqual(absent.map(() => 'refused'))
  } finally {
    await rendezvous.close()
  }
}, 30_000)
