import { rawCid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { VerifiedBundle } from '../bundle/open.ts'
import type { MachineImage } from '../engine/image.ts'
import { parseInputs } from '../sandbox/inputs.ts'
import type { Sandbox } from '../sandbox/port.ts'
import { type ReplayOptions, type ReplayOutcome, replaySegment, type Segment } from '../sandbox/replay.ts'
import type { EffectsDigest, Until } from '../sandbox/trace.ts'
import type { Rerun } from '../wire/proofs.ts'
import type { Receipt, SegmentEnd, Verdict } from '../wire/statements.ts'
import { failureEnd, resultEnd, sameEnd, startCid, textCid } from './receipt.ts'

/**
 * Runs the segment of a receipt again and says what comes of it. The receipt is its maker's word and fixes everything; what
 * is brought along must be what it names, or nothing is said about the maker.
 */
export type Finding = Omit<Verdict, 'type' | 'receipt'>

/** `EVIDENCE`: what came along is not what the receipt names. `UNABLE`: it could not be run to the end here. */
export type RerunFault = 'EVIDENCE' | 'UNABLE'

export async function rerunSegment(
  sandbox: Sandbox,
  { receipt, log, inputJson, seed, launchedMs }: Rerun,
  bundle: VerifiedBundle,
  image: MachineImage | null,
  options: ReplayOptions = {},
): Promise<Result<Finding, RerunFault>> {
  const { statement } = receipt
  const fault = evidenceFault(statement, { log, inputJson, seed, launchedMs }, bundle)
  if (fault !== null) return refuse('EVIDENCE', fault)
  const until = untilOf(statement)
  if (!until) return refuse('UNABLE', 'its maker has not recorded it')
  const inputs = parseInputs(log)
  // The maker has signed for a log that is none: no run had these inputs.
  if (!inputs.ok) return accept(astray(statement, inputs.reason))
  const { fuelMax, sentBytesMax, sentBytes, memoryBytesMax } = statement.limits
  const segment: Segment = {
    program: {
      label: `${statement.agent} again`,
      engineId: statement.engine,
      code: bundle.code,
      kernels: bundle.kernels,
      inputJson,
      seed,
      startMs: launchedMs,
      memoryBytesMax,
      depth: bundle.manifest.needs.depth,
    },
    image,
    trace: {
      from: { fuelMax, sentBytesMax, sentBytes, effects: statement.effectsFrom as EffectsDigest },
      inputs: inputs.value,
      until,
    },
  }
  return findingOf(statement, await replaySegment(sandbox, segment, options))
}

function evidenceFault(
  { bundle: named, start, inputs }: Receipt,
  { log, inputJson, seed, launchedMs }: Omit<Rerun, 'receipt'>,
  bundle: VerifiedBundle,
): string | null {
  if (bundle.id !== named) return `bundle ${bundle.id} != ${named}`
  if (startCid(inputJson, seed, launchedMs) !== start) return 'another beginning than the receipt names'
  return rawCid(log) === inputs ? null : 'another log than the receipt names'
}

const untilOf = ({ fuelTo, standing }: Receipt): Until | null =>
  standing === null ? null : { fuelUsed: fuelTo, standing }

function findingOf(receipt: Receipt, outcome: ReplayOutcome): Result<Finding, RerunFault> {
  const { fuelUsed: fuelTo, effects } = outcome
  if (outcome.kind === 'frozen')
    return accept({ to: { kind: 'checkpoint', checkpoint: outcome.root }, fuelTo, effects })
  if (outcome.kind === 'finished') return accept({ to: resultEnd(outcome.resultJson), fuelTo, effects })
  const { code, reason } = outcome
  if (code === 'ASTRAY') return accept(astray(receipt, reason))
  const to = failureEnd(code, reason)
  if (UNSEEN.includes(code) && !sameEnd(to, receipt.to)) return refuse('UNABLE', `${code}: ${reason}`)
  return accept({ to, fuelTo, effects })
}

/** Ends of a replay that are this host's, or may be. */
const UNSEEN: readonly string[] = ['LOAD', 'UNRESPONSIVE', 'BREACH']

/** There is no such run: said in the form of an end that no receipt has. */
const astray = ({ fuelFrom }: Receipt, _reason: string): Finding => ({
  to: { kind: 'failure', code: ASTRAY, value: textCid('') },
  fuelTo: fuelFrom,
  effects: '',
})

const ASTRAY = 'ASTRAY'

/** Whether the maker's word holds. Of a failure the effects before it count with its fuel. */
export const agrees = (receipt: Receipt, finding: Finding): boolean =>
  sameEnd(receipt.to, finding.to) && receipt.fuelTo === finding.fuelTo && receipt.effects === finding.effects

/** What came of it, for people. */
export function endText(to: SegmentEnd): string {
  if (to.kind === 'checkpoint') return `checkpoint ${to.checkpoint}`
  if (to.kind === 'result') return `a result named ${to.value}`
  return to.code === ASTRAY ? 'no run at all: the program cannot have been told this' : `a failure ${to.code}`
}
