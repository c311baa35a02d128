import type { Cid } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import { halt, nextCandidate, send } from './departure.ts'
import type { Answer } from './events.ts'
import { STAGE_BYTES_MIN, STAGE_REST_BYTES, STAGES_MAX } from './limits.ts'
import { goOn, mayRunHere } from './residence.ts'
import type { Departure, Resident } from './state.ts'
import { ask, type Turn } from './turn.ts'

/**
 * The source's side of pre-copy: while a large agent runs on, images of it are taken and brought to the destination,
 * which thaws them ahead of time; the agent is stopped only when what is left to bring is small. Nothing that happens
 * here changes whose the agent is: a staged image is bytes in the right place, never something to go on from.
 */
export function isWorthStaging(resident: Resident, departure: Departure): boolean {
  const runs = resident.guest === 'running' || resident.guest === 'freezing'
  return runs && departure.reason !== 'evict' && resident.stateBytes >= STAGE_BYTES_MIN
}

/** An image while it runs; where a checkpoint is being taken anyway, that one. */
export function takeImage(turn: Turn, resident: Resident, departure: Departure): void {
  departure.phase = 'image'
  if (resident.guest === 'running') turn.effects.push({ kind: 'image', agent: resident.agent })
}

export function onImaged(turn: Turn, resident: Resident, checkpoint: Cid): void {
  const departure = resident.departure
  // An eviction has stopped it meanwhile: what it stands at is sent, not what it was.
  if (departure?.phase === 'image' && departure.reason !== 'evict') stage(turn, resident, departure, checkpoint)
}

export interface ImageBytes {
  readonly stateBytes: number
  /** Of it, not in the image before. */
  readonly freshBytes: number
}

/** How much an agent changes in how much time, from one image to the next. */
export function noteImage(turn: Turn, resident: Resident, { stateBytes, freshBytes }: ImageBytes): void {
  resident.stateBytes = stateBytes
  resident.changing =
    resident.imagedMs === null ? null : { bytes: freshBytes, overMs: Math.max(1, turn.nowMs - resident.imagedMs) }
  resident.imagedMs = turn.nowMs
}

/** The agent stands still, for a checkpoint that was due anyway, while we wanted an image. */
export function onStandingImage(turn: Turn, resident: Resident, departure: Departure): void {
  if (departure.reason === 'evict' || !mayRunHere(turn, resident) || resident.checkpoint === null)
    return send(turn, resident, departure)
  goOn(turn, resident)
  stage(turn, resident, departure, resident.checkpoint)
}

function stage(turn: Turn, resident: Resident, departure: Departure, checkpoint: Cid): void {
  const to = departure.to
  if (!to) return
  departure.phase = 'stage'
  departure.stages += 1
  departure.staging = checkpoint
  const { brief, epoch } = resident
  ask(
    turn,
    to,
    'stage',
    {
      brief: { ...brief, hops: brief.hops + 1 },
      epoch: epoch + 1,
      checkpoint,
      base: departure.have,
      pack: null,
      checkpointBytes: 0,
    },
    { for: 'stage', agent: resident.agent, to },
  )
}

export function onStageAnswered(turn: Turn, resident: Resident, to: Did, outcome: Answer): void {
  const departure = resident.departure
  if (departure?.phase !== 'stage' || departure.to !== to) return
  if (!outcome.ok) return nextCandidate(turn, resident, departure, outcome)
  departure.have = departure.staging
  if (resident.guest === 'running' && departure.stages < STAGES_MAX && restBytes(turn, resident) > STAGE_REST_BYTES)
    return takeImage(turn, resident, departure)
  halt(turn, resident, departure)
}

/**
 * What the agent will have changed since the image that has just been brought, by what it changed before that. Pages it
 * writes all the time are written in any time, so a shorter one does not make them fewer.
 */
function restBytes({ nowMs }: Turn, { changing, imagedMs, stateBytes }: Resident): number {
  if (!changing || imagedMs === null) return stateBytes
  return Math.min(stateBytes, changing.bytes * Math.max(1, (nowMs - imagedMs) / changing.overMs))
}
