import { startNodeHost } from '../entry/node/node-host.ts'
import { parseDid } from '../identity/did.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { nodeRandom } from '../platform/node/time.ts'

/** The host that flood.ts floods, in a process of its own so that its processor time is its own. Says what it has used. */
const [rendezvous = '', author = ''] = process.argv.slice(2)
const trusted = parseDid(author)
if (!trusted.ok) throw new Error(trusted.reason)
const { host } = await startNodeHost({
  rendezvous,
  signer: createSigner(generateSecretKey(nodeRandom)),
  kind: 'edge',
  name: 'flooded',
  slots: 2,
  trust: [trusted.value],
  bindAddress: '127.0.0.1',
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1_000, links: host.hosts().length })
})
process.on('disconnect', () => process.exit())
process.send?.({ did: host.did })
