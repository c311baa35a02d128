import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CORPUS_MAX } from './limits.ts'

/** A target's corpus: a line of JSON for each input that once was judged like none before. */
export interface Kept {
  readonly verdict: string
  readonly input: Uint8Array
}

export function readCorpus(path: string): readonly Kept[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { verdict, input } = JSON.parse(line) as { verdict: string; input: string }
      return { verdict, input: Uint8Array.from(Buffer.from(input, 'base64')) }
    })
}

/** One a verdict; what is there already stays. */
export function addToCorpus(path: string, fresh: readonly Kept[]): number {
  const kept = new Map(readCorpus(path).map((one) => [one.verdict, one]))
  const before = kept.size
  for (const one of fresh) if (!kept.has(one.verdict) && kept.size < CORPUS_MAX) kept.set(one.verdict, one)
  if (kept.size === before) return 0
  mkdirSync(dirname(path), { recursive: true })
  const lines = [...kept.values()]
    .sort((a, b) => (a.verdict < b.verdict ? -1 : 1))
    .map(({ verdict, input }) => JSON.stringify({ verdict, input: Buffer.from(input).toString('base64') }))
  writeFileSync(path, `${lines.join('\n')}\n`)
  return kept.size - before
}
