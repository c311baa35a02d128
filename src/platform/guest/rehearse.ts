import { MEMORY_BYTES_MIN, SEGMENTS_MAX } from '../../engine/limits.ts'
import { type EngineBuild, Machine, type MachineOptions } from '../../engine/machine.ts'
import { packImage, readImage } from '../../sandbox/packed-image.ts'

/**
 * Lets a worker that waits for its guest do once what the guest will be in a hurry for: start, freeze, pack, read, thaw. A
 * realm compiles code when it is first run: measured in Node, the first thaw of a new worker took 5.5 ms and the first freeze
 * 6.5, and with one round of this before 3.3 and 4.2, for 14 ms of a processor while nobody waits. Nothing of it is left:
 * the programs are let go of.
 */
const ROUNDS = 1

const PROGRAM = `globalThis.__agent = async () => { for (;;) await __sojourn.call('rehearsal', {}) }`

const OPTIONS: MachineOptions = {
  seed: 1,
  startMs: 0,
  memoryBytesMax: MEMORY_BYTES_MIN,
  depth: SEGMENTS_MAX,
  fuelMax: 1_000_000_000n,
  kernels: new Map(),
}

export function rehearse(build: EngineBuild): void {
  let machine = Machine.start(build, PROGRAM, 'null', OPTIONS)
  for (let round = 0; round < ROUNDS; round++) {
    machine.run(1_000_000n)
    for (const { request } of machine.takeCalls())
      machine.deliver({ request, outcome: { ok: true, valueJson: 'null' } })
    machine = Machine.thaw(build, readImage(packImage(machine.freeze()).packed), OPTIONS)
  }
}
