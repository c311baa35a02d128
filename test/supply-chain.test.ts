import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** What stands between us and what others publish. That the engine builds to the same bytes: test/engine/engine-build.test.ts. */
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly hasInstallScript?: boolean
}
const lock = JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> }
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
const manifest = JSON.parse(read('package.json')) as Readonly<
  Record<'dependencies' | 'devDependencies', Record<string, string>>
>

describe('packages of others', () => {
  it('are asked for in one exact version', () => {
    const ranges = [...Object.entries(manifest.dependencies), ...Object.entries(manifest.devDependencies)]
    expect(ranges.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('come with the SHA-512 that the lock file names, but for binaries of systems other than common Linux, which it only names', () => {
    const unpinned = packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    const forUs = unpinned.filter(
      ([path, { optional, os, cpu }]) =>
        optional !== true ||
        os === undefined ||
        (os.includes('linux') && !path.includes('musl') && (cpu?.includes('x64') || cpu?.includes('arm64'))),
    )
    expect(forUs.map(([path]) => path)).toEqual([])
    const elsewhere = packages.filter(
      ([, { resolved }]) => resolved && !resolved.startsWith('https://registry.npmjs.org/'),
    )
    expect(elsewhere.map(([path]) => path)).toEqual([])
  })

  it('run nothing when they are installed', () => {
    expect(read('scripts/setup.mjs')).toContain("['ci', '--ignore-scripts'")
    expect(packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([
      'node_modules/esbuild',
    ])
  })
})

describe('the page', () => {
  const html = read('dist/page/index.html')
  const worker = read('dist/page/service-worker.js')

  it('loads scripts and styles from where it came from, and from nowhere else', () => {
    const sources = [...html.matchAll(/<(?:script|link)[^>]*?(?:src|href)="([^"]+)"/g)].map(
      ([, source]) => source ?? '',
    )
    expect(sources.length).toBeGreaterThan(2)
    expect(sources.filter((source) => !source.startsWith('./'))).toEqual([])
    expect(html).not.toMatch(/<script(?![^>]* src=)/)
  })

  it('keeps each of its files under a name or a revision that its content gives', () => {
    const kept = [...worker.matchAll(/\{url:"([^"]+)",revision:(null|"[0-9a-f]{32}")\}/g)]
    expect(kept.length).toBeGreaterThan(5)
    for (const [, url, revision] of kept)
      expect([url, revision !== 'null' || /-[\w-]{8}\.\w+$/.test(url ?? '')]).toEqual([url, true])
  })
})
