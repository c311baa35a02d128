import { readFile, stat } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { PROOF_BYTES_MAX } from '../../../audit/limits.ts'
import { isProof, type Judgement, openProof, type Proof } from '../../../audit/proof.ts'
import { endText } from '../../../audit/rerun.ts'
import { type Did, parseDid } from '../../../identity/did.ts'
import { createSigner, generateSecretKey } from '../../../identity/signer.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { readBundleFile } from '../../../platform/node/bundle-file.ts'
import { nodeRandom } from '../../../platform/node/time.ts'
import { createAuthority } from '../../../wire/authority.ts'
import { CommandError, printResult } from '../output.ts'
import { amount } from '../plain-text.ts'
import { openProofSandbox } from '../proof-sandbox.ts'

/** `sojourn verify`: yes or no, for scripts, about a bundle or a fraud proof. */
export function register(program: Command): void {
  program
    .command('verify')
    .summary('check a bundle, or run a fraud proof again')
    .description(
      'Of a bundle: checks that it is whole and signed, and says by whom; with --author, that it is by this author. ' +
        'Of a fraud proof (sojourn audit --out): runs the segment again here, off line, and says who lied about what. ' +
        'Exit code 0 only if the bundle is good, or the fraud is proven.',
    )
    .argument('<file>', 'a .car file: bundle or fraud proof')
    .option('--author <did>', 'the author a bundle must be by', parseAuthor)
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  sojourn verify golomb.car --author did:key:z6Mk…\n  sojourn verify proof.car')
    .action(verify)
}

async function verify(path: string, options: { author?: Did; json: boolean }): Promise<void> {
  const file = await readProofFile(path)
  return file ? verifyProof(path, file, options.json) : verifyBundle(path, options)
}

async function verifyBundle(path: string, { author, json }: { author?: Did; json: boolean }): Promise<void> {
  const { bundle } = await readBundleFile(path, createVerifier(globalThis.crypto.subtle))
  const { name, version } = bundle.manifest
  if (author !== undefined && bundle.author !== author) {
    throw new CommandError('AUTHOR', `${path} is whole, but signed by ${bundle.author}, not by ${author}`)
  }
  printResult(json, { ok: true, id: bundle.id, author: bundle.author, name, version }, [
    `${name} ${version} is whole and signed by ${bundle.author}`,
  ])
}

/** The bytes of a fraud proof; null for anything else, about which bundles' own words are better. */
async function readProofFile(path: string): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(path)
    if (size > PROOF_BYTES_MAX) return null
    const file = Uint8Array.from(await readFile(path))
    return isProof(file) ? file : null
  } catch {
    return null
  }
}

async function verifyProof(path: string, file: Uint8Array, json: boolean): Promise<void> {
  const authority = createAuthority(
    createSigner(generateSecretKey(nodeRandom)),
    createVerifier(globalThis.crypto.subtle),
  )
  const proof = await openProof(file, authority)
  if (!proof.ok) throw new CommandError(proof.code, `${path} proves nothing: ${proof.reason}`)
  const sandbox = await openProofSandbox()
  try {
    const judgement = await sandbox.judge(proof.value)
    if (!judgement.proven) throw new CommandError('NOT_PROVEN', `${path} proves no fraud: ${judgement.reason}`)
    printResult(
      json,
      { ok: true, proven: true, ...proofData(proof.value, judgement) },
      proofLines(proof.value, judgement),
    )
  } finally {
    sandbox.close()
  }
}

export const proofData = ({ rerun }: Proof, { truth, step }: Judgement) => {
  const { signer, statement } = rerun.receipt
  const { agent, epoch, number, bundle, fuelFrom, fuelTo, to } = statement
  return { host: signer, agent, epoch, segment: number, bundle, fuelFrom, fuelTo, step, claimed: to, true: truth?.to }
}

export function proofLines({ rerun }: Proof, { truth, step }: Judgement): string[] {
  const { signer, statement } = rerun.receipt
  const { agent, epoch, number, fuelFrom, fuelTo, to, effects } = statement
  const differs = truth && truth.fuelTo !== fuelTo ? ` after ${truth.fuelTo} units of fuel` : ''
  const lines = [
    `fraud proven: ${signer}`,
    `lied about agent ${agent}, epoch ${epoch}, segment ${number}: fuel ${fuelFrom} to ${fuelTo}.`,
    `It signed for ${endText(to)}; true is ${truth ? `${endText(truth.to)}${differs}` : 'nothing'}.`,
    `It went another way between fuel ${step.after} and ${step.upTo} (${amount(step.upTo - step.after)} units).`,
  ]
  if (truth && truth.effects !== effects)
    lines.push('What it says the program let out is not what the program let out.')
  lines.push(`An administrator keeps it out for good: sojourn ban ${signer} --reason "…"`)
  return lines
}

function parseAuthor(text: string): Did {
  const did = parseDid(text)
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return did.value
}
