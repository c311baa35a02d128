import { assert } from '../base/assert.ts'
import { SEALED_BYTES_MAX } from '../identity/limits.ts'
import { type SealedValue, sealedJson } from '../identity/sealed-value.ts'
import { refuseCall } from '../sandbox/calls.ts'
import type { EffectKind } from '../wire/messages.ts'
import { asEffect, forProgram } from './about.ts'
import { EFFECT_BYTES_MAX } from './limits.ts'
import { rewindMail } from './mailbox.ts'
import type { Resident } from './state.ts'
import type { Turn } from './turn.ts'

/**
 * Sealed data (identity/sealing.ts) as the machine sees it. Two promises are kept here. Where a launch order names a reader,
 * what the agent says is sealed to that reader by the host that it says it on, before anything else is done with it. And
 * what a host has unsealed for an agent stays on that host: from then on the agent is **confined**. It takes no checkpoint,
 * no hop, no fork; it ends there, or begins again at its last checkpoint, which has nothing of it. So a host on the way that
 * spoilt the agent's memory does not get at it either: what comes out is what the program says, sealed to the reader that
 * the sealed value itself names. What is not stopped: an agent that signals by its fuel, its pauses, or the length of its words.
 */

/** What is let out: as it is, or sealed. A failure keeps its code in the clear, for those who must act on it. */
export function asSaid(turn: Turn, resident: Resident, kind: EffectKind, number: number, valueJson: string): string {
  const { agent, brief } = resident
  const reader = brief.resultTo
  if (reader === null) return valueJson
  resident.sealer ??= turn.state.sealerTo?.(reader, turn.random) ?? null
  const { sealer } = resident
  if (!sealer) {
    // Only an agent that never began can fail before its guest stands: those are our own words.
    assert(kind === 'failure', `a ${kind} before sealing was at hand`)
    return valueJson
  }
  const sealed = sealedJson(sealer(valueJson, asEffect(agent, kind, number)))
  if (kind !== 'failure') return sealed
  const { code }: { code?: unknown } = Object(JSON.parse(valueJson))
  return JSON.stringify({ code: String(code), reason: `sealed to ${reader}`, sealed: JSON.parse(sealed) })
}

/** Bytes of JSON that one effect of this agent may be, before it is sealed. */
export const effectBytesMax = ({ brief }: Resident): number =>
  brief.resultTo === null ? EFFECT_BYTES_MAX : SEALED_BYTES_MAX

/** Words beside the work, which travel unsealed: none where the rest is sealed. */
export const noteOf = (resident: Resident, note: string): string =>
  resident.brief.resultTo !== null || isConfined(resident) ? '' : note

export const isConfined = ({ confined, unsealing }: Resident): boolean =>
  confined || unsealing.some(({ asked }) => asked)

/** A call of the program: open this. It waits until the agent runs here for good: while it leaves, the next host is asked. */
export function unseal(turn: Turn, resident: Resident, request: number, value: SealedValue): void {
  const { state } = turn
  const deny = (reason: string): void =>
    void turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery: refuseCall(request, 'DENIED', reason) })
  if (value.to !== state.self) return deny(`sealed to ${value.to}, and this host is ${state.self}`)
  const due = forProgram(resident.brief.bundle, resident.brief.resultTo)
  if (value.about !== due) return deny(`sealed for "${value.about}", and this agent is "${due}"`)
  resident.unsealing.push({ request, value, asked: false })
  pursueUnseal(turn, resident)
}

/** Called whenever the agent goes on: nothing is opened while an image of it can still be taken. */
export function pursueUnseal(turn: Turn, resident: Resident): void {
  if (resident.guest !== 'running' || resident.departure || resident.forking) return
  for (const unsealing of resident.unsealing) {
    if (unsealing.asked) continue
    unsealing.asked = true
    const { request, value } = unsealing
    turn.effects.push({ kind: 'unseal', agent: resident.agent, request, value })
  }
}

export function onUnsealed(turn: Turn, resident: Resident, request: number, valueJson: string | null): void {
  const at = resident.unsealing.findIndex((unsealing) => unsealing.request === request)
  if (at < 0 || resident.guest !== 'running') return
  resident.unsealing.splice(at, 1)
  if (valueJson !== null) resident.confined = true
  const outcome =
    valueJson === null
      ? ({ ok: false, code: 'DENIED', reason: 'the sealed value does not open: it was changed on its way' } as const)
      : ({ ok: true, valueJson } as const)
  turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery: { request, outcome } })
}

export const CONFINED = 'the agent has read sealed data here, and ends here'

/**
 * The host wants the machine back: what was unsealed goes with the guest, and the agent stands at its last checkpoint again,
 * as after a crash. Its epoch is spent; what it said since is known by its number when it says it again.
 */
export function letGoOfUnsealed(turn: Turn, resident: Resident): void {
  turn.effects.push({ kind: 'terminate', agent: resident.agent })
  resident.guest = 'none'
  resident.confined = false
  resident.unsealing = []
  resident.forking = null
  resident.checkpointCall = null
  resident.consoleLines = resident.brief.consoleLines
  resident.sentBytes = resident.brief.sentBytes
  resident.messages = resident.brief.messages
  rewindMail(resident)
}
