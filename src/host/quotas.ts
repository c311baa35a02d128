import type { Quota } from '../permit/quota.ts'
import { PACE_BURST_SECONDS } from './limits.ts'
import type { Resident } from './state.ts'

/**
 * What an agent says is counted and paced here, where it is: totals go with it from host to host, the two rates are of this
 * host's time, each with a burst. A call beyond any of them is refused with QUOTA and costs nothing else; a console line is
 * lost, and the next one that is heard says so. Arguments too long are ended by the warden before they get here.
 */
export interface Pace {
  messages: number
  bytes: number
  atMs: number
}

export const newPace = ({ messagesPerSecond, bytesPerSecond }: Quota, nowMs: number): Pace => ({
  messages: messagesPerSecond * PACE_BURST_SECONDS,
  bytes: bytesPerSecond * PACE_BURST_SECONDS,
  atMs: nowMs,
})

/** Counts one message of so many bytes; the violated condition where it is one too many, null where it may pass. */
export function spend(resident: Resident, bytes: number, nowMs: number): string | null {
  const { quota, pace } = resident
  resident.sentBytes += bytes
  if (resident.messages >= quota.messages) return `messages ${resident.messages} >= ${quota.messages}`
  resident.messages += 1
  refill(pace, quota, nowMs)
  if (pace.messages < 1) return `messages > messagesPerSecond ${quota.messagesPerSecond}`
  if (pace.bytes <= 0) return `bytes > bytesPerSecond ${quota.bytesPerSecond}`
  pace.messages -= 1
  pace.bytes -= bytes
  return null
}

function refill(pace: Pace, { messagesPerSecond, bytesPerSecond }: Quota, nowMs: number): void {
  const seconds = Math.max(0, nowMs - pace.atMs) / 1000
  pace.messages = Math.min(messagesPerSecond * PACE_BURST_SECONDS, pace.messages + seconds * messagesPerSecond)
  pace.bytes = Math.min(bytesPerSecond * PACE_BURST_SECONDS, pace.bytes + seconds * bytesPerSecond)
  pace.atMs = nowMs
}
