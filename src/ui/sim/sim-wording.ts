import type { HostKind } from '../../host/snapshot.ts'
import { amountText, kindText } from '../wording.ts'
import type {
  AgentCondition,
  HostAct,
  HostCondition,
  SimAgent,
  SimCounts,
  SimFrame,
  SimHost,
  SimPageView,
} from './sim-view.ts'

/** How the page of the simulator says things. Pure; no mark-up, no clock. */

const count = (n: number, one: string, many: string): string => `${amountText(n)} ${n === 1 ? one : many}`

export const CONDITIONS: readonly HostCondition[] = ['up', 'owner-back', 'cut-off', 'frozen', 'dead']

const HOST_CONDITIONS: Readonly<Record<HostCondition, string>> = {
  up: 'up',
  'owner-back': 'its owner is back',
  'cut-off': 'cut off',
  frozen: 'frozen',
  dead: 'dead',
}

export const conditionText = (condition: HostCondition): string => HOST_CONDITIONS[condition]

const CONDITION_SENTENCES: Readonly<Record<HostCondition, string>> = {
  up: 'It is up and reaches the others.',
  'owner-back': 'Its owner wants the machine: agents leave, and none is let in.',
  'cut-off': 'It runs, but reaches nobody. It may not know.',
  frozen: 'It stands still and does not know it, as a tab that its browser froze.',
  dead: 'It was killed without a word. What was on its disk is still there.',
}

export const conditionSentence = (condition: HostCondition): string => CONDITION_SENTENCES[condition]

const AGENT_CONDITIONS: Readonly<Record<AgentCondition, string>> = {
  running: 'at work',
  travelling: 'on its way',
  orphaned: 'waiting to be recovered',
  ended: 'ended',
}

export const agentConditionText = (condition: AgentCondition): string => AGENT_CONDITIONS[condition]

export function hostSentence(host: number, { hosts, agents }: SimFrame): string {
  const shown = hosts[host]
  if (!shown) return ''
  const here = agents.filter((agent) => agent.host === host && agent.condition !== 'ended').length
  const load = shown.slots === 0 ? `launched agents; ${here} here` : `${here} of ${shown.slots} places taken`
  return [`${shown.name}, ${kindText(shown.kind)}`, conditionText(shown.condition), load, ...shown.troubles].join(' · ')
}

export function agentSentence(agent: SimAgent, { hosts }: SimFrame): string {
  const where = hosts[agent.host]?.name ?? 'nowhere'
  const hops = count(agent.hops, 'hop', 'hops')
  return `${agent.name} · ${agentConditionText(agent.condition)} on ${where} · ${hops} so far · epoch ${agent.epoch}`
}

/** What all of it comes to, in a sentence. */
export function truthSentence({ phase, frame, setup, problem }: SimPageView): string {
  if (phase === 'failed') return `The simulation does not run: ${problem ?? 'the reason is unknown'}.`
  if (phase === 'building' || frame === null) return `Building ${count(setup.hosts, 'host', 'hosts')}…`
  const { lost, doubled, running, endedRight } = frame.counts
  if (frame.violation) return `An invariant is broken: ${frame.violation.invariant}.`
  const safe = lost === 0 && doubled === 0 ? 'None lost, none doubled.' : `${lost} lost, ${doubled} doubled.`
  return `${count(running, 'agent', 'agents')} at work, ${amountText(endedRight)} ended right. ${safe}`
}

/** Virtual time as a clock shows it: 4:07, 1:02:30. */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number): string => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

export const speedText = (speed: number): string => (Number.isFinite(speed) ? `×${speed}` : 'Fastest')

export function rateText({ phase, speed, rate }: SimPageView): string {
  if (phase !== 'playing') return 'stands still'
  const shown = rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)
  return rate < 0.8 * speed || !Number.isFinite(speed) ? `runs at ×${shown}` : `runs at ×${speed}`
}

