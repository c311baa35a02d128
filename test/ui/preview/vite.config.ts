import { defineConfig } from 'vite'

/** Serves the views over made-up snapshots, for looking at them: npx vite --config test/ui/preview/vite.config.ts */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: '../../../public',
  cacheDir: '../../../.cache/vite-preview',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { port: 5199, fs: { allow: ['../../..'] } },
})
