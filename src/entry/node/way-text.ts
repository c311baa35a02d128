import type { BrokenItinerary, Stage, VerifiedItinerary } from '../../audit/itinerary.ts'
import { type AgentId, homeOf, shortAgentId } from '../../directory/agent-id.ts'
import { count, type HostNames, tableLines, timeOfDay } from './plain-text.ts'

/** An agent's way in a terminal: a line for each hop, who signed it, and where it breaks. Pure. */
export type Checked = { readonly ok: true; readonly value: VerifiedItinerary } | BrokenItinerary

export function wayLines(agent: AgentId, checked: Checked, nameOf: HostNames): string[] {
  const stages = checked.ok ? checked.value.stages : checked.stages
  const home = homeOf(agent)
  const name = (did: Stage['to']): string => (did === home ? `${nameOf(did)} (home)` : nameOf(did))
  const forgotten = checked.ok ? checked.value.forgotten : (stages[0]?.epoch ?? 1) - 1
  const lines = [`${shortAgentId(agent)} began at ${name(home)}`]
  if (forgotten > 0)
    lines.push(`${count(forgotten, 'hop')} before hop ${forgotten + 1}: home keeps no more of them than their head`)
  if (stages.length > 0)
    lines.push(
      ...tableLines(stages, [
        { title: 'hop', text: ({ epoch }) => String(epoch), right: true },
        { title: 'when', text: ({ atMs }) => timeOfDay(atMs) },
        { title: 'next', text: ({ given }) => (given ? '✓' : '·') },
        { title: 'holder', text: ({ given }) => (given ? '✓' : '·') },
        { title: 'witness', text: () => '✓' },
        { title: 'host', text: (stage) => `${stage.given ? '→' : '⇢'} ${name(stage.to)}` },
        { title: 'why', text: whyText },
      ]),
    )
  lines.push(checked.ok ? soundText(checked.value) : brokenText(checked, nameOf))
  return lines
}

function whyText({ given, reason, from, to }: Stage): string {
  if (given) return REASONS[reason]
  return from === to ? 'goes on there after a restart' : 'taken back from its last checkpoint'
}

const REASONS: Readonly<Record<Stage['reason'], string>> = {
  place: 'placed',
  move: 'it moved',
  evict: 'the owner came back',
  order: 'ordered',
  recover: 'recovered',
}

const soundText = ({ stages, head }: VerifiedItinerary): string =>
  stages.length === 0
    ? `it has not moved; head ${head.head}`
    : `${count(stages.length, 'hop verifies', 'hops verify')}; head after hop ${head.epoch}: ${head.head}`

const brokenText = ({ code, reason, host }: BrokenItinerary, nameOf: HostNames): string =>
  `✗ ${reason}${host === null ? '' : ` (${nameOf(host)})`}: ${code}`
