import { utf8Length } from '../base/bytes.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { PendingCall } from '../engine/image.ts'
import { grantsCall } from '../permit/calls.ts'
import type { Quota } from '../permit/quota.ts'
import { answerCall, type Call, type HostFacts, parseCall, refuseCall, type Where } from '../sandbox/calls.ts'
import { forProgram } from './about.ts'
import { depart } from './departure.ts'
import { fork } from './fork.ts'
import { receive } from './mail.ts'
import { lookup, register } from './names.ts'
import { post } from './post.ts'
import { spend } from './quotas.ts'
import { release } from './residence.ts'
import { CONFINED, effectBytesMax, isConfined, noteOf, unseal } from './sealing.ts'
import type { HostState, Resident } from './state.ts'
import type { Turn } from './turn.ts'

/**
 * What a program asks of its host, answered from the state; files are read by the rim. A call that travelled with the
 * agent is asked again under its old number: a move that has happened is answered, an emit keeps its number.
 */
export function onCall(turn: Turn, resident: Resident, asked: PendingCall, again: boolean): void {
  const { request } = asked
  const over = again ? null : spend(resident, utf8Length(asked.argsJson), turn.nowMs)
  if (over !== null) return deliver(turn, resident, refuseCall(request, 'QUOTA', over))
  const call = parseCall(asked)
  if (!call.ok) return deliver(turn, resident, refuseCall(request, call.code, call.reason))
  const { name } = call.value
  if (!grantsCall(resident.quota.calls, name))
    return deliver(turn, resident, refuseCall(request, 'DENIED', `the call "${name}" is not granted here`))
  answerTo(turn, resident, request, call.value, again)
}

function answerTo(turn: Turn, resident: Resident, request: number, call: Call, again: boolean): void {
  const { state } = turn
  switch (call.name) {
    case 'self':
      return deliver(
        turn,
        resident,
        answerCall(request, 'self', { id: resident.agent, host: factsOf(state), quota: quotaLeft(turn, resident) }),
      )
    case 'hosts':
      return deliver(turn, resident, answerCall(request, 'hosts', knownHosts(state)))
    case 'progress':
      if (!isConfined(resident)) resident.progress = call.fraction
      resident.note = noteOf(resident, call.note)
      return deliver(turn, resident, answerCall(request, 'progress', null))
    case 'emit': {
      const bytes = utf8Length(call.valueJson)
      const bytesMax = effectBytesMax(resident)
      if (bytes > bytesMax)
        return deliver(
          turn,
          resident,
          refuseCall(request, 'QUOTA', `emitBytes ${bytes} > EFFECT_BYTES_MAX ${bytesMax}`),
        )
      const taken = release(turn, resident, 'emit', request, call.valueJson)
      const { agent, name, brief } = resident
      if (taken && !again)
        turn.effects.push({ kind: 'emitted', agent, name, bundle: brief.bundle, valueJson: call.valueJson })
      return deliver(
        turn,
        resident,
        taken ? answerCall(request, 'emit', null) : refuseCall(request, 'QUOTA', 'too many emits wait for home'),
      )
    }
    case 'checkpoint':
      if (isConfined(resident)) return deliver(turn, resident, refuseCall(request, 'DENIED', CONFINED))
      resident.checkpointCall = request
      resident.checkpointDueMs = turn.nowMs
      return
    case 'asset':
      turn.effects.push({ kind: 'read', agent: resident.agent, request, what: 'asset', name: call.asset })
      return
    case 'read':
      turn.effects.push({ kind: 'read', agent: resident.agent, request, what: 'path', name: call.path })
      return
    case 'seal': {
      const { agent, brief } = resident
      const about = forProgram(brief.bundle, brief.resultTo)
      turn.effects.push({ kind: 'sealValue', agent, request, reader: call.reader, valueJson: call.valueJson, about })
      return
    }
    case 'send':
      return post(turn, resident, { request, to: call.to, dataJson: call.dataJson }, again)
    case 'receive':
      return receive(turn, resident, { request, after: call.after, open: call.open }, again)
    case 'lookup':
      return lookup(turn, resident, request, call.asked)
    case 'register':
      return register(turn, resident, request, call.asked, call.held)
    case 'unseal':
      return unseal(turn, resident, request, call.value)
    case 'fork':
      if (isConfined(resident)) return deliver(turn, resident, refuseCall(request, 'DENIED', CONFINED))
      return fork(turn, resident, request, call.n, again)
    case 'move':
      return move(turn, resident, request, call.where, again)
  }
}

function move(turn: Turn, resident: Resident, request: number, where: Where, again: boolean): void {
  const { state } = turn
  const here = (): void => deliver(turn, resident, answerCall(request, 'move', factsOf(state)))
  if (again && resident.brief.movedBy !== null && request <= resident.brief.movedBy) return here()
  const only = where.to === 'home' ? homeOf(resident.agent) : where.to === 'host' ? where.host : null
  if (only === state.self || (where.to === 'kind' && where.kind === state.kind)) return here()
  if (isConfined(resident)) return deliver(turn, resident, refuseCall(request, 'DENIED', CONFINED))
  const hopsMax = resident.quota.hops
  if (resident.brief.hops >= hopsMax)
    return deliver(turn, resident, refuseCall(request, 'QUOTA', `hops ${resident.brief.hops} >= ${hopsMax}`))
  if (resident.departure)
    return deliver(turn, resident, refuseCall(request, 'UNREACHABLE', 'the agent is being moved by its host'))
  depart(turn, resident, { reason: 'move', only, kinds: where.to === 'kind' ? [where.kind] : null, call: request })
}

const deliver = (turn: Turn, resident: Resident, delivery: ReturnType<typeof refuseCall>): void => {
  turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery })
}

export const factsOf = (state: HostState): HostFacts => ({
  id: state.self,
  kind: state.kind,
  age: state.age,
  name: state.name,
})

const knownHosts = (state: HostState) => [
  factsOf(state),
  ...[...state.acquaintances]
    .filter(([, { connected }]) => connected)
    .map(([id, { description }]) => ({ id, name: description.name, kind: description.kind })),
]

export function quotaLeft(turn: Turn, { quota, fuelUsed, sentBytes, messages, brief }: Resident): Quota {
  return {
    ...quota,
    fuel: Math.max(0, quota.fuel - fuelUsed),
    lifetimeMs: Math.max(0, quota.lifetimeMs - (turn.wallMs - brief.launchedMs)),
    messages: Math.max(0, quota.messages - messages),
    sentBytes: Math.max(0, quota.sentBytes - sentBytes),
    hops: Math.max(0, quota.hops - brief.hops),
  }
}
