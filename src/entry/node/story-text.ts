import { type AgentId, parseAgentId, shortAgentId } from '../../directory/agent-id.ts'
import { parseDid } from '../../identity/did.ts'
import type { Row, StoryLine } from '../../wire/messages.ts'
import { amount, type HostNames, harmless, jsonLine, progressBar, timeOfDay } from './plain-text.ts'
import { sealedIn } from './sealing.ts'

/** An agent's story as people read it, and as programs do. Pure. Lines come from a home: their content is its word. */

/** For programs: the line with its value parsed. */
export const storyData = ({ number, atMs, kind, valueJson }: StoryLine) => ({
  number,
  at: new Date(atMs).toISOString(),
  kind,
  value: parsed(valueJson),
})

/** For people: time, kind, what happened. Null for what is not worth a line. */
export function storyText({ atMs, kind, valueJson }: StoryLine, nameOf: HostNames): string | null {
  if (kind === 'checkpoint') return null
  return `${timeOfDay(atMs)}  ${KIND_TEXTS[kind].padEnd(7)}  ${happening(kind, valueJson, nameOf)}`
}

const KIND_TEXTS: Readonly<Record<StoryLine['kind'], string>> = {
  emit: 'emit',
  console: 'console',
  result: 'result',
  failure: 'failed',
  hop: 'hop',
  checkpoint: 'kept',
  recover: 'recover',
  fork: 'fork',
  fraud: 'FRAUD',
  keeper: 'keeper',
  conflict: 'CONFLICT',
}

function happening(kind: StoryLine['kind'], valueJson: string, nameOf: HostNames): string {
  const value = parsed(valueJson)
  const sealed = sealedIn(valueJson)
  if (sealed) return `${kind === 'failure' ? `${field(value, 'code')}, ` : ''}sealed to ${sealed.to}`
  switch (kind) {
    case 'console': {
      const level = field(value, 'level')
      const text = harmless(field(value, 'text') ?? jsonLine(valueJson)).replaceAll('\n', `\n${' '.repeat(23)}`)
      return level === 'warn' || level === 'error' ? `${level}: ${text}` : text
    }
    case 'hop':
      return `${hostIn(value, 'from', nameOf)} → ${hostIn(value, 'to', nameOf)}`
    case 'recover':
      return `${hostIn(value, 'from', nameOf)} fell silent; the agent is taken back ${
        field(value, 'checkpoint') === null ? 'from the top' : 'from its last checkpoint'
      }`
    case 'conflict':
      return conflictText(value)
    case 'fraud':
      return `${hostIn(value, 'host', nameOf)} signed for what is not so; the agent goes on from before it`
    case 'keeper':
      return keeperText(value, nameOf)
    case 'fork':
      return forkText(valueJson)
    case 'failure':
      return failureText(valueJson)
    case 'emit':
      return shortened(jsonLine(valueJson))
    default:
      return jsonLine(valueJson)
  }
}

/** Who keeps the row of the agent, and who decides with it. */
function keeperText(value: unknown, nameOf: HostNames): string {
  const [from, to] = [hostIn(value, 'from', nameOf), hostIn(value, 'to', nameOf)]
  const { witnesses }: { witnesses?: unknown } = Object(value)
  const count = Array.isArray(witnesses) ? witnesses.length : 0
  const who = count === 1 ? 'and decides alone' : `with ${count - 1} other witnesses`
  return from === to ? `${to} keeps it, ${who}` : `${from} fell silent; ${to} keeps it now, ${who}`
}

/** The agent was heard to say two things under one number; or its log is not one that its program can have had. */
function conflictText(value: unknown): string {
  const { kind, number, epoch }: { kind?: unknown; number?: unknown; epoch?: unknown } = Object(value)
  if (kind === 'history') return `it goes on from its checkpoint: ${harmless(field(value, 'reason') ?? '')}`
  const words = field(value, 'valueJson')
  const said = words === null ? '' : `; not taken: ${shortened(jsonLine(words))}`
  return `${harmless(String(kind))} ${Number(number)} came again as something else, in epoch ${Number(epoch)}${said}`
}

/** The agents that a line of kind `fork` says were made, by index from 1; none where it says that this one was made. */
export function madeAgents(line: StoryLine): readonly AgentId[] {
  if (line.kind !== 'fork') return []
  const agents: unknown = Object(parsed(line.valueJson)).agents
  if (!Array.isArray(agents)) return []
  return agents.flatMap((alleged) => {
    const agent = parseAgentId(alleged)
    return agent.ok ? [agent.value.id] : []
  })
}

/** Home tells both: the one that forked, and each that was made, as its first line. */
function forkText(valueJson: string): string {
  const made = madeAgents({ number: 0, atMs: 0, kind: 'fork', valueJson }).map(shortAgentId)
  if (made.length > 0) return `into ${made.length + 1}; the others are ${made.join(', ')}`
  const { from, index }: { from?: unknown; index?: unknown } = Object(parsed(valueJson))
  const agent = parseAgentId(from)
  return `of ${agent.ok ? shortAgentId(agent.value.id) : 'another'}, with index ${Number(index) || 0}`
}

/** Emits can be pictures; nobody reads those in a terminal. */
const EMIT_CHARS_SHOWN = 240

const shortened = (text: string): string =>
  text.length <= EMIT_CHARS_SHOWN
    ? text
    : `${text.slice(0, EMIT_CHARS_SHOWN)}… (${text.length} characters; --json has them all)`

/** `CODE: reason`, from the value of a failure. */
export function failureText(valueJson: string): string {
  const value = parsed(valueJson)
  const code = field(value, 'code')
  const reason = field(value, 'reason')
  return code === null || reason === null ? jsonLine(valueJson) : harmless(`${code}: ${reason}`)
}

/** How far an agent is, in one line. */
export function rowText({ state, progress, note, fuelUsed, hops }: Row): string {
  const parts = [
    state,
    progressBar(progress),
    harmless(note).replace(/\s+/g, ' '),
    `${amount(fuelUsed)} fuel`,
    hops === 1 ? '1 hop' : `${hops} hops`,
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function parsed(valueJson: string): unknown {
  try {
    return JSON.parse(valueJson)
  } catch {
    return valueJson
  }
}

function field(value: unknown, name: string): string | null {
  const found: unknown = Object(value)[name]
  return typeof found === 'string' ? found : null
}

function hostIn(value: unknown, name: string, nameOf: HostNames): string {
  const did = parseDid(field(value, name))
  return did.ok ? nameOf(did.value) : 'somewhere'
}
