import { readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildFailure, type BuildOptions, build, formatMessages, type Plugin } from 'esbuild'
import { AgentBuildError } from './agent-build-error.ts'

/**
 * An agent's TypeScript or JavaScript as one script with a source map: everything it imports is inside, `sojourn/agent`
 * included. The engine runs the script as the body of an async function. A module with a default export becomes a script
 * that sets `globalThis.__agent` to it; a file without one stays the plain script it is, and may await at its top.
 */
export interface BuiltScript {
  readonly code: string
  readonly sourceMap: string
}

export async function buildScript(root: string, entry: string): Promise<BuiltScript> {
  const main = JSON.stringify(`./${entry}`)
  const looked = await bundle(root, { entryPoints: [join(root, entry)], metafile: true })
  const hasAgent = Object.values(looked.metafile?.outputs ?? {}).some(({ exports }) => exports.includes('default'))
  const start = hasAgent ? `import program from ${main}\nglobalThis.__agent = program\n` : `import ${main}\n`
  const built = await bundle(root, { stdin: { contents: start, resolveDir: root, sourcefile: 'start' } })
  const output = (suffix: string): string => built.outputFiles?.find(({ path }) => path.endsWith(suffix))?.text ?? ''
  return { code: output('.js'), sourceMap: output('.js.map') }
}

/** Nothing of the machine goes in: no configuration file is read, paths are relative to the agent's folder. */
async function bundle(root: string, options: BuildOptions) {
  try {
    return await build({
      absWorkingDir: root,
      outfile: join(root, 'agent.js'),
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      target: 'es2023',
      banner: { js: '"use strict";' },
      charset: 'utf8',
      sourcemap: 'external',
      treeShaking: true,
      tsconfigRaw: '{}',
      logLevel: 'silent',
      plugins: [authorsDoor, plainErrors],
      ...options,
    })
  } catch (cause) {
    if (!isBuildFailure(cause)) throw cause
    const lines = await formatMessages(cause.errors, { kind: 'error', color: false })
    throw new AgentBuildError(lines.join('').trim(), { cause })
  }
}

/** `sojourn/agent`, wherever the agent lies and whether we run from sources or compiled. */
const authorsDoor: Plugin = {
  name: 'sojourn/agent',
  setup(build) {
    const own = fileURLToPath(import.meta.url)
    const folder = join(dirname(own), '../../sdk')
    build.onResolve({ filter: /^sojourn\/agent$/ }, () => ({ path: 'agent', namespace: 'sojourn' }))
    build.onResolve({ filter: /^\.\/kernel\./, namespace: 'sojourn' }, () => ({ path: 'kernel', namespace: 'sojourn' }))
    build.onLoad({ filter: /.*/, namespace: 'sojourn' }, async ({ path }) => ({
      // Without the door's own source map, which says where this checkout lies: equal sources make equal bundles.
      contents: (await readFile(join(folder, `${path}${extname(own)}`), 'utf8')).replace(
        /^\/\/# sourceMappingURL=.*$/m,
        '',
      ),
      resolveDir: folder,
      loader: extname(own) === '.ts' ? 'ts' : 'js',
    }))
  },
}

/** What an agent cannot have, said in a sentence instead of "could not resolve". */
const plainErrors: Plugin = {
  name: 'what an agent cannot import',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({
      errors: [
        { text: `an agent cannot import "${path}": it runs in browsers too and has only what sojourn/agent gives it` },
      ],
    }))
    build.onResolve({ filter: /^sojourn$/ }, () => ({
      errors: [{ text: 'an agent cannot import "sojourn", which is for hosts; its own door is "sojourn/agent"' }],
    }))
  },
}

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors)
