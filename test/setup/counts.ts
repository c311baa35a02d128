import { writeSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Prints "N passed, N failed" (", N skipped" where there are any) as the very last line, for people and scripts. A file
 * or suite that does not load and an error outside every test count as failed.
 */
export default class Counts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      const suites = [module, ...module.children.allSuites()]
      counts.failed += suites.filter((suite) => suite.errors().length > 0).length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'pending') counts.failed++
        else counts[state]++
      }
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
    // At exit, so that no summary of another reporter follows.
    process.once('exit', () => writeSync(1, `${counts.passed} passed, ${counts.failed} failed${skipped}\n`))
  }
}
