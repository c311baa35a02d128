import { openBundle } from '../bundle/open.ts'
import { sealBundle } from '../bundle/seal.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { createVerifier } from '../identity/verifier.ts'
import { nodeRandom } from '../platform/node/time.ts'
import type { Row } from './row.ts'
import { TRAVELLER } from './traveller.ts'

/** How many bundles one core admits in a second: signature, hashes, encoding and limits, from the bytes of the file. */
const FOR_MS = 1_500

export async function benchBundles(): Promise<Row[]> {
  const { car } = await sealBundle(
    { ...TRAVELLER, code: `${TRAVELLER.code}\n${'// padding\n'.repeat(2_000)}` },
    createSigner(generateSecretKey(nodeRandom)),
  )
  const rows: Row[] = []
  for (const [name, verifier] of [
    ['webcrypto', createVerifier(globalThis.crypto.subtle)],
    ['noble', createVerifier()],
  ] as const) {
    let opened = 0
    const startMs = performance.now()
    while (performance.now() - startMs < FOR_MS) {
      if (!(await openBundle(car, verifier)).ok) throw new Error('the bundle does not open')
      opened += 1
    }
    const perSecond = opened / ((performance.now() - startMs) / 1_000)
    rows.push({
      name: `bundle.open.${name}`,
      value: perSecond,
      unit: '1/s',
      ...(name === 'webcrypto' ? { bar: '≥ 200', ok: perSecond >= 200 } : {}),
    })
  }
  return rows
}
