import type { Did } from '../identity/did.ts'
import type { Quota } from '../permit/quota.ts'
import type { Brief } from '../wire/messages.ts'
import type { License } from '../wire/statements.ts'
import { newCheckpointPace } from './checkpoint-pace.ts'
import { newRecording } from './durable.ts'
import { openMailbox } from './mailbox.ts'
import { newPace } from './quotas.ts'
import type { Resident } from './state.ts'
import type { Turn } from './turn.ts'

/** A resident as it begins: nothing running, nothing certified. */
export function newResident(
  turn: Turn,
  brief: Brief,
  name: string,
  author: Did,
  license: License,
  quota: Quota,
  epoch: number,
): Resident {
  return {
    agent: brief.agent,
    brief,
    name,
    author,
    license,
    quota,
    wanted: false,
    epoch,
    certificate: null,
    charters: [],
    checkpoint: null,
    started: null,
    pledged: null,
    release: null,
    preparing: null,
    guest: 'none',
    departure: null,
    arrival: null,
    checkpointing: false,
    checkpointDueMs: turn.nowMs,
    checkpointPace: newCheckpointPace(),
    checkpointSending: false,
    telling: null,
    atHome: null,
    effectsBeforeCheckpoint: null,
    strikes: 0,
    fuelUsed: 0,
    stateBytes: 0,
    imagedMs: null,
    changing: null,
    progress: null,
    note: '',
    consoleLines: brief.consoleLines,
    sentBytes: brief.sentBytes,
    messages: brief.messages,
    mailbox: openMailbox(brief.mail),
    outgoing: [],
    shown: new Map(),
    arrivals: [],
    lookups: [],
    registering: [],
    pace: newPace(quota, turn.nowMs),
    effects: [],
    effectSending: false,
    effectAgain: null,
    placeDueMs: turn.nowMs,
    sinceMs: turn.wallMs,
    checkpointCall: null,
    forking: null,
    sealer: null,
    confined: false,
    unsealing: [],
    segment: null,
    ending: false,
    history: brief.history && newRecording(brief.history),
    reliving: null,
    relivedIn: null,
    ended: false,
  }
}

/** It goes on from what another host says it had come to. */
export function takeBrief(resident: Resident, brief: Brief): void {
  const { consoleLines, sentBytes, messages, mail, history } = brief
  resident.mailbox = openMailbox(mail)
  resident.history = history && newRecording(history)
  Object.assign(resident, { brief, consoleLines, sentBytes, messages })
}
