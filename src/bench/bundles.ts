import { readCar } from '../bundle/car.ts'
import { openBundle } from '../bundle/open.ts'
import { sealBundle } from '../bundle/seal.ts'
import { Vault } from '../host/vault.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { createVerifier } from '../identity/verifier.ts'
import { openMemoryStore } from '../platform/memory/store.ts'
import { nodeRandom } from '../platform/node/time.ts'
import type { Row } from './row.ts'
import { TRAVELLER } from './traveller.ts'

/** How many bundles one core admits in a second: signature, hashes, encoding and limits, from the bytes of the file. */
const FOR_MS = 1_500
const DISTINCT = 500

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
  rows.push(await admitDistinct())
  return rows
}

/** Bundles that are all different, so that nothing is known of one before it comes; opened and kept. By processor time. */
async function admitDistinct(): Promise<Row> {
  const author = createSigner(generateSecretKey(nodeRandom))
  const padding = '// padding\n'.repeat(2_000)
  const cars: Uint8Array[] = []
  for (let i = 0; i < DISTINCT; i++)
    cars.push((await sealBundle({ ...TRAVELLER, code: `${TRAVELLER.code}\n// ${i}\n${padding}` }, author)).car)
  const verifier = createVerifier(globalThis.crypto.subtle)
  const vault = await Vault.open(await openMemoryStore(), 0)
  const before = process.cpuUsage()
  for (const car of cars) {
    const file = readCar(car)
    if (!file.ok || !(await openBundle(car, verifier)).ok) throw new Error('a bundle does not open')
    await vault.keepBundle(file.value.blocks)
  }
  const { user, system } = process.cpuUsage(before)
  const perSecond = DISTINCT / ((user + system) / 1e6)
  return { name: 'bundle.admit', value: perSecond, unit: '1/s/core', bar: '≥ 200', ok: perSecond >= 200 }
}
