import { integerBelow, seededRandom, uniform } from '../../../src/base/random.ts'
import type {
  HostCondition,
  SimActions,
  SimAgent,
  SimFault,
  SimFrame,
  SimHost,
  SimPageView,
} from '../../../src/ui/sim/sim-view.ts'

/** Made-up frames of a cluster that nobody simulates: for tests of the views, and for looking at them. */
export const frameOf = (part: Partial<SimFrame> = {}): SimFrame => ({
  nowMs: 0,
  hosts: [],
  agents: [],
  hops: [],
  letters: [],
  news: [],
  counts: {
    launched: 0,
    running: 0,
    endedRight: 0,
    lost: 0,
    doubled: 0,
    falsified: 0,
    recovered: 0,
    hopped: 0,
    checks: 0,
    events: 0,
  },
  faults: [],
  cutLinks: [],
  violation: null,
  ...part,
})

export const simHost = (i: number, part: Partial<SimHost> = {}): SimHost => ({
  name: `host ${i}`,
  kind: i === 0 ? 'launcher' : i % 3 === 0 ? 'tab' : 'edge',
  condition: 'up',
  slots: i === 0 ? 0 : i % 3 === 0 ? 2 : 4,
  keeps: i === 0 ? 12 : 0,
  decides: 12,
  troubles: [],
  ...part,
})

export const simAgent = (i: number, part: Partial<SimAgent> = {}): SimAgent => ({
  id: `agent${i}`,
  name: `agent ${i}`,
  condition: 'running',
  host: 1,
  home: 0,
  epoch: 1,
  hops: 0,
  progress: 0.5,
  ...part,
})

export const FAULTS: readonly SimFault[] = [
  { id: 'crash', label: 'Crashes', group: 'Machines', says: 'a host is killed; what it had not synced is lost' },
  { id: 'owner', label: 'Owners return', group: 'Machines', says: 'the owner of a host wants it for himself' },
  { id: 'freeze', label: 'Frozen tabs', group: 'Tabs', says: 'a tab is frozen: nothing in it happens' },
  { id: 'partition', label: 'Silent links', group: 'Network', says: 'two hosts hear nothing of each other' },
  { id: 'drop', label: 'Lost messages', group: 'Messages', says: 'messages from a host are lost' },
  { id: 'skew', label: 'Wrong clocks', group: 'Disks and clocks', says: 'a host’s clock shows another date' },
]

export const simView = (part: Partial<SimPageView> = {}): SimPageView => ({
  phase: 'playing',
  setup: { seed: 7, hosts: 120, agents: 200, witnesses: 3 },
  speed: 4,
  rate: 4,
  faults: FAULTS,
  news: [],
  frame: null,
  problem: null,
  ...part,
})

export const noSimActions: SimActions = {
  restart: () => {},
  play: () => {},
  pause: () => {},
  step: () => {},
  setSpeed: () => {},
  switchFault: () => {},
  act: () => {},
  setLink: () => {},
  partition: () => {},
  launch: () => {},
  healAll: () => {},
}

const CONDITIONS: readonly HostCondition[] = ['owner-back', 'cut-off', 'frozen', 'dead']

/** A cluster in the middle of its life: some hosts in each condition, agents everywhere, a few on their way. */
export function livingCluster(hosts: number, agents: number, seed = 1): { next(): SimFrame } {
  const random = seededRandom(seed)
  const conditions = Array.from(
    { length: hosts },
    (_, i): HostCondition => (i > 0 && uniform(random) < 0.1 ? (CONDITIONS[integerBelow(random, 4)] ?? 'up') : 'up'),
  )
  const at = Array.from({ length: agents }, () => 1 + integerBelow(random, hosts - 1))
  let [nowMs, hopped] = [0, 0]
  return {
    next() {
      nowMs += 200
      const moving = Array.from({ length: Math.ceil(agents / 60) }, () => integerBelow(random, agents))
      const hops = moving.map((i) => {
        const from = at[i] ?? 1
        const to = 1 + integerBelow(random, hosts - 1)
        const isUp = conditions[to] === 'up'
        if (isUp) at[i] = to
        hopped += 1
        return {
          agent: `agent${i}`,
          from,
          to: isUp ? to : from,
          kind: conditions[from] === 'dead' ? 'recovery' : 'hop',
        } as const
      })
      return frameOf({
        nowMs,
        hosts: conditions.map((condition, i) => simHost(i, { condition })),
        agents: at.map((host, i) =>
          simAgent(i, {
            host,
            condition: conditions[host] === 'up' || conditions[host] === 'owner-back' ? 'running' : 'orphaned',
            progress: (i % 10) / 10,
          }),
        ),
        hops,
        letters: moving.map(() => ({ from: integerBelow(random, hosts), to: integerBelow(random, hosts) })),
        counts: {
          launched: agents + 31,
          running: agents,
          endedRight: 31,
          lost: 0,
          doubled: 0,
          falsified: 0,
          recovered: 12,
          hopped: 340 + hopped,
          checks: 18_420 + nowMs,
          events: 99_000,
        },
        faults: ['crash', 'owner'],
        cutLinks: [[3, 40]],
      })
    },
  }
}
