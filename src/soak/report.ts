import { hasEnded } from '../entry/node/cluster-view.ts'
import type { Did } from '../identity/did.ts'
import type { StoryLine } from '../wire/messages.ts'
import { type Happening, KILLS } from './faults.ts'
import type { Watched } from './flock.ts'
import type { Verdict } from './program.ts'

/** What came of a soak, as figures: counted from the stories that homes told, and from when each host was hit. */
export interface Report {
  readonly ok: boolean
  readonly seed: number
  readonly minutes: number
  readonly agents: number
  readonly results: number
  readonly emits: number
  readonly hops: number
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** The same number of an effect with other contents, as homes have noticed. */
  readonly conflicts: number
  readonly faults: Readonly<Record<string, number>>
  readonly kills: number
  readonly recoveries: number
  readonly launchesUnanswered: number
  /** From the blow to the moment at which an agent that was hit runs again elsewhere, by fault, milliseconds. */
  readonly recovery: Readonly<Record<string, Spread>>
  /** From the last checkpoint that had reached home to the blow, of busy agents, by fault, milliseconds. */
  readonly workLost: Readonly<Record<string, Spread>>
}

export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly most: number
}

export interface Soaked {
  readonly seed: number
  readonly startMs: number
  readonly verdicts: ReadonlyMap<Watched, Verdict>
  readonly happenings: readonly Happening[]
  readonly unanswered: number
}

export function reportOf({ seed, startMs, verdicts, happenings, unanswered }: Soaked): Report {
  const agents = [...verdicts.keys()]
  const count = (kind: string): number =>
    agents.reduce((sum, { lines }) => sum + lines.filter((line) => line.kind === kind).length, 0)
  const told = (which: 'lost' | 'doubled'): string[] =>
    [...verdicts].flatMap(([{ agent, task }, verdict]) =>
      verdict[which] === null ? [] : [`${agent} (${task.kind}): ${verdict[which]}`],
    )
  const faults: Record<string, number> = {}
  for (const { kind } of happenings) faults[kind] = (faults[kind] ?? 0) + 1
  const [lost, doubled] = [told('lost'), told('doubled')]
  const blows = happenings.flatMap((happening) => blowsOf(happening, agents))
  return {
    ok: lost.length === 0 && doubled.length === 0 && agents.length > 0,
    seed,
    minutes: Math.round((Date.now() - startMs) / 600) / 100,
    agents: agents.length,
    results: agents.filter(({ row }) => row && hasEnded(row.state)).length,
    emits: count('emit'),
    hops: count('hop'),
    lost,
    doubled,
    conflicts: count('conflict'),
    faults,
    kills: happenings.filter(({ kind }) => KILLS.includes(kind)).length,
    recoveries: count('recover'),
    launchesUnanswered: unanswered,
    recovery: spreads(blows.map(({ kind, againMs }) => [kind, againMs])),
    workLost: spreads(blows.map(({ kind, lostMs }) => [kind, lostMs])),
  }
}

interface Blow {
  readonly kind: string
  readonly againMs: number | null
  readonly lostMs: number | null
}

/** An agent that was hit counts where its home took it back from that very host; one that had just left was not hit. */
function blowsOf({ kind, atMs, host, held, healedMs }: Happening, agents: readonly Watched[]): Blow[] {
  return agents.flatMap(({ agent, task, lines }) => {
    if (!host || !held.includes(agent)) return []
    const until = healedMs ?? Number.POSITIVE_INFINITY
    const recover = lines.find(
      (line) => line.kind === 'recover' && line.atMs > atMs && line.atMs < until && toldBy(line).from === host,
    )
    if (!recover) return []
    const again = lines.find(
      (line) => line.kind === 'hop' && line.atMs > recover.atMs && line.atMs < until && isPlaced(line, host),
    )
    const kept = lines.filter(
      (line) => line.atMs <= atMs && (line.kind === 'checkpoint' || (line.kind === 'hop' && toldBy(line).to === host)),
    )
    const last = kept.at(-1)
    return [
      {
        kind,
        againMs: again ? again.atMs - atMs : null,
        lostMs: task.kind === 'computes' && last ? atMs - last.atMs : null,
      },
    ]
  })
}

const toldBy = ({ valueJson }: StoryLine): { from?: Did; to?: Did; reason?: string } => JSON.parse(valueJson)

/** The first hop after home has taken an agent back goes to home itself, which only keeps it; by the next one it is placed. */
const isPlaced = (line: StoryLine, dead: Did): boolean => {
  const { from, reason } = toldBy(line)
  return reason === 'recover' && from !== dead
}

function spreads(measured: readonly (readonly [string, number | null])[]): Record<string, Spread> {
  const byKind = new Map<string, number[]>()
  for (const [kind, value] of measured) if (value !== null) byKind.set(kind, [...(byKind.get(kind) ?? []), value])
  return Object.fromEntries(
    [...byKind].map(([kind, values]) => {
      const sorted = values.toSorted((a, b) => a - b)
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
      return [kind, { count: sorted.length, p50: at(0.5), p95: at(0.95), most: at(1) }]
    }),
  )
}

/** For people. */
export function tableOf(report: Report): string[] {
  const line = (name: string, value: string | number): string => `  ${name.padEnd(24)} ${value}`
  const spread = ([kind, { count, p50, p95, most }]: [string, Spread]): string =>
    line(
      `  ${kind}`,
      `${(p50 / 1000).toFixed(2)} s, 95 % within ${(p95 / 1000).toFixed(2)} s, most ${(most / 1000).toFixed(2)} s (${count})`,
    )
  return [
    line('seed', report.seed),
    line('minutes', report.minutes),
    line('agents', report.agents),
    line('ended', report.results),
    line('emits', report.emits),
    line('hops', report.hops),
    line('kills', report.kills),
    ...Object.entries(report.faults)
      .sort()
      .map(([kind, count]) => line(`  ${kind}`, count)),
    line('taken back', report.recoveries),
    line('launches unanswered', report.launchesUnanswered),
    line('lost', report.lost.length),
    line('doubled', report.doubled.length),
    line('conflicts', report.conflicts),
    line('running again after', ''),
    ...Object.entries(report.recovery).sort().map(spread),
    line('work lost', ''),
    ...Object.entries(report.workLost).sort().map(spread),
    ...[...report.lost.map((one) => `  lost: ${one}`), ...report.doubled.map((one) => `  doubled: ${one}`)],
  ]
}
