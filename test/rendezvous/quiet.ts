import type { Logger } from '../../src/rendezvous/serve.ts'

/** A rendezvous' log that nobody reads. */
export const quiet: Logger = { info: () => {}, warn: () => {} }
