/**
 * The plan of the house as data. `imports`: whose code a room may use. `types`: whose types it may name besides, without
 * depending on their code. `packages`: what it may import from npm; a package is in as few rooms as can be, so that it
 * can be replaced there. `core`: no ambient time, chance, network, storage or process.
 */
export interface Room {
  readonly imports: readonly string[]
  readonly types?: readonly string[]
  readonly packages?: readonly string[]
  /** Folders of built files that it may load. */
  readonly built?: readonly string[]
  readonly core: boolean
}

const BELOW_HOST: readonly string[] = [
  'base',
  'identity',
  'permit',
  'bundle',
  'directory',
  'wire',
  'storage',
  'audit',
  'allocator',
  'checkpoint',
  'engine',
  'sandbox',
]
const CORE: readonly string[] = [...BELOW_HOST, 'host']

/** `node:*` stands for every module of Node. */
export const ROOMS: Readonly<Record<string, Room>> = {
  base: { imports: [], packages: ['@ipld/dag-cbor', '@noble/hashes', 'multiformats'], core: true },
  identity: {
    imports: ['base'],
    packages: ['@noble/ciphers', '@noble/curves', '@noble/ed25519', '@noble/hashes', 'multiformats'],
    core: true,
  },
  permit: { imports: ['base', 'identity'], core: true },
  bundle: { imports: ['base', 'identity', 'permit'], packages: ['@ipld/car', 'multiformats'], core: true },
  directory: { imports: ['base', 'identity'], core: true },
  wire: {
    imports: ['base', 'identity', 'permit', 'bundle', 'directory'],
    types: ['host'],
    packages: ['multiformats', 'valibot'],
    core: true,
  },
  storage: { imports: ['base'], core: true },
  audit: {
    imports: ['base', 'identity', 'directory', 'wire', 'bundle', 'checkpoint', 'sandbox'],
    types: ['engine'],
    core: true,
  },
  allocator: { imports: ['base', 'identity', 'directory', 'wire'], core: true },
  checkpoint: { imports: ['base'], types: ['engine'], core: true },
  engine: { imports: ['base', 'checkpoint'], core: true },
  sandbox: {
    imports: ['base', 'identity', 'permit', 'directory', 'checkpoint', 'engine'],
    types: ['host'],
    packages: ['multiformats', 'valibot'],
    core: true,
  },
  host: { imports: BELOW_HOST, packages: ['multiformats'], core: true },
  /** Runs inside the guest, where timers and time are the engine's own. */
  sdk: { imports: [], core: false },
  sim: { imports: [...CORE, 'platform/memory'], core: true },
  'platform/memory': { imports: CORE, core: true },
  'platform/peerjs': { imports: CORE, core: true },
  'platform/guest': { imports: ['base', 'checkpoint', 'engine', 'sandbox'], core: false },
  'platform/browser': {
    imports: [...CORE, 'platform/guest', 'platform/peerjs'],
    packages: ['comlink', 'idb', 'peerjs'],
    core: false,
  },
  'platform/node': {
    imports: [...CORE, 'platform/guest', 'platform/peerjs'],
    packages: ['node:*', 'assemblyscript', 'binaryen', 'esbuild', 'libsql', 'node-datachannel', 'peerjs', 'ws'],
    core: false,
  },
  rendezvous: {
    imports: CORE,
    packages: ['node:*', '@hono/node-server', 'hono', 'pino', 'valibot', 'ws'],
    core: false,
  },
  ui: {
    imports: ['base', 'identity', 'permit', 'directory', 'host'],
    packages: ['@preact/signals', 'preact'],
    core: false,
  },
  /** Real engines that run code of ours, for what must hold in all of them. */
  realms: { imports: ['platform/node'], packages: ['node:*', 'esbuild', 'puppeteer-core', 'ws'], core: false },
  /** Programs that must end alike in every realm. */
  conformance: {
    imports: ['base', 'checkpoint', 'engine', 'platform/node', 'realms'],
    packages: ['node:*', 'commander'],
    core: false,
  },
  /** Programs that go as deep as they can, in every realm. */
  attacks: { imports: ['base', 'engine', 'platform/node', 'realms'], packages: ['node:*'], core: false },
  /** What strangers' bytes reach, under fire. */
  fuzz: {
    imports: [...CORE, 'platform/memory', 'platform/node', 'sim'],
    packages: ['node:*', '@ipld/dag-cbor'],
    core: false,
  },
  /** Measures from outside what the entries put together. */
  bench: {
    imports: [
      ...CORE,
      'conformance',
      'realms',
      'platform/memory',
      'platform/node',
      'platform/peerjs',
      'rendezvous',
      'entry/node',
      'soak',
    ],
    packages: ['node:*', 'assemblyscript', 'esbuild', 'node-datachannel', 'pino', 'playwright-core'],
    core: false,
  },
  /** The whole of it on this machine, under faults that are real. */
  soak: {
    imports: [...CORE, 'platform/node', 'entry/node'],
    // The last one in the text of a program.
    packages: ['node:*', 'puppeteer-core', 'sojourn'],
    core: false,
  },
  'entry/browser': {
    imports: [...CORE, 'platform/browser', 'platform/peerjs', 'platform/guest', 'platform/memory', 'sim', 'ui'],
    packages: ['@preact/signals', 'preact', 'workbox-window', 'virtual:*'],
    built: ['dist/engine/', 'dist/guest/'],
    core: false,
  },
  'entry/node': {
    imports: [...CORE, 'platform/guest', 'platform/node', 'platform/memory', 'platform/peerjs', 'rendezvous', 'sim'],
    // The last one in the simulated agent.
    packages: ['node:*', 'commander', 'esbuild', 'pino', 'playwright-core', 'sojourn'],
    core: false,
  },
  /** src/index.ts, the embedder's door. */
  src: { imports: CORE, core: true },
}

/** What the core must be given as an argument. Methods and properties of these names are nobody's business. */
export const AMBIENT: readonly RegExp[] = [
  /(?<![\w.$#])Date\.now\b/,
  /(?<![\w.$#])new Date\(\s*\)/,
  /(?<![\w.$#])Date\(\s*\)/,
  /(?<![\w.$#])Math\.random\b/,
  /(?<![\w.$#])(?:setTimeout|setInterval|setImmediate|requestAnimationFrame)\s*\(/,
  /(?<![\w.$#])(?:await|return|=|=>)\s+fetch\s*\(/,
  /(?<![\w.$#])(?:crypto|performance|process|console|document|window|navigator|globalThis|indexedDB|localStorage)\s*[.[]/,
  /(?<![\w.$#])new (?:WebSocket|Worker|MessageChannel|BroadcastChannel|XMLHttpRequest|EventSource)\b/,
  /(?<![\w.$#])declare (?!const \w+: unique symbol)(?:const|let|var|function|class)\b/,
]

/** The only places where the core says what every realm has. */
export const AMBIENT_DECLARATIONS: readonly string[] = ['src/base/realm.d.ts', 'src/engine/webassembly.d.ts']

/** Names of drawers, and words that mean one of our concepts under another name (DESIGN: one word per concept). */
export const WORDS_NOT_IN_FILE_NAMES: readonly string[] = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'manager',
  'service',
  'misc',
  'handler',
  'peer',
  'task',
  'job',
]

export const FILE_LINES_MAX = 400
