import type { SimSetup } from '../../ui/sim/sim-view.ts'

/** A run in the page's address, so that it can be passed on: #hosts=120&agents=200&witnesses=3&seed=7. */
export const FIRST_SETUP: SimSetup = { seed: 1, hosts: 60, agents: 90, witnesses: 3 }

const BOUNDS = { seed: [0, 2 ** 31 - 1], hosts: [5, 300], agents: [1, 600] } as const

export function readSetup(hash: string): SimSetup {
  const wish = new URLSearchParams(hash.replace(/^#/, ''))
  const amount = (name: keyof typeof BOUNDS): number => {
    const text = wish.get(name)
    const [min, max] = BOUNDS[name]
    const value = text === null ? Number.NaN : Math.floor(Number(text))
    return Number.isNaN(value) ? FIRST_SETUP[name] : Math.min(max, Math.max(min, value))
  }
  const wished = wish.get('witnesses')
  const witnesses = wished === '1' ? 1 : wished === '5' ? 5 : wished === '3' ? 3 : FIRST_SETUP.witnesses
  return { seed: amount('seed'), hosts: amount('hosts'), agents: amount('agents'), witnesses }
}

export const writeSetup = ({ hosts, agents, witnesses, seed }: SimSetup): string =>
  `#${new URLSearchParams({ hosts: `${hosts}`, agents: `${agents}`, witnesses: `${witnesses}`, seed: `${seed}` })}`
