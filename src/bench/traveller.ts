import type { AgentParts } from '../bundle/seal.ts'

/** How long the traveller stays at each place when it does not hurry: a host has made its next spare worker by then. */
export const STAY_MS = 300

/** An agent that travels to and fro with a few thousand objects in its bag, about half a megabyte. */
export const TRAVELLER: AgentParts = {
  name: 'traveller',
  version: '1.0.0',
  description: 'moves between two hosts',
  code: `globalThis.__agent = async ({ hosts, hops, stayMs }) => {
    const bag = Array.from({ length: 2000 }, (_, i) => ({ i, name: 'thing ' + i }))
    for (let i = 0; i < hops; i++) {
      await __sojourn.call('move', { where: { host: hosts[i % 2] } })
      if (stayMs > 0) await new Promise((resolve) => setTimeout(resolve, stayMs))
    }
    return bag.length
  }`,
  sourceMap: null,
  kernels: new Map(),
  assets: new Map(),
  needs: { kind: null },
  quota: {},
  effects: 'fast',
}
