import { type Result, refuse } from '../base/result.ts'
import { flag, misshapen, oneOf, reading, record, text, whole } from '../base/shape.ts'
import { type AgentId, parseAgentId } from '../directory/agent-id.ts'
import { type NameAsked, parseName } from '../directory/name.ts'
import type { Delivery, PendingCall } from '../engine/image.ts'
import type { HostKind } from '../host/snapshot.ts'
import { type Did, parseDid } from '../identity/did.ts'
import { parseSealed, type SealedValue } from '../identity/sealed-value.ts'
import { CALLS } from '../permit/calls.ts'
import { FORK_MAX } from '../permit/limits.ts'
import type { Quota } from '../permit/quota.ts'
import { CALL_ARGS_LENGTH_MAX, NOTE_LENGTH_MAX, PATH_LENGTH_MAX } from './limits.ts'
import { bytesJson, parseJson, writeJson } from './values.ts'

/**
 * What a program can ask of its host, decoded; SYSCALLS.md is the table for people. The arguments come from a hostile
 * program: `parseCall` is the only way in. Whether the permit grants a call, the host decides.
 */
export type Call =
  | { readonly name: 'self' }
  | { readonly name: 'move'; readonly where: Where }
  | { readonly name: 'fork'; readonly n: number }
  | { readonly name: 'checkpoint' }
  | { readonly name: 'progress'; readonly fraction: number; readonly note: string }
  | { readonly name: 'emit'; readonly valueJson: string }
  | { readonly name: 'asset'; readonly asset: string }
  | { readonly name: 'read'; readonly path: string }
  | { readonly name: 'hosts' }
  | { readonly name: 'seal'; readonly reader: Did; readonly valueJson: string }
  | { readonly name: 'unseal'; readonly value: SealedValue }
  | { readonly name: 'send'; readonly to: AgentId; readonly dataJson: string }
  /** The letter at this place; `open`: agents of other launchers may write, too. */
  | { readonly name: 'receive'; readonly after: number; readonly open: boolean }
  | { readonly name: 'lookup'; readonly asked: NameAsked }
  /** `held: false` gives the name up. */
  | { readonly name: 'register'; readonly asked: string; readonly held: boolean }

export type Where =
  | { readonly to: 'home' }
  | { readonly to: 'anywhere' }
  | { readonly to: 'host'; readonly host: Did }
  | { readonly to: 'kind'; readonly kind: 'edge' | 'tab' }

/** What each call is answered with, before it becomes JSON. */
export interface Answers {
  readonly self: { readonly id: string; readonly host: HostFacts; readonly quota: Quota }
  /** The host that the next line runs on; the new holder gives it. */
  readonly move: HostFacts
  /** What tells one from another after a fork; `seed` is of its Math.random from there on, null where that goes on. */
  readonly fork: Answers['self'] & { readonly index: number; readonly seed: number | null }
  readonly checkpoint: true
  readonly progress: null
  readonly emit: null
  readonly asset: Uint8Array
  readonly read: Uint8Array
  readonly hosts: readonly KnownHost[]
  /** The sealed value, and what was sealed: JSON that the rim has at hand as text. */
  readonly seal: never
  readonly unseal: never
  readonly send: null
  /** Who has sent it, and what: JSON that the host has as text. */
  readonly receive: never
  readonly lookup: AgentId
  readonly register: null
}

export interface HostFacts {
  readonly id: string
  readonly kind: HostKind
  readonly age: number
  readonly name: string
}

export interface KnownHost {
  readonly id: string
  readonly name: string
  readonly kind: HostKind
  /** Paths that `read` finds there, where the host has said so. */
  readonly shares?: readonly string[]
}

/** Why a call is refused; the program sees it as the error's `code`. The same words stand in sdk/agent.ts. */
export type CallRefusal =
  /** The permit, or the host's owner, does not grant it. */
  | 'DENIED'
  /** It would exceed the permit's numbers. */
  | 'QUOTA'
  | 'NOT_FOUND'
  /** Nobody who could do it is on line or willing. */
  | 'UNREACHABLE'
  /** The arguments are not what the call takes. */
  | 'INVALID'
  /** The host does not know this call: it is older than the agent. */
  | 'UNKNOWN_CALL'
  /** There has never been such an agent. */
  | 'UNKNOWN'
  /** The agent has ended. */
  | 'GONE'
  /** The same message came to its recipient before, and said something else. */
  | 'CONFLICT'
  /** Another agent has the name; the reason is its id. */
  | 'TAKEN'

