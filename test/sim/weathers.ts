import type { Patch } from './bundle.ts'

const ASLEEP = 'everyMs: 2 * MINUTE,\n    lastsMs: [500, 40_000],\n    strike: (_world, host) => sleep(host, true),'
const KILLED =
  "what: 'a host is killed; what it had not synced is lost',\n    everyMs: MINUTE,\n    lastsMs: [200, 40_000],"
const KINDS = "'computing',\n  'moving',\n  'forking',"
/** All agents move, and all the time. */
const WANDERING: readonly Patch[] = [
  { file: 'src/sim/programs.ts', find: KINDS, replace: "'wandering',\n  'wandering',\n  'wandering'," },
  {
    file: 'src/sim/programs.ts',
    find: '{ length: 8 }, (_, i) => ({ at: at((i + 1) / 10)',
    replace: '{ length: 24 }, (_, i) => ({ at: at((i + 1) / 25)',
  },
]
const latency = 'LATENCY_MS = { min: 1, max: 30 }'

const OFTEN_DROPPED: Patch = {
  file: 'src/sim/faults.ts',
  find: "nuisance('drop', 'messages from a host are lost within living sessions', 0.1)",
  replace: "nuisance('drop', 'messages from a host are lost within living sessions', 0.3)",
}

const HOPPING: readonly Patch[] = [
  {
    file: 'src/sim/programs.ts',
    find: 'receives: [{ at: steps, count }] }',
    replace:
      "receives: Array.from({ length: count }, (_, i) => ({ at: 400 + 800 * i, count: 1 })), moves: Array.from({ length: count }, (_, i) => ({ at: 500 + 800 * i, where: 'anywhere' })) }",
  },
  {
    file: 'src/sim/programs.ts',
    find: 'const steps = 500 + integerBelow(random, 5_000)',
    replace: 'const steps = 900 * count + integerBelow(random, 5_000)',
  },
  OFTEN_DROPPED,
]

const RESTARTS: readonly Patch[] = [
  { file: 'src/sim/limits.ts', find: latency, replace: 'LATENCY_MS = { min: 20, max: 500 }' },
  {
    file: 'src/sim/faults.ts',
    find: KILLED,
    replace: KILLED.replace('MINUTE', 'MINUTE / 4').replace('40_000', '1_500'),
  },
  ...WANDERING,
]

/** What is stirred up beside the faults of a seed, so that a rare race is run within a minute. */
export const WEATHERS = {
  /** Messages take as long as across a bad network, hosts are away for about a lease, and agents talk all the time. */
  leases: [
    { file: 'src/sim/limits.ts', find: latency, replace: 'LATENCY_MS = { min: 20, max: 500 }' },
    { file: 'src/sim/faults.ts', find: 'lastsMs: [500, 60_000],', replace: 'lastsMs: [3_000, 12_000],' },
    { file: 'src/sim/faults.ts', find: ASLEEP, replace: ASLEEP.replace('[500, 40_000]', '[3_000, 10_000]') },
    {
      file: 'src/sim/programs.ts',
      find: 'emitEvery: 500 + integerBelow(random, 3_000)',
      replace: 'emitEvery: 150 + integerBelow(random, 300)',
    },
  ],
  /** A silence that is none ends a lease, two propose at once, what they say is long on its way, and all agents move all the time. */
  duels: [
    { file: 'src/sim/limits.ts', find: latency, replace: 'LATENCY_MS = { min: 20, max: 500 }' },
    { file: 'src/host/limits.ts', find: 'LEASE_EDGE_MS = 5_000', replace: 'LEASE_EDGE_MS = 2_000' },
    { file: 'src/host/limits.ts', find: 'LEASE_TAB_MS = 8_000', replace: 'LEASE_TAB_MS = 2_000' },
    { file: 'src/host/limits.ts', find: 'LEASE_AFTER_LOSS_MS = 2_500', replace: 'LEASE_AFTER_LOSS_MS = 300' },
    { file: 'src/host/limits.ts', find: 'TAKEOVER_STAGGER_MS = 2_000', replace: 'TAKEOVER_STAGGER_MS = 100' },
    { file: 'src/sim/faults.ts', find: 'lastsMs: [500, 60_000],', replace: 'lastsMs: [1_000, 6_000],' },
    { file: 'src/sim/faults.ts', find: ASLEEP, replace: ASLEEP.replace('[500, 40_000]', '[1_000, 6_000]') },
    ...WANDERING,
  ],
  /** Hosts die all the time, and are back before anybody misses them; what they say is long on its way. */
  restarts: RESTARTS,
  /** The same, and of what a host says half is lost for a while. */
  lossy: [
    ...RESTARTS,
    {
      file: 'src/sim/faults.ts',
      find: 'everyMs: 2 * MINUTE,\n  lastsMs: [2_000, 30_000]',
      replace: 'everyMs: MINUTE / 4,\n  lastsMs: [2_000, 10_000]',
    },
    { file: 'src/sim/faults.ts', find: "within living sessions', 0.1)", replace: "within living sessions', 0.5)" },
  ],
  /** Who has letters is on its way between any two of them, and what is said about them is often lost. */
  letters: HOPPING,
  /** The same, and who had an agent forgets soon where it went. */
  forgetful: [
    ...HOPPING,
    { file: 'src/host/limits.ts', find: 'FORWARD_MS = 10 * 60_000', replace: 'FORWARD_MS = 300' },
  ],
  /** Every agent forks, across a bad network on which much is lost. */
  forks: [
    { ...OFTEN_DROPPED, replace: OFTEN_DROPPED.replace.replace('0.3', '0.5') },
    { file: 'src/sim/limits.ts', find: latency, replace: 'LATENCY_MS = { min: 20, max: 500 }' },
    { file: 'src/sim/programs.ts', find: "KINDS[index % KINDS.length] ?? 'computing'", replace: 'KINDS[2]' },
  ],
  /** Of who loses messages nearly all are lost. */
  deaf: [{ ...OFTEN_DROPPED, replace: OFTEN_DROPPED.replace.replace('0.3', '0.9') }],
  /** Hosts are away for longer than their place among the witnesses is kept for them. */
  members: [
    { file: 'src/host/limits.ts', find: 'WITNESS_GONE_MS = 30_000', replace: 'WITNESS_GONE_MS = 3_000' },
    {
      file: 'src/sim/faults.ts',
      find: 'everyMs: MINUTE,\n    lastsMs: [200, 40_000],',
      replace: 'everyMs: MINUTE,\n    lastsMs: [5_000, 20_000],',
    },
  ],
  /** Three letters at once, overtaken and late. */
  bursts: [
    {
      file: 'src/sim/programs.ts',
      find: 'at: everyMs * (i + 1), to: name',
      replace: 'at: everyMs * (1 + Math.floor(i / 3)), to: name',
    },
    {
      file: 'src/sim/faults.ts',
      find: "nuisance('reorder', 'messages from a host are overtaken by later ones', 0.2)",
      replace: "nuisance('reorder', 'messages from a host are overtaken by later ones', 0.5)",
    },
  ],
} satisfies Record<string, readonly Patch[]>

export type Weather = keyof typeof WEATHERS
