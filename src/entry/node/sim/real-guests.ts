import { createOwnThreadSandbox } from '../../../platform/guest/own-thread.ts'
import { loadEngine } from '../../../platform/node/engine-files.ts'
import type { WorldGuests } from '../../../sim/cheap-guests.ts'
import type { CheapProgram } from '../../../sim/cheap-sandbox.ts'

/**
 * Guests of a simulation that are what they are in a worker: the instrumented engine, the guest around it and the warden, on
 * a machine that is slow enough for a step of the simulated agent to take the millisecond that it takes a cheap guest.
 * `script`: the agent, built (simulated-program.ts).
 */
const SPEED = {
  fuelPerMs: 50,
  /** Together less than what an owner waits for his machine (DESIGN 5: 100 ms). */
  sliceMs: 25,
  plainTurnMs: 60,
} as const

/** To collect the garbage of a large one, which nothing stops, takes so long on such a machine. */
const COLLECTION_MS = 400

/** Measured: 47 fuel a step, and 180,000 to load the agent. */
const FUEL_PER_STEP = { min: 40, max: 60 } as const
const START_FUEL_MAX = 1_000_000

export async function realGuests(script: string): Promise<WorldGuests> {
  const engine = await loadEngine()
  const engines = new Map([[engine.id, engine]])
  return {
    engineId: engine.id,
    stopMs: COLLECTION_MS,
    sandbox: (time) => createOwnThreadSandbox({ engines, host: time, worker: time.worker, ...SPEED }),
    // The start, and what is said on the way, beside the steps.
    fuelOf: (steps) => ({ min: steps * FUEL_PER_STEP.min, max: steps * FUEL_PER_STEP.max + START_FUEL_MAX }),
    codeOf: (program: CheapProgram) => `"use strict";const PROGRAM=${JSON.stringify(program)};\n${script}`,
  }
}
