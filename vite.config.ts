import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

/**
 * Builds the volunteer page into dist/page: index.html, the page's chunks, its web workers, the engine as hashed files
 * of their own, and a service worker that keeps all of it for a start without the network. Paths are relative, so the
 * page also works below a folder of somebody's site. Beside it stands the page of the simulator, sim.html, with chunks of
 * its own (assets/sim-*) that a volunteer's browser neither loads nor keeps.
 */
const ENGINE_BYTES_MAX = 4 * 1024 * 1024

/**
 * `npm run dev` serves the page from its sources; `sojourn serve --public-host localhost:5173` beside it, on its own
 * port, is its rendezvous: hosts sign the name that they reach it by, and that is Vite's.
 */
const RENDEZVOUS = 'http://127.0.0.1:9000'

export default defineConfig({
  base: './',
  server: { proxy: { '/api': RENDEZVOUS, '/peerjs': { target: RENDEZVOUS, ws: true } } },
  publicDir: 'public',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist/page',
    emptyOutDir: true,
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // WebAssembly inside JavaScript text cannot be compiled while it streams, nor cached by itself.
    assetsInlineLimit: (file) => (file.endsWith('.wasm') ? false : undefined),
    sourcemap: true,
    rolldownOptions: {
      input: { index: 'index.html', sim: 'sim.html' },
      // What both pages need is part of the first view of either.
      output: {
        chunkFileNames: ({ facadeModuleId }) => `assets/${facadeModuleId === null ? 'shared' : '[name]'}-[hash].js`,
        assetFileNames: ({ names: [name = ''] }) =>
          `assets/${name.endsWith('.css') && name !== 'sim.css' ? 'shared' : '[name]'}-[hash][extname]`,
      },
    },
  },
  worker: {
    format: 'es',
    // Only the simulator's has parts that are loaded later, as the page's host has.
    rolldownOptions: { output: { chunkFileNames: 'assets/sim.worker-[name]-[hash].js' } },
  },
  plugins: [
    VitePWA({
      registerType: 'prompt',
      injectRegister: false,
      filename: 'service-worker.js',
      manifest: {
        id: './',
        name: 'Sojourn',
        short_name: 'Sojourn',
        description: 'Lend this tab to programs that travel between browsers while they work.',
        lang: 'en',
        start_url: './',
        scope: './',
        display: 'standalone',
        background_color: '#eef2f5',
        theme_color: '#123a5e',
        categories: ['utilities', 'science'],
        icons: [
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: 'mark.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
      },
      includeManifestIcons: false,
      workbox: {
        globPatterns: ['**/*.{js,css,html,wasm,svg,webmanifest}', 'icon-192.png'],
        maximumFileSizeToCacheInBytes: ENGINE_BYTES_MAX,
        globIgnores: ['sim.html', '**/sim{-,.}*'],
        // What the rendezvous says is asked of the rendezvous, never of a cache.
        navigateFallback: 'index.html',
        navigateFallbackDenylist: [/\/api\//, /\/healthz/, /\/sim\.html/],
        cleanupOutdatedCaches: true,
        clientsClaim: true,
        inlineWorkboxRuntime: true,
        sourcemap: false,
      },
    }),
  ],
})
