/** What a program asks of its driver, in the middle of its turn: one host function, told apart by its first argument. */
import type { MachineFailure } from './fault.ts'
import type { Delivery } from './image.ts'
import { answerKernelRequest, kernelOutcome } from './kernel-requests.ts'
import { INBOX_MAX, JSON_BYTES_MAX, TIMER_DELAY_MS_MAX, TIMERS_MAX } from './limits.ts'
import { ASK } from './prelude.ts'
import type { Program } from './program.ts'
import { Promotion } from './tiering.ts'
import { VmFault } from './vm.ts'

/** Value handles in, a value handle out; that of a call that suspends the program is never looked at. */
export function answerRequest(program: Program, args: readonly number[], suspendable: boolean): number {
  const { vm, twin, agenda, kernels } = program
  if (vm.rewinding) {
    vm.exports.asyncify_stop_rewind?.()
    if (program.standing === 'call') return vm.string(outcomeOf(program.takeAnswer()))
    return kernelOutcome(program, kernels.resume(vm))
  }
  const [what = 0, a = 0, b = 0, c = 0] = args
  const text = (value: number): string => vm.textOf(value)
  const number = (value: number): number => vm.numberOf(value)
  switch (number(what)) {
    case ASK.call:
      return vm.number(call(program, text(a), bounded(text(b))))
    case ASK.callSync:
      if (!suspendable) return vm.string(CANNOT_WAIT)
      call(program, text(a), bounded(text(b)))
      program.suspend('call')
      return 0
    case ASK.setTimer:
      setTimer(program, number(a), number(b), number(c) !== 0)
      break
    case ASK.clearTimer:
      agenda.clearTimer(number(a))
      break
    case ASK.seedRandom:
      program.seedRandom(number(a))
      break
    case ASK.print:
      program.console.print(text(a), text(b), agenda.nextRequest)
      break
    case ASK.finish:
      program.end ??= { kind: 'finished', resultJson: bounded(text(a)) }
      break
    case ASK.fail:
      program.fail(text(a) as MachineFailure, text(b))
      break
    case ASK.kernel:
      // Kernels have no restart point: they run beside the movable build only.
      if (twin.tier === 'plain') throw new Promotion()
      return answerKernelRequest(program, args.slice(1))
    default:
      throw new VmFault('the program asks for what is not there')
  }
  return vm.undefined()
}

const CANNOT_WAIT = JSON.stringify({ error: { code: 'INVALID', reason: 'the program cannot wait here' } })

function outcomeOf({ outcome }: Delivery): string {
  if (outcome.ok) return `{"value":${outcome.valueJson}}`
  return JSON.stringify({ error: { code: outcome.code, reason: outcome.reason } })
}

function bounded(json: string): string {
  if (json.length > JSON_BYTES_MAX) throw new VmFault(`memory: JSON of ${json.length} characters > JSON_BYTES_MAX`)
  return json
}

function call({ agenda }: Program, name: string, argsJson: string): number {
  if (agenda.unsettled >= INBOX_MAX) throw new VmFault(`memory: calls in one turn > INBOX_MAX ${INBOX_MAX}`)
  return agenda.call(name, argsJson)
}

/** The program's own Math counted the delay, and may have been told to count it otherwise. */
function setTimer(program: Program, id: number, delayMs: number, repeats: boolean): void {
  const least = repeats ? 1 : 0
  const ms = Number.isFinite(delayMs) ? Math.trunc(Math.min(Math.max(delayMs, least), TIMER_DELAY_MS_MAX)) : least
  if (!program.agenda.setTimer(id, program.clockMs + ms, repeats ? ms : null))
    program.fail('QUOTA', `timers > TIMERS_MAX ${TIMERS_MAX}`)
}
