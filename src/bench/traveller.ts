import type { AgentParts } from '../bundle/seal.ts'

/**
 * An agent that travels to and fro with a few thousand objects in its bag, about half a megabyte, and stays a moment at
 * each place: a host has time to make its next spare worker, as it has between any two arrivals but those of a stampede.
 */
/** How long it stays, milliseconds. */
export const STAY_MS = 300

export const TRAVELLER: AgentParts = {
  name: 'traveller',
  version: '1.0.0',
  description: 'moves between two hosts',
  code: `globalThis.__agent = async ({ hosts, hops }) => {
    const bag = Array.from({ length: 2000 }, (_, i) => ({ i, name: 'thing ' + i }))
    for (let i = 0; i < hops; i++) {
      await __sojourn.call('move', { where: { host: hosts[i % 2] } })
      await new Promise((resolve) => setTimeout(resolve, ${STAY_MS}))
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
