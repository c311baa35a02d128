import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import { transportContract } from '../contract/transport.ts'
import { quiet } from '../rendezvous/quiet.ts'

let seed = 100

transportContract('PeerJS over node-datachannel', async () => {
  const rendezvous = await serve({ log: quiet })
  const joined: { close(): Promise<void> }[] = []
  const signer = () => createSigner(generateSecretKey(seededRandom(seed++)))
  return {
    async join() {
      const transport = await goOnlineFromNode({
        rendezvous: rendezvous.url,
        signer: signer(),
        bindAddress: '127.0.0.1',
      })
      joined.push(transport)
      return transport
    },
    nobody: () => addressOf(signer().did),
    async close() {
      await Promise.all(joined.map((transport) => transport.close()))
      await rendezvous.close()
    },
  }
})
