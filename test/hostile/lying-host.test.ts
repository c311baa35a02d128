import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sealProof } from '../../src/audit/proof.ts'
import { bringProof } from '../../src/entry/node/evidence.ts'
import { RealCluster, until } from '../host/real-cluster.ts'
import { type Lie, LyingSandbox } from './lying-host.ts'

const run = promisify(execFile)

/** Real guests, real time: some seconds on an idle machine. */
const TEST_MS_MAX = 180_000

/** A third party, with the file and nothing else. */
async function verifies(file: Uint8Array | null | undefined, liar: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'proof-'))
  try {
    writeFileSync(join(folder, 'proof.car'), file ?? '')
    const { stdout } = await run(process.execPath, ['bin/sojourn.js', 'verify', join(folder, 'proof.car'), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, proven: true, host: liar })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a host that lies about its agents', () => {
  for (const lie of ['bit', 'skip', 'input', 'early'] satisfies Lie[])
    it.concurrent(
      `(${lie}) is found out when its segment is run again, and named`,
      async ({ onTestFinished }) => {
        const world = new RealCluster()
        onTestFinished(() => world.close())
        const reader = await world.start('reader', 0)
        const home = await world.start('home', 0, { operators: [reader.did] })
        const liar = await world.start('liar', 2, {
          lying: (honest) => new LyingSandbox(honest, lie),
        })
        await until(() => home.host.snapshot().acquaintances.length === 2)
        const fraud = async () => (await world.segments(home)).segments.find(({ state }) => state === 'fraud')
        let agent = await world.launch(home.host, 'test/agents/audited.ts', { rounds: 2_000, heap: 0 })
        const hasEnded = () => ['finished', 'failed'].includes(home.host.story(agent, 0)?.row.state ?? '')
        while ((await fraud()) === undefined) {
          // A guest can be ended for being silent, where the machine has too much else to do.
          if (hasEnded()) agent = await world.launch(home.host, 'test/agents/audited.ts', { rounds: 2_000, heap: 0 })
          await until(async () => hasEnded() || (await fraud()) !== undefined)
        }
        const found = await fraud()
        expect(found?.host).toBe(liar.did)
        expect(found).toBeDefined()
        const { hosts } = await world.segments(home)
        expect(hosts).toMatchObject([{ host: liar.did, strikes: 1 }])
        if (lie !== 'skip') return
        const proof = found && (await bringProof(reader.host, { ...found, home: home.did }))
        await verifies(proof && (await sealProof(proof)), liar.did)
      },
      TEST_MS_MAX,
    )
})
