import { RERUN_MS_MAX } from '../audit/limits.ts'
import { type Finding, rerunSegment } from '../audit/rerun.ts'
import type { Timers } from '../base/timers.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { MachineImage } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import type { Sandbox } from '../sandbox/port.ts'
import type { ReplayOptions, Sight } from '../sandbox/replay.ts'
import type { Rerun } from '../wire/proofs.ts'
import type { BundleShelf } from './bundle-shelf.ts'
import type { Fault } from './events.ts'
import { TABLE_SHARE } from './transfer-limits.ts'
import type { Transfers } from './transfers.ts'

/**
 * The rim's hands for running a segment again: brings bundle and checkpoint from whoever asks, in memory only, and lends
 * them a guest of their own, which is told everything and asked nothing. What comes of it the machine judges.
 */
export interface AuditorPowers {
  readonly sandbox: Sandbox
  readonly shelf: BundleShelf
  readonly transfers: Transfers
  readonly engineId: string
  readonly timers: Timers
}

export type RerunOutcome = Finding | Fault

/** Where it stood at a mark. */
export type Seen = Pick<Sight, 'mark' | 'root'>

export async function carryOutRerun(
  powers: AuditorPowers,
  rerun: Rerun,
  from: Did | null,
  authors: readonly Did[],
  marks: readonly number[] = [],
): Promise<{ readonly outcome: RerunOutcome; readonly seen: readonly Seen[] }> {
  const seen: Seen[] = []
  let isLate = false
  let end = (): void => {}
  let tooLate = (_outcome: RerunOutcome): void => {}
  const late = new Promise<RerunOutcome>((resolve) => {
    tooLate = resolve
  })
  const timer = powers.timers.after(RERUN_MS_MAX, () => {
    isLate = true
    end()
    tooLate({ code: 'TIMEOUT', reason: `rerunMs > RERUN_MS_MAX ${RERUN_MS_MAX}` })
  })
  const again = runAgain(powers, rerun, from, authors, {
    marks,
    onSight: ({ mark, root }) => void seen.push({ mark, root }),
    onStart: (terminate) => {
      if (isLate) terminate()
      else end = terminate
    },
  })
  const outcome = await Promise.race([again, late])
  timer.cancel()
  return { outcome, seen }
}

async function runAgain(
  { sandbox, shelf, transfers, engineId }: AuditorPowers,
  rerun: Rerun,
  from: Did | null,
  authors: readonly Did[],
  options: ReplayOptions,
): Promise<RerunOutcome> {
  const { agent, bundle: name, from: root, limits, engine } = rerun.receipt.statement
  if (engine !== engineId) return { code: 'ENGINE', reason: `engine ${engine} is not here` }
  const bundle = await shelf.open(name, from, authors)
  if (!bundle.ok) return bundle
  let image: MachineImage | null = null
  if (root !== null) {
    const borrowed = await transfers.borrowCheckpoint(agent, root, from, limits.memoryBytesMax * TABLE_SHARE)
    if (!borrowed.ok) return borrowed
    const opened = await openCheckpoint(root, borrowed.value)
    if (!opened.ok) return { code: 'REFUSED', reason: `checkpoint: ${opened.code}: ${opened.reason}` }
    image = opened.value
  }
  const found = await rerunSegment(sandbox, rerun, bundle.value, image, options)
  return found.ok ? found.value : { code: 'REFUSED', reason: `${found.code}: ${found.reason}` }
}
