import { SourceMap } from 'node:module'

/**
 * Puts the author's own files and lines into what a program said of its failure: `(agent.js:12:5)` becomes
 * `(agent.ts:3:9)`. Where the map does not know, or there is none, the text stays as it is.
 */
export function inSourceLines(text: string, sourceMap: string | null): string {
  const map = parse(sourceMap)
  if (!map) return text
  return text.replace(/\bagent\.js:(\d+)(?::(\d+))?/g, (place, line: string, column: string | undefined) => {
    const entry = map.findEntry(Number(line) - 1, Number(column ?? 1) - 1)
    if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') return place
    // What lies outside the agent's folder is our own door.
    const source = entry.originalSource.startsWith('..') ? 'sojourn/agent' : entry.originalSource
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  })
}

function parse(sourceMap: string | null): SourceMap | null {
  if (sourceMap === null) return null
  try {
    return new SourceMap(JSON.parse(sourceMap))
  } catch {
    return null
  }
}
