import { type Judgement, judge, type Proof } from '../../audit/proof.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { loadEngineFiles } from '../../platform/node/engine-files.ts'
import { lendNativeHash } from '../../platform/node/native-hash.ts'
import { createNativeSubtle, lendNativeSignatures } from '../../platform/node/native-signatures.ts'
import { createNodeSandbox } from '../../platform/node/sandbox.ts'

/** A sandbox of this process's own in which segments are run again; it needs no network and asks nobody. */
export interface ProofSandbox {
  judge(proof: Proof): Promise<Judgement>
  close(): void
}

export async function openProofSandbox(): Promise<ProofSandbox> {
  lendNativeHash()
  lendNativeSignatures()
  const { manifest, modules } = await loadEngineFiles()
  const sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]), spares: 0 })
  const verifier = createVerifier(createNativeSubtle())
  return {
    judge: (proof) => judge(proof, { sandbox, verifier, engineId: manifest.id }),
    close: () => sandbox.close(),
  }
}