export interface Tally {
  readonly condition: HostCondition
  readonly edge: number
  readonly tab: number
  readonly launcher: number
}

/** Hosts by what has become of them: the picture in numbers. */
export const talliesOf = ({ hosts }: Pick<SimFrame, 'hosts'>): readonly Tally[] =>
  CONDITIONS.map((condition) => {
    const of = (kind: 'edge' | 'tab' | 'launcher'): number =>
      hosts.filter((host) => host.kind === kind && host.condition === condition).length
    return { condition, edge: of('edge'), tab: of('tab'), launcher: of('launcher') }
  })

export function underWaySentence(travelling: number, orphans: number, links: number): string {
  const underWay = count(travelling, 'agent is on its way', 'agents are on their way')
  const waiting = count(orphans, 'waits', 'wait')
  const cut = links === 0 ? '' : ` ${count(links, 'link is', 'links are')} cut one by one.`
  return `${underWay}, ${waiting} to be recovered because the host is silent.${cut}`
}

/** What it has to do with agents beside running them. */
export function dutiesSentence({ keeps, decides }: Pick<SimHost, 'keeps' | 'decides'>): string {
  if (decides === 0) return 'It keeps and decides nothing.'
  const beside = decides - keeps
  const witness = `one of the witnesses of ${count(beside, 'agent', 'agents')}`
  if (keeps === 0) return `It is ${witness}.`
  const keeper = `It keeps ${count(keeps, 'agent: its story, and where it is', 'agents: their story, and where they are')}`
  return beside > 0 ? `${keeper}; and it is ${witness} more.` : `${keeper}.`
}

const ACTS: Readonly<Record<HostAct, string>> = {
  kill: 'Kill it',
  start: 'Start it again',
  'owner-back': 'Its owner comes back',
  'owner-away': 'Its owner goes away',
  'cut-off': 'Cut it off from all',
  reconnect: 'Connect it again',
  freeze: 'Freeze it',
  wake: 'Wake it',
}

export const actText = (act: HostAct): string => ACTS[act]

/** What can be done to a host as it stands. The owner of a launcher is who launches. */
export function actsFor(condition: HostCondition, kind: HostKind): readonly HostAct[] {
  switch (condition) {
    case 'up':
      return kind === 'launcher' ? ['kill', 'freeze', 'cut-off'] : ['kill', 'owner-back', 'freeze', 'cut-off']
    case 'owner-back':
      return ['owner-away', 'kill', 'freeze', 'cut-off']
    case 'cut-off':
      return ['reconnect', 'kill', 'freeze']
    case 'frozen':
      return ['wake', 'kill']
    case 'dead':
      return ['start']
  }
}

/** Terms of the row of numbers, with what is alarming when it is not nought. */
export function figuresOf(counts: SimCounts): readonly Figure[] {
  return [
    { term: 'Launched', value: counts.launched, title: 'Agents that were launched since the start' },
    { term: 'At work', value: counts.running, title: 'Agents that have not ended yet' },
    { term: 'Ended right', value: counts.endedRight, title: 'With exactly the result of a run without faults' },
    { term: 'Lost', value: counts.lost, title: 'Agents that nobody has any more', mustBeNought: true },
    {
      term: 'Doubled',
      value: counts.doubled,
      title: 'Agents that two hosts ran in one epoch, or that ended twice',
      mustBeNought: true,
    },
    ...(counts.falsified > 0
      ? [{ term: 'Falsified', value: counts.falsified, title: 'Ended with what a lying host made of it' }]
      : []),
    { term: 'Hops', value: counts.hopped, title: 'Handed over from host to host' },
    { term: 'Recovered', value: counts.recovered, title: 'Gone on elsewhere from a checkpoint' },
    { term: 'Checks', value: counts.checks, title: 'How often all invariants were looked at' },
  ]
}

export interface Figure {
  readonly term: string
  readonly value: number
  readonly title: string
  readonly mustBeNought?: boolean
}
