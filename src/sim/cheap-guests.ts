import type { Sandbox } from '../sandbox/port.ts'
import { CHEAP_ENGINE, type CheapProgram, CheapSandbox } from './cheap-sandbox.ts'
import type { HostTime } from './host-time.ts'

/** What runs the programs of a simulated world. */
export interface WorldGuests {
  readonly engineId: string
  /** How long a guest may go on after it was told to stop. */
  readonly stopMs: number
  sandbox(time: HostTime): Sandbox
  /** The code of an agent that does what a cheap guest with this program does. */
  codeOf(program: CheapProgram): string
  /** What so many steps of a program use up, at least and at most. */
  fuelOf(steps: number): { readonly min: number; readonly max: number }
}

/** Those that cost nothing. */
export const CHEAP_GUESTS: WorldGuests = {
  engineId: CHEAP_ENGINE,
  stopMs: 0,
  sandbox: (time) => new CheapSandbox(time.worker),
  codeOf: (program) => JSON.stringify(program),
  fuelOf: (steps) => ({ min: steps, max: steps }),
}
