import { blank, type Import, importsOf, isCode, lineAt, resolveImport, roomOf, type SourceFile } from './source.ts'
import { AMBIENT, AMBIENT_DECLARATIONS, FILE_LINES_MAX, ROOMS, WORDS_NOT_IN_FILE_NAMES } from './table.ts'

/** A habit of the house that a machine can hold. `breaks` is a file that the rule must catch, so that it cannot rot. */
export interface Rule {
  readonly name: string
  readonly find: (file: SourceFile, project: readonly SourceFile[]) => readonly string[]
  readonly breaks: SourceFile
}

const inSrc = (path: string): boolean => path.startsWith('src/')
const isTypeScript = (path: string): boolean => /\.tsx?$/.test(path)
const isOurCode = (path: string): boolean => isCode(path) && /^(src|agents|scripts|bin|test)\//.test(path)

/** Every place where the pattern stands in the code, comments and strings left out. */
function inCode(file: SourceFile, patterns: readonly RegExp[]): string[] {
  const code = blank(file.text, 'all')
  return patterns.flatMap((pattern) =>
    Array.from(code.matchAll(new RegExp(pattern.source, `${pattern.flags}g`)), (match) => {
      return `line ${lineAt(code, match.index)}: ${match[0].trim()}`
    }),
  )
}

const packageOf = (from: string): string =>
  from.startsWith('node:') ? 'node:*' : from.startsWith('virtual:') ? 'virtual:*' : packageName(from)

const packageName = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')

const isRelative = (from: string): boolean => from.startsWith('.')

function importFault(file: SourceFile, { from, typeOnly }: Import): string | null {
  const name = roomOf(file.path)
  const room = name === null ? undefined : ROOMS[name]
  if (name === null || room === undefined) return `${file.path} is in no room of test/tidy/table.ts`
  if (!isRelative(from)) {
    return room.packages?.includes(packageOf(from)) ? null : `room ${name} may not import the package ${from}`
  }
  const path = resolveImport(file.path, from)
  if (room.built?.some((folder) => path.startsWith(folder))) return null
  const target = roomOf(path)
  if (target === name || (target !== null && room.imports.includes(target))) return null
  if (typeOnly && target !== null && room.types?.includes(target)) return null
  return `room ${name} may not import ${from}`
}

