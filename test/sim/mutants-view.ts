import { LETTERS, type Mutant, mutant, WITNESSED } from './mutant.ts'

/** Rules that are for those around the protocol: who follows a story, who waits for letters, whose machine it is. */
const OWNERS = {
  options: { seconds: 60, agents: 8, faults: ['owner', 'partition', 'crash'] },
  seeds: [5, 2],
} satisfies Partial<Mutant>

export const VIEW: readonly Mutant[] = [
  mutant(
    'a story is told before a majority has it',
    'data',
    ['follower'],
    'src/host/told.ts',
    { 'return Math.min(storyNext, Math.max(since, kept))': 'return storyNext' },
    { ...WITNESSED, weather: 'leases', seeds: [2, 1] },
  ),
  mutant(
    'an agent that nobody takes goes on, although the owner is there',
    'safety',
    ['eviction'],
    'src/host/residence.ts',
    { '  !state.evicting &&\n': '' },
    OWNERS,
  ),
  mutant(
    'an eviction looks for a place before it stops the agent',
    'safety',
    ['eviction'],
    'src/host/departure.ts',
    { "  if (wish.reason === 'evict') freeze(turn, resident)\n": '' },
    OWNERS,
  ),
  mutant(
    'a letter leaves before the one before it is through',
    'data',
    ['letters'],
    'src/host/post.ts',
    { '    busy.add(letter.to)\n': '' },
    { options: { ...LETTERS.options, faults: ['reorder', 'drop', 'sever'] }, weather: 'bursts', seeds: [2, 4] },
  ),
]
