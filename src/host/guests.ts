import { unreachable } from '../base/assert.ts'
import { onCall } from './calls.ts'
import { onPiece } from './durable.ts'
import type { HostEvent } from './events.ts'
import { rewindMail } from './mailbox.ts'
import { endHere } from './over.ts'
import { noteImage, onImaged } from './precopy.ts'
import { noteTrace } from './receipts.ts'
import { bury, checkpointWhenDue, onConsole, onEnded, onFrozen } from './residence.ts'
import { isConfined, onUnsealed } from './sealing.ts'
import type { Resident } from './state.ts'
import { beginAgain, mayBeginAgain } from './strikes.ts'
import { log, type Turn } from './turn.ts'

/** What the guests of this host say, each to the part of the machine that it concerns. */
type GuestHappening = Extract<
  HostEvent,
  { kind: 'piece' | 'call' | 'full' | 'unsealed' | 'console' | 'pulse' | 'frozen' | 'imaged' | 'finished' | 'failed' }
>

export function onGuest(turn: Turn, event: GuestHappening): void {
  const resident = turn.state.residents.get(event.agent)
  if (!resident) return
  switch (event.kind) {
    case 'piece':
      return onPiece(turn, resident, event.piece)
    case 'call':
      return onCall(turn, resident, event.call, event.again)
    case 'unsealed':
      return onUnsealed(turn, resident, event.request, event.valueJson)
    case 'console':
      return onConsole(turn, resident, event.level, event.text)
    case 'full':
      // No checkpoint of it is taken, and answers wait until its trace is cut.
      if (isConfined(resident)) return void turn.effects.push({ kind: 'pass', agent: resident.agent })
      resident.checkpointDueMs = turn.nowMs
      return checkpointWhenDue(turn, resident)
    case 'pulse':
      // What loading it has burnt so far: it is counted from the beginning again when it runs, and so are its receipts.
      if (resident.guest === 'preparing' || resident.guest === 'ready') return
      resident.fuelUsed = event.fuelUsed
      return
    case 'frozen':
      noteImage(turn, resident, event)
      if (event.stateBytes > resident.quota.storageBytes) return tooLarge(turn, resident, event.stateBytes)
      return onFrozen(turn, resident, event.checkpoint, event.fuelUsed, event.trace)
    case 'imaged':
      noteImage(turn, resident, event)
      noteTrace(resident, event.trace)
      return onImaged(turn, resident, event.checkpoint)
    case 'finished':
      return onEnded(turn, resident, 'result', event.resultJson, event.fuelUsed, event.trace)
    case 'failed':
      // No room for a checkpoint: say nothing of an end, home has the last one and takes the agent back.
      if (event.code === 'STORE_FULL') return abandon(turn, resident, event.reason)
      if (event.code === 'UNRESPONSIVE' && mayBeginAgain(resident)) return beginAgain(turn, resident, event.reason)
      return onEnded(
        turn,
        resident,
        'failure',
        JSON.stringify({ code: event.code, reason: event.reason }),
        event.fuelUsed,
        event.trace,
      )
    default:
      return unreachable(event)
  }
}

function abandon(turn: Turn, resident: Resident, reason: string): void {
  log(turn, 'warn', `no room for checkpoints, taking no more agents: ${reason}`, resident.agent)
  turn.state.accepting = false
  resident.guest = 'none'
  rewindMail(resident)
  // At home itself the row has the last checkpoint: the next epoch goes on from there.
  if (turn.state.rows.has(resident.agent)) resident.checkpoint = turn.state.rows.get(resident.agent)?.checkpoint ?? null
  else bury(turn, resident)
}

const tooLarge = (turn: Turn, resident: Resident, stateBytes: number): void =>
  endHere(turn, resident, 'QUOTA', `storageBytes ${stateBytes} > ${resident.quota.storageBytes}`)
