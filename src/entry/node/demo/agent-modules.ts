import { join } from 'node:path'
import { build } from 'esbuild'
import { packageRoot } from '../../../platform/node/engine-files.ts'

/**
 * The author's side of the example agents (how work is split, what the truth is) lies beside the agents, outside of
 * src, as an author's would. It is bundled and loaded when the demo runs.
 */
export interface GolombModule {
  split(order: number, parts: number, best: number): readonly unknown[]
}

export interface KnownModule {
  shortRuler(order: number): readonly number[]
  lengthOf(ruler: readonly number[]): number
}

export interface ShardsModule {
  shards(csv: string, count: number): readonly string[]
}

export interface TruthModule<Findings> {
  truth(csv: string, columns: readonly string[]): Record<string, Findings>
  agree(a: Findings, b: Findings): boolean
}

export async function loadAgentModule<T>(path: string): Promise<T> {
  const { outputFiles } = await build({
    entryPoints: [join(packageRoot(), 'agents', path)],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    write: false,
    logLevel: 'silent',
  })
  const code = outputFiles[0]?.text ?? ''
  return (await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)) as T
}