export function parseCall(call: PendingCall): Result<Call, CallRefusal> {
  const name = CALLS.find((known) => known === call.name)
  if (name === undefined) return refuse('UNKNOWN_CALL', `there is no call "${call.name.slice(0, 32)}"`)
  if (call.argsJson.length > CALL_ARGS_LENGTH_MAX)
    return refuse('QUOTA', `args length ${call.argsJson.length} > CALL_ARGS_LENGTH_MAX ${CALL_ARGS_LENGTH_MAX}`)
  const args = parseJson(call.argsJson)
  if (!args.ok) return refuse('INVALID', `args of ${name}: ${args.reason}`)
  return reading('INVALID', () => readCall(name, args.value))
}

function readCall(name: Call['name'], value: unknown): Call {
  switch (name) {
    case 'self':
    case 'checkpoint':
    case 'hosts':
      record(value, name, [])
      return { name }
    case 'move':
      return { name, where: readWhere(record(value, name, ['where']).where) }
    case 'fork':
      return { name, n: whole(record(value, name, ['n']).n, 'n', 1, FORK_MAX) }
    case 'progress': {
      const { fraction, note } = record(value, name, ['fraction', 'note'])
      if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= 1))
        return misshapen('fraction is not within 0..1')
      return { name, fraction, note: text(note, 'note', NOTE_LENGTH_MAX) }
    }
    case 'emit': {
      const json = writeJson(record(value, name, ['value']).value)
      return { name, valueJson: json.ok ? json.value : misshapen(`value: ${json.reason}`) }
    }
    case 'seal': {
      const { value: secret, reader } = record(value, name, ['value', 'reader'])
      const did = parseDid(reader)
      if (!did.ok) return misshapen(`reader: ${did.reason}`)
      const json = writeJson(secret)
      return { name, reader: did.value, valueJson: json.ok ? json.value : misshapen(`value: ${json.reason}`) }
    }
    case 'unseal': {
      const sealed = parseSealed(record(value, name, ['value']).value)
      return { name, value: sealed.ok ? sealed.value : misshapen(sealed.reason) }
    }
    case 'send': {
      const { to, data } = record(value, name, ['to', 'data'])
      const agent = parseAgentId(to)
      if (!agent.ok) return misshapen(`to: ${agent.reason}`)
      const json = writeJson(data)
      return { name, to: agent.value.id, dataJson: json.ok ? json.value : misshapen(`data: ${json.reason}`) }
    }
    case 'receive': {
      const { after, open } = record(value, name, ['after', 'open'])
      return { name, after: whole(after, 'after', 0, Number.MAX_SAFE_INTEGER), open: flag(open, 'open') }
    }
    case 'lookup': {
      const asked = parseName(record(value, name, ['name']).name)
      return { name, asked: asked.ok ? asked.value : misshapen(asked.reason) }
    }
    case 'register': {
      const { name: wanted, held } = record(value, name, ['name', 'held'])
      const asked = parseName(wanted)
      if (!asked.ok) return misshapen(asked.reason)
      if (asked.value.owner !== null)
        return misshapen('a name is registered under its own launcher, and has no @ in it')
      return { name, asked: asked.value.name, held: flag(held, 'held') }
    }
    case 'asset':
      return { name, asset: text(record(value, name, ['name']).name, 'name', PATH_LENGTH_MAX) }
    case 'read':
      return { name, path: text(record(value, name, ['path']).path, 'path', PATH_LENGTH_MAX) }
  }
}

function readWhere(value: unknown): Where {
  if (value === 'anywhere') return { to: 'anywhere' }
  if (typeof value !== 'object' || value === null)
    return misshapen('where is none of { home }, { host }, { kind }, "anywhere"')
  if ('home' in value) {
    if (!flag(record(value, 'where', ['home']).home, 'where.home')) misshapen('where.home is false')
    return { to: 'home' }
  }
  if ('host' in value) {
    const did = parseDid(record(value, 'where', ['host']).host)
    return did.ok ? { to: 'host', host: did.value } : misshapen(`where.host: ${did.reason}`)
  }
  return { to: 'kind', kind: oneOf(record(value, 'where', ['kind']).kind, 'where.kind', ['edge', 'tab']) }
}

/** The delivery that answers a call; `name` only ties the answer's type to the call. */
export function answerCall<N extends Call['name']>(request: number, _name: N, answer: Answers[N]): Delivery {
  const valueJson = answer instanceof Uint8Array ? bytesJson(answer) : JSON.stringify(answer)
  return { request, outcome: { ok: true, valueJson } }
}

export const refuseCall = (request: number, code: CallRefusal, reason: string): Delivery => ({
  request,
  outcome: { ok: false, code, reason },
})
