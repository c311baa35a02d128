import { spawnSync } from 'node:child_process'

/**
 * Vitest's global set-up: brings dist/node up to date, for the tests that start worker threads and processes from
 * compiled code. Incremental, so nearly free when nothing changed. A type error does not stop the tests (the compiler
 * emits all the same); `npm run build` and `npm run check` do stop at it.
 */
export default function build(): void {
  const projects = ['tsconfig.core.json', 'tsconfig.guest.json', 'tsconfig.node.json']
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-b', ...projects],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0)
    console.error(`${stdout}${stderr}The tests run against what the compiler emitted in spite of these.`)
}