export const RULES: readonly Rule[] = [
  {
    name: 'a room imports only the rooms and packages that the table gives it',
    find: (file) =>
      inSrc(file.path) && isTypeScript(file.path)
        ? importsOf(file).flatMap((entry) => importFault(file, entry) ?? [])
        : [],
    breaks: { path: 'src/base/a.ts', text: "import { x } from '../host/x.ts'\nimport { y } from 'idb'" },
  },
  {
    name: 'the core takes time, chance, storage and network as arguments',
    find: (file) => {
      const core = ROOMS[roomOf(file.path) ?? '']?.core === true && isTypeScript(file.path)
      return core && !AMBIENT_DECLARATIONS.includes(file.path) ? inCode(file, AMBIENT) : []
    },
    breaks: { path: 'src/host/a.ts', text: 'export const now = () => Date.now()' },
  },
  {
    name: `a file has at most ${FILE_LINES_MAX} lines`,
    find: (file) => {
      const lines = file.text.split('\n').length - 1
      return isOurCode(file.path) && lines > FILE_LINES_MAX ? [`${lines} lines`] : []
    },
    breaks: { path: 'src/host/a.ts', text: '// line\n'.repeat(FILE_LINES_MAX + 1) },
  },
  {
    name: 'file names are kebab-case and say what is in the file',
    find: (file) => {
      const name = file.path.split('/').at(-1) ?? ''
      // The layout of test262 has names of its own.
      if (!isOurCode(file.path) || file.path.startsWith('test/conformance/language-suite/')) return []
      const words = name.split(/[-.]/)
      // A service worker is the platform's word, not a drawer.
      const drawers = words.filter((word, i) => WORDS_NOT_IN_FILE_NAMES.includes(word) && words[i + 1] !== 'worker')
      const shape = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(name) ? [] : ['not kebab-case']
      return [...shape, ...drawers.map((word) => `"${word}"`)]
    },
    breaks: { path: 'src/host/message-utils.ts', text: '' },
  },
  {
    name: 'src has named exports only',
    // An agent's program is its default export.
    find: (file) =>
      inSrc(file.path) && !file.path.endsWith('/simulated-agent.ts')
        ? inCode(file, [/^export default\b/m, /\bas default\b/])
        : [],
    breaks: { path: 'src/host/a.ts', text: 'export default 1' },
  },
  {
    name: 'nothing escapes the types: no any, no non-null assertion, no ts-ignore',
    find: (file) => {
      // Tests may call a value `any`; Biome watches their types.
      const watched = isOurCode(file.path) && isTypeScript(file.path) && !file.path.startsWith('test/')
      if (!watched || AMBIENT_DECLARATIONS.includes(file.path)) return []
      const escapes = inCode(file, [/(?::|\bas|<|\||,)\s*any\b(?!\s*[:(])/, /\bany\[\]/, /[\w)\]]!(?=[.[(),;]|\s*$)/m])
      return /@ts-(ignore|expect-error|nocheck)/.test(file.text) ? [...escapes, 'a @ts- comment'] : escapes
    },
    breaks: { path: 'src/host/a.ts', text: 'export const f = (x: any): number => x.y!' },
  },
  {
    name: 'a file of src says what it is, at its top or on its first export',
    find: (file) => {
      if (!inSrc(file.path) || !isTypeScript(file.path)) return []
      const withoutImports = file.text.replace(/^import\b[\w$\s{},*]*?(\bfrom\s*)?['"].*\n/gm, '').trimStart()
      const beforeExport = withoutImports.split(/^export\b/m)[0] ?? ''
      const explained = /^(#!.*\n)?\s*(\/\*|\/\/)/.test(withoutImports) || beforeExport.trimEnd().endsWith('*/')
      return explained ? [] : ['no word of explanation']
    },
    breaks: { path: 'src/host/a.ts', text: "import { x } from './x.ts'\n\nexport const y = x" },
  },
  {
    name: "agents import 'sojourn/agent' and their own files",
    find: (file) => {
      if (!file.path.startsWith('agents/') || !isCode(file.path)) return []
      const own = file.path.split('/').slice(0, 2).join('/')
      const allowed = ({ from }: Import): boolean =>
        isRelative(from) ? resolveImport(file.path, from).startsWith(`${own}/`) : from === 'sojourn/agent'
      return importsOf(file).flatMap((entry) => (allowed(entry) ? [] : entry.from))
    },
    breaks: { path: 'agents/a/agent.ts', text: "import { readFileSync } from 'node:fs'" },
  },
  {
    name: 'nothing is left open in the code',
    find: (file) => {
      const words = ['TODO', 'FIXME', 'XXX', 'HACK'].join('|')
      const found = new RegExp(`\\b(${words})\\b`).exec(file.text)
      return found && isOurCode(file.path) && !file.path.startsWith('test/tidy/') ? [found[0]] : []
    },
    breaks: { path: 'src/host/a.ts', text: `// ${'TO'}DO: later` },
  },
  {
    name: 'a skipped test says why, in a comment beside it or in a printed "skipped: …", and no test is singled out',
    find: (file) => {
      if (!/^test\/.*\.ts$/.test(file.path) || file.path.startsWith('test/tidy/')) return []
      const lines = file.text.split('\n')
      return blank(file.text, 'all')
        .split('\n')
        .flatMap((code, i) => {
          if (/\.only\b/.test(code)) return [`line ${i + 1}: only`]
          const skips = /\b(it|test|describe)\.(skip|skipIf|runIf|todo)\b|\bcontext\.skip\(/.test(code)
          const reason = /\/\//.test(`${lines[i - 1]}\n${lines[i]}`) || file.text.includes('skipped: ')
          return skips && !reason ? [`line ${i + 1}: skipped without a reason`] : []
        })
    },
    breaks: { path: 'test/host/a.test.ts', text: "it.skip('does', () => {})" },
  },
  {
    name: 'no path of a machine stands in the project',
    find: (file) => {
      const folders = ['tmp', 'root', 'home', 'work', 'Users'].join('|')
      const found = new RegExp(`(^|[\\s'"\`(=])/(${folders})/[\\w.-]+`).exec(file.text)
      return found ? [found[0].trim()] : []
    },
    breaks: { path: 'src/host/a.ts', text: `export const place = '/${'tmp'}/sojourn'` },
  },
  {
    name: 'links in documents lead somewhere',
    find: (file, project) => {
      if (!file.path.endsWith('.md')) return []
      const paths = new Set(project.map(({ path }) => path))
      const folders = new Set(project.flatMap(({ path }) => foldersOf(path)))
      const links = Array.from(file.text.matchAll(/\]\(([^)\s]+)\)/g), (match) => match[1] ?? '')
      return links.filter((link) => {
        if (/^[a-z]+:/.test(link)) return false
        const [target = '', anchor] = link.split('#')
        const path = target === '' ? file.path : resolveImport(file.path, target).replace(/\/$/, '')
        if (!paths.has(path) && !folders.has(path)) return true
        return anchor !== undefined && !anchorsOf(project.find((other) => other.path === path)).includes(anchor)
      })
    },
    breaks: { path: 'docs/A.md', text: 'see [there](nowhere.md)' },
  },
  {
    name: 'package versions are exact, and the lock file knows the packages of every platform',
    find: (file) => {
      if (file.path !== 'package.json' && file.path !== 'package-lock.json') return []
      return file.path === 'package.json' ? looseVersions(file.text) : missingOptionals(file.text)
    },
    breaks: { path: 'package.json', text: '{ "dependencies": { "left-pad": "^1.0.0" } }' },
  },
]

const foldersOf = (path: string): string[] => {
  const parts = path.split('/')
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'))
}

/** GitHub's names of headings: lower case, spaces to hyphens, other signs away. */
function anchorsOf(file: SourceFile | undefined): string[] {
  const headings = file?.text.matchAll(/^#+\s+(.*)$/gm) ?? []
  return Array.from(headings, (match) => {
    const words = (match[1] ?? '').toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
    return words.trim().replace(/\s/g, '-')
  })
}

function looseVersions(text: string): string[] {
  const manifest: Record<string, Record<string, string>> = JSON.parse(text)
  const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  return all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)).map(([name, version]) => `${name} ${version}`)
}

/** npm leaves out what another platform needs when it writes the lock file beside an installation; `npm ci` then fails there. */
function missingOptionals(text: string): string[] {
  const lock: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } = JSON.parse(text)
  const known = new Set(Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)))
  const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  return wanted.filter((name) => !known.has(name))
}
