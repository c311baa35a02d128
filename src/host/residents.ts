import type { Did } from '../identity/did.ts'
import type { Brief } from '../wire/messages.ts'
import { DEFAULT_POLICY } from './limits.ts'
import type { Resident } from './state.ts'
import type { Turn } from './turn.ts'

/** A resident as it begins: nothing running, nothing certified. */
export function newResident(turn: Turn, brief: Brief, name: string, author: Did, epoch: number): Resident {
  return {
    agent: brief.agent,
    brief,
    name,
    author,
    sentBytesMax: turn.state.bundles.get(brief.bundle)?.sentBytesMax ?? DEFAULT_POLICY.sentBytes,
    wanted: false,
    epoch,
    certificate: null,
    checkpoint: null,
    started: null,
    release: null,
    guest: 'none',
    departure: null,
    arrival: null,
    checkpointing: false,
    checkpointDueMs: turn.nowMs,
    checkpointSending: false,
    effectsBeforeCheckpoint: null,
    fuelUsed: 0,
    stateBytes: 0,
    progress: null,
    note: '',
    consoleLines: brief.consoleLines,
    effects: [],
    effectSending: false,
    placeDueMs: turn.nowMs,
    sinceMs: turn.wallMs,
    checkpointCall: null,
    ended: false,
  }
}
