import { STRIKES_MAX } from './limits.ts'
import { letGoOfUnsealed } from './sealing.ts'
import type { Departure, Resident } from './state.ts'
import { log, type Turn } from './turn.ts'

/**
 * A guest that has fallen silent is ended within a second, and nobody can say whether its program ran away or the machine was
 * too busy to let it speak. So the agent is not dead: it stands at its last checkpoint again, as after a crash of this host,
 * and its next epoch goes on from there. One that falls silent again and again without coming to a checkpoint has failed.
 */
export function mayBeginAgain({ strikes }: Resident): boolean {
  return strikes < STRIKES_MAX
}

export function beginAgain(turn: Turn, resident: Resident, reason: string): void {
  resident.strikes += 1
  log(turn, 'warn', `silent, and ended; it goes on from its last checkpoint: ${reason}`, resident.agent)
  const { departure, arrival } = resident
  if (arrival || (departure && isUnderWay(departure))) {
    // What it stood at is on its way, or has come: a guest that only waits is not needed for that.
    resident.guest = 'none'
    return
  }
  letGoOfUnsealed(turn, resident)
  resident.departure = null
  resident.checkpointing = false
  resident.checkpointSending = false
  resident.telling = null
  resident.effectsBeforeCheckpoint = null
  resident.segment = null
}

const isUnderWay = ({ phase }: Departure): boolean =>
  phase === 'send' || phase === 'resend' || phase === 'drain' || phase === 'release' || phase === 'decide'
