/**
 * Which turn comes next. The program's own code runs in one place only, the VM's pending jobs, so there is only one export
 * that can stand suspended. Everything that happens to a program (its start, a timer, an answer) is one more job, queued
 * when no job is left: that order depends on fuel and deliveries alone, so slices and freezes cannot be observed.
 */
import type { Delivery } from './image.ts'
import { BRING } from './prelude.ts'
import type { Program, Stop } from './program.ts'

/** Runs until fuel is below `soft`, nothing is left to do, or the end. */
export function advance(program: Program, soft: bigint): Stop {
  const { tiering } = program
  for (;;) {
    if (program.standing === 'turn') tiering.actAgain()
    const { agenda } = program
    const { awaitedRequest } = program
    const answer = awaitedRequest === null ? null : agenda.takeAnswer(awaitedRequest)
    if (answer === undefined) return { kind: 'idle', wakeMs: null }
    const midTurn = program.standing !== 'turn'
    if (!midTurn && program.vm.fuelLeft < soft) return { kind: 'slice' }
    if (!midTurn) tiering.choose()
    if (midTurn || program.jobPending) {
      const done = program.runJob(soft, answer)
      if (program.end !== null) return program.end
      if (done) program.turns++
      else if (program.awaitedRequest === null) return { kind: 'slice' }
      continue
    }
    const delivery = agenda.inbox.shift()
    if (delivery !== undefined) {
      bringDelivery(program, delivery)
      program.turns++
      program.isQuiet = false
      continue
    }
    const timer = agenda.nextTimer()
    if (timer !== null && timer.dueMs <= program.clockMs) {
      agenda.fired(timer, program.clockMs)
      program.bring(BRING.timer, program.vm.number(timer.id), '')
      program.turns++
      program.isQuiet = false
      continue
    }
    if (timer !== null || agenda.pending.size > 0 || program.isQuiet)
      return { kind: 'idle', wakeMs: timer?.dueMs ?? null }
    program.isQuiet = true
    program.bring(BRING.quiet, program.vm.undefined(), '')
    program.turns++
  }
}

function bringDelivery(program: Program, { request, outcome }: Delivery): void {
  const item = program.vm.number(request)
  if (outcome.ok) program.bring(BRING.answer, item, outcome.valueJson)
  else program.bring(BRING.refusal, item, JSON.stringify({ code: outcome.code, reason: outcome.reason }))
}
