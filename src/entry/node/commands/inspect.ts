import type { Command } from 'commander'
import type { VerifiedBundle } from '../../../bundle/open.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { readBundleFile } from '../../../platform/node/bundle-file.ts'
import { bytesText, columns, expiryText, printResult } from '../output.ts'

/** `sojourn inspect`: what a bundle declares and holds. Opens it as a host would, and refuses what a host would. */
export function register(program: Command): void {
  program
    .command('inspect')
    .summary('show what a bundle declares and holds')
    .description(
      'Shows who signed a bundle, what it asks for and what is inside. A bundle that a host would refuse is refused.',
    )
    .argument('<bundle>', '.car file')
    .option('--code', 'print the program itself', false)
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExamples:\n  sojourn inspect golomb.car\n  sojourn inspect golomb.car --code | less')
    .action(inspect)
}

async function inspect(path: string, { code, json }: { code: boolean; json: boolean }): Promise<void> {
  const { car, bundle } = await readBundleFile(path, createVerifier(globalThis.crypto.subtle))
  if (code && !json) printResult(false, {}, [bundle.code])
  else
    printResult(
      json,
      { ok: true, ...describe(bundle, car.length), ...(code ? { code: bundle.code } : {}) },
      lines(bundle, car.length),
    )
}

function describe({ id, author, manifest, kernels, assets, code, sourceMap }: VerifiedBundle, carBytes: number) {
  const { name, version, description, needs, quota, effects } = manifest
  return {
    id,
    author,
    name,
    version,
    description,
    needs,
    quota,
    effects,
    expires: expiryText(manifest.expiresMs),
    bytes: carBytes,
    codeChars: code.length,
    sourceMap: sourceMap !== null,
    kernels: [...kernels].map(([kernel, { cid, wasm }]) => ({ name: kernel, cid, bytes: wasm.length })),
    assets: [...assets].map(([asset, { cid, bytes }]) => ({ path: asset, cid, bytes: bytes.length })),
  }
}

const EFFECTS_TEXTS: Readonly<Record<VerifiedBundle['manifest']['effects'], string>> = {
  durable: 'durable: exactly once, also after a host is lost',
  fast: 'fast: at once; after a host is lost perhaps twice, and then shown as a conflict',
}

function lines(bundle: VerifiedBundle, carBytes: number): string[] {
  const { name, version, description, needs, quota, effects, entry, sourceMap } = bundle.manifest
  const { fuel, memoryBytes, lifetimeMs, sentBytes, hops } = quota
  return columns([
    ['agent', `${name} ${version}${description === '' ? '' : `: ${description}`}`],
    ['author', bundle.author],
    ['id', bundle.id],
    ['size', bytesText(carBytes)],
    ['runs on', `${needs.kind === null ? 'any host' : `${needs.kind} hosts`} with depth ${needs.depth}`],
    [
      'asks for',
      `fuel ${fuel}, memory ${bytesText(memoryBytes)}, ${lifetimeMs / 1000} s, ${bytesText(sentBytes)} sent, ${hops} hops`,
    ],
    ['effects', EFFECTS_TEXTS[effects]],
    ['expires', expiryText(bundle.manifest.expiresMs)],
    ['program', `${bytesText(entry.bytes)}${sourceMap ? ', with source map' : ''}`],
    ...[...bundle.kernels].map(([kernel, { wasm }]) => ['kernel', `${kernel} (${bytesText(wasm.length)})`] as const),
    ...[...bundle.assets].map(([asset, { bytes }]) => ['asset', `${asset} (${bytesText(bytes.length)})`] as const),
  ])
}
