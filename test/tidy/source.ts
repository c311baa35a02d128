import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, posix, sep } from 'node:path'

/** One file of the project, as the rules see it. */
export interface SourceFile {
  /** From the project's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

const ROOT = new URL('../..', import.meta.url).pathname
const FOLDERS = ['src', 'test', 'agents', 'scripts', 'docs', 'bin', '.ci']

/** Everything people write: the folders above and the files at the top. */
export function readProject(): SourceFile[] {
  const top = readdirSync(ROOT).filter((name) => statSync(join(ROOT, name)).isFile())
  const paths = [...top, ...FOLDERS.flatMap(filesUnder)]
  return paths
    .map((path) => path.split(sep).join('/'))
    .filter((path) => /\.(ts|tsx|js|mjs|json|md|html|css)$|^(LICENSE$|\.ci\/)/.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
}

export const isCode = (path: string): boolean => /\.(ts|tsx|js|mjs)$/.test(path)

/** The room a file of src is in: its folder, and for platform and entry the realm too; null outside src. */
export function roomOf(path: string): string | null {
  const parts = path.split('/')
  if (parts[0] !== 'src' || parts[1] === undefined) return null
  if (parts.length === 2) return 'src'
  const realm = parts.length > 3 ? `/${parts[2]}` : ''
  return parts[1] === 'platform' || parts[1] === 'entry' ? `${parts[1]}${realm}` : parts[1]
}

/** Where a relative import of a file leads, from the project's root. */
export const resolveImport = (path: string, from: string): string => posix.join(posix.dirname(path), from)

/** What a file imports, re-exports or loads by `import()`; a name in a comment is not an import. */
export function importsOf(file: SourceFile): Import[] {
  const text = blank(file.text, 'comments')
  const imports: Import[] = []
  for (const match of text.matchAll(/^[ \t]*(?:import|export)\b([\w$\s{},*]*?)\bfrom\s*['"]([^'"\n]+)['"]/gm)) {
    imports.push({ from: match[2] ?? '', typeOnly: isTypeOnly(match[1] ?? '') })
  }
  for (const match of text.matchAll(/^[ \t]*import\s*['"]([^'"\n]+)['"]/gm)) {
    imports.push({ from: match[1] ?? '', typeOnly: false })
  }
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]/g)) {
    imports.push({ from: match[1] ?? '', typeOnly: false })
  }
  return imports
}

function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b/.test(clause)) return true
  const named = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1]
  if (named === undefined) return false
  const names = named.split(',').filter((name) => name.trim() !== '')
  return names.length > 0 && names.every((name) => /^\s*type\s/.test(name))
}

/**
 * The text with comments (and, for 'all', the contents of strings and regular expressions) turned into spaces, lines kept.
 * A small scanner, not a parser: what it gets wrong (a regular expression after a closing parenthesis) it gets wrong
 * towards code.
 */
export function blank(text: string, what: 'comments' | 'all'): string {
  const out: string[] = []
  const keep = (from: number, to: number): void => void out.push(text.slice(from, to))
  const wipe = (from: number, to: number): void => void out.push(text.slice(from, to).replace(/[^\n]/g, ' '))
  const inside = what === 'all' ? wipe : keep
  /** Depth of braces inside each open `${`. */
  const templates: number[] = []
  let at = 0
  let before = ''
  const template = (from: number): void => {
    at = from
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
    inside(from, at)
    if (text[at] === '`') at = keepOne(at)
    else if (at < text.length) {
      keep(at, at + 2)
      at += 2
      templates.push(0)
    }
    before = '`'
  }
  const keepOne = (from: number): number => {
    keep(from, from + 1)
    return from + 1
  }
  while (at < text.length) {
    const from = at
    const char = text[at] ?? ''
    const literal = /['"]/.test(char)
      ? /^(['"])(?:\\.|(?!\1)[^\\\n])*(?:\1|$)/m
      : char === '/' && startsExpression(before)
        ? /^\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//
        : null
    const comment = /^(?:\/\/.*|\/\*[\s\S]*?(?:\*\/|$))/.exec(
      text.slice(at, at + 2) === '//' || text.slice(at, at + 2) === '/*' ? text.slice(at) : '',
    )
    const matched = comment === null ? literal?.exec(text.slice(at))?.[0] : undefined
    if (comment !== null) {
      at += comment[0].length
      wipe(from, at)
    } else if (matched !== undefined) {
      at += matched.length
      keep(from, from + 1)
      inside(from + 1, Math.max(from + 1, at - 1))
      if (matched.length > 1) keep(at - 1, at)
      before = '"'
    } else if (char === '`') {
      template(keepOne(at))
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop()
      template(keepOne(at))
    } else {
      const depth = templates.at(-1)
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1
      if (depth !== undefined && char === '}') templates[templates.length - 1] = depth - 1
      const word = /^[\w$]+/.exec(text.slice(at, at + 80))?.[0] ?? char
      if (word.trim() !== '') before = word
      at += word.length
      keep(from, at)
    }
  }
  return out.join('')
}

/** Whether a slash after this word or sign begins a regular expression and not a division. */
const startsExpression = (before: string): boolean =>
  before === '' || /^(?:[(,=:[!&|?{};+\-*%<>~^]|return|typeof|case|in|of|yield|await)$/.test(before)

/** The number of the line that holds this position, from 1. */
export const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length
