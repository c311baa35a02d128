import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: 'test/setup/build.ts',
    reporters: ['default', './test/setup/counts.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          // No test is about time: a machine that does other work is slow, not wrong.
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Browsers and several host processes at once: one file at a time, after everything else.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
